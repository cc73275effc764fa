"""The runner of the tests does what GitHub's does, where the action depends on it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.github_runner.files import commands, entries
from tests.support.github_runner.job import JobResult, Runner
from tests.support.github_runner.node import Expressions
from tests.support.github_runner.step import Interruption


@pytest.fixture(scope="module")
def expressions() -> Iterator[Expressions]:
    with Expressions() as started:
        yield started


def run(expressions: Expressions, place: Path, steps: str, interruption: Interruption | None = None) -> JobResult:
    workflow = place / "workflow.yml"
    workflow.write_text(f"jobs:\n  a:\n    steps:\n{steps}")
    runner = Runner(expressions, place, place, {}, {"actor": "octo"}, interruption=interruption)
    return runner.run(workflow, "a")


def test_a_step_that_fails_skips_those_after_it_except_where_they_say_otherwise(
    expressions: Expressions, tmp_path: Path
) -> None:
    job = run(
        expressions,
        tmp_path,
        """
      - {id: bad, run: "false; echo never"}
      - {id: next, run: echo}
      - {id: asked, if: "github.actor == 'octo'", run: echo}
      - {id: always, if: "always()", run: echo}
      - {id: failure, if: "${{ failure() && steps.bad.outcome == 'failure' }}", run: echo}
      - {id: cancelled, if: "cancelled()", run: echo}
""",
    )
    assert job.status == "failure"
    outcomes = {name: step.outcome for name, step in job.steps.items()}
    assert outcomes == {
        "bad": "failure", "next": "skipped", "asked": "skipped", "always": "success", "failure": "success",
        "cancelled": "skipped",
    }  # fmt: skip


def test_outputs_environment_and_path_reach_the_steps_after(expressions: Expressions, tmp_path: Path) -> None:
    job = run(
        expressions,
        tmp_path,
        """
      - {id: one, run: 'echo "a=b=c" >>"$GITHUB_OUTPUT"; echo X=1 >>"$GITHUB_ENV"; echo /my/bin >>"$GITHUB_PATH"'}
      - {id: two, env: {GOT: "${{ steps.one.outputs.a }}"}, run: 'echo "$GOT $X ${PATH%%:*}"'}
""",
    )
    assert job.steps["two"].log == "b=c 1 /my/bin\n"


def test_a_cancelled_step_gets_an_interrupt_and_always_still_runs(expressions: Expressions, tmp_path: Path) -> None:
    job = run(
        expressions,
        tmp_path,
        """
      - {id: long, run: "exec python3 -c \\"import time; print('begun', flush=True); time.sleep(60)\\""}
      - {id: next, run: echo}
      - {id: last, if: "always() && cancelled()", run: echo}
""",
        Interruption("begun", signal.SIGINT),
    )
    assert (job.status, job.steps["next"].outcome, job.steps["last"].outcome) == ("cancelled", "skipped", "success")


def test_a_value_of_several_lines_is_read_to_its_delimiter() -> None:
    assert entries("a<<END\nx=1\n\nb<<c\nEND\nd=2\n") == {"a": "x=1\n\nb<<c", "d": "2"}


@pytest.mark.parametrize("text", ["a<<END\nx\n", "nothing\n"])
def test_a_file_that_the_runner_would_not_take_is_a_fault(text: str) -> None:
    with pytest.raises(ValueError, match=r"delimiter not found|Invalid format"):
        entries(text)


def test_commands_are_found_at_the_start_and_old_ones_anywhere() -> None:
    log = "x ::error::no\n  ::warning title=a::b\ny ##[add-path]/c\n::stop-commands::S\n::error::no\n::S::\n::debug::\n"
    assert [command.name for command in commands(log)] == ["warning", "add-path", "stop-commands", "debug"]
