"""Telling a release to the stand-in: all at once, or as the test goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from deploytool.core.events import Event
from deploytool.core.plan_model import Plan
from deploytool.github.reporter import GithubReporter
from deploytool.report.markdown import Links
from deploytool.report.page import CommentPage
from tests.peers.reporting.conftest import Github
from tests.unit.report.telling import at

Events = tuple[tuple[float, Event], ...]


def page(github: Github, environment: str = "production") -> CommentPage:
    links = Links(github.context.repository_url, github.context.run_url)
    return CommentPage("shop", environment, links, lambda: at(0))


def report(github: Github, events: Events, timeout: float = 10.0) -> tuple[str, ...]:
    """Tell everything at once, and close."""
    reporter = GithubReporter(github.context, page(github))
    reporter.start()
    for _, event in events:
        reporter.tell(event)
    return reporter.close(timeout)


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def again(plan: Plan, release: str) -> Plan:
    return replace(plan, request=replace(plan.request, release_id=release))
