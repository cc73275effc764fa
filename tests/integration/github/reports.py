"""Telling a release to the GitHub server: all at once, or as the test goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from deploytool.github.comment_body import CommentBody, Links
from deploytool.github.reporter import GithubReporter
from deploytool.release.events import Event
from deploytool.release.model import Plan
from tests.integration.github.conftest import Github
from tests.support.sample_events import at

Events = tuple[tuple[float, Event], ...]


def page(github: Github, environment: str = "production") -> CommentBody:
    links = Links(github.context.repository_url, github.context.run_url)
    return CommentBody("shop", environment, links, lambda: at(0))


def report(github: Github, events: Events, timeout: float = 10.0) -> tuple[str, ...]:
    """Tell everything at once, and close."""
    reporter = GithubReporter(github.context, page(github))
    reporter.start()
    for _, event in events:
        reporter.on_event(event)
    return reporter.close(timeout)


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def again(plan: Plan, release: str) -> Plan:
    return replace(plan, request=replace(plan.request, release_id=release))
