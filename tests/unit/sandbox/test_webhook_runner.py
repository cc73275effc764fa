"""Which events start the sandbox's workflow, and what `handle-comment` says to a file that is no event."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deploytool.cli.handle_comment import command
from deploytool.errors import ConfigurationError
from deploytool.sandbox.webhook_runner import starts_a_workflow


def event(kind: str = "issue_comment", action: str = "edited", sender: str = "User") -> dict[str, Any]:
    return {"id": 7, "event": kind, "action": action, "payload": {"sender": {"login": "mona", "type": sender}}}


def test_an_edited_comment_starts_it() -> None:
    assert starts_a_workflow(event())


@pytest.mark.parametrize("other", [event("push"), event(action="created"), event(sender="Bot")])
def test_what_github_would_start_nothing_for_starts_nothing(other: dict[str, Any]) -> None:
    assert not starts_a_workflow(other)


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_a_file_that_is_no_event_is_refused_before_anything_is_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "event.json"
    path.write_text(text)
    for given in (path, tmp_path / "missing.json"):
        with pytest.raises(ConfigurationError, match="event"):
            CliRunner().invoke(command, ["--event-path", str(given)], catch_exceptions=False, standalone_mode=False)
