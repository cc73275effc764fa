"""``scripts/record-ecs`` on the sandbox: what it records is evidence, and it leaves nothing behind."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.tools.record_ecs import SCENARIOS, Names
from tests.support.conformance import Run, problems
from tests.support.evidence import Timeline, load, timelines
from tests.support.live_ecs import LiveEcs
from tests.support.ministack import aws_at

ROOT = Path(__file__).parents[3]
TIMELINES = {timeline.name: timeline for timeline in timelines()}


def run(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **aws_at(url), "AWS_DEFAULT_REGION": "us-east-1"}
    command = [str(ROOT / "scripts/record-ecs"), *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=240)


def looks(timeline: Timeline) -> Run:
    """A recorded timeline as if a model had shown it."""
    shown = [(each.service, each.service_deployment) for each in timeline.readings if each.service]
    return Run(timeline.rollout, tuple(shown))


@pytest.fixture(scope="module")
def recorded(sandbox: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("recorded")
    ecs = LiveEcs(sandbox, name="record-me")
    ecs.client("ecs").create_cluster(clusterName=ecs.name)
    words = ["--cluster", ecs.name, "--subnet", "subnet-1", "--image", "healthy", "--every", "0.1", "--yes"]
    done = run(sandbox, *words, "--output", str(directory))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("This creates a service of one Fargate task")
    assert "Removed service" in done.stdout
    return directory


@pytest.mark.parametrize(
    ("scenario", "evidence"),
    [
        ("succeeds", "desired-count-from-zero"),
        ("forced-deployment", "forced-deployment"),
        ("breaker-trips", "breaker-trips-until-gone"),
        ("breaker-trips", "breaker-trips-polled"),
        ("stopped-by-hand", "stopped-by-hand"),
    ],
)
def test_a_recorded_timeline_shows_what_the_evidence_shows(recorded: Path, scenario: str, evidence: str) -> None:
    timeline = load(recorded / f"recorded-{scenario}.yaml")
    assert not list(problems(looks(timeline), TIMELINES[evidence]))


def test_a_record_says_neither_account_nor_ids(recorded: Path) -> None:
    for name in SCENARIOS:
        text = (recorded / f"recorded-{name}.yaml").read_text()
        assert ":000000000000:" not in text
        assert "record-me" not in text
        assert "deploytool-record" not in text
        assert set(re.findall(r"ecs-svc/(\w+)", text)) <= {"1", "2"}


def test_nothing_is_left_when_it_ended(recorded: Path, sandbox: str) -> None:
    ecs = LiveEcs(sandbox, name="record-me").client("ecs")
    assert not ecs.list_services(cluster="record-me")["serviceArns"]
    assert not ecs.list_task_definitions(familyPrefix="deploytool-record")["taskDefinitionArns"]


def test_only_the_cost_is_said_when_nobody_said_yes(sandbox: str, tmp_path: Path) -> None:
    done = run(sandbox, "--cluster", "none", "--subnet", "subnet-1", "--output", str(tmp_path))
    assert done.returncode == 2
    assert "0.02 USD" in done.stdout
    assert "Fix: add --yes" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("arn:aws:ecs:eu-west-1:999988887777:service/c1/s1", "arn:aws:ecs:eu-west-1:123456789012:service/shop/app"),
        (
            "(service s1) (deployment ecs-svc/77) deployment completed.",
            "(service app) (deployment ecs-svc/1) deployment completed.",
        ),
        (["ecs-svc/77", "ecs-svc/88", "ecs-svc/77"], ["ecs-svc/1", "ecs-svc/2", "ecs-svc/1"]),
        ("(task 04dfb8c773cc47a1b0442dc1cabc497a)", "(task 00000000000000000000000000000001)"),
        ("999988887777.dkr.ecr.eu-west-1.amazonaws.com/a", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a"),
        (1234567890123, 1234567890123),
    ],
)
def test_what_belongs_to_an_account_is_replaced(value: Any, expected: Any) -> None:
    assert Names("s1", "c1").replaced(value) == expected
