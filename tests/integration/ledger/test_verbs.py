"""`history`, `lock`, `stats` and `status`, as typed, against a table in MiniStack."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from deploytool.aws.session import Session
from deploytool.cli.main import command
from deploytool.deploy.context import NoLedger
from deploytool.ecs.model import revision
from deploytool.errors import ConfigurationError, LeaseLost
from deploytool.ledger.lock import InUse, Locked, LockState
from deploytool.ledger.lock_store import Lock, acquire
from deploytool.ledger.record import Kind, MigrationRecord, ServiceRecord, step_began, step_ended
from deploytool.ledger.store import Ledger
from deploytool.release.model import Commit, StepName
from deploytool.release.model import Result as Came
from tests.integration.ledger.clocks import QuickClock
from tests.support.json_documents import valid_document
from tests.unit.ledger.records import finished, record

CONFIG = """\
app: shop
images: {{app: {{}}}}
services: {{app: {{service: shop-app, image: app, verify: {{steady: 0s}}}}}}
environments: {{production: {{region: us-east-1, cluster: shop, ledger: {ledger}}}}}
"""
YESTERDAY = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)

Typed = Callable[..., Result]


@pytest.fixture
def typed(table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Run `deploytool` in a checkout whose configuration names the table."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_RUN_ID", "GITHUB_REPOSITORY", "DEPLOYTOOL_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_ACTOR", "mona")
    for arguments in (
        ("init", "-q"),
        ("-c", "user.name=m", "-c", "user.email=m@m", "commit", "-q", "--allow-empty", "-m", "First"),
    ):
        subprocess.run(["git", *arguments], check=True)
    Path("deploytool.yml").write_text(CONFIG.format(ledger=table))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(command, arguments, standalone_mode=False)

    return run


def told(result: Result) -> str:
    if result.exception:
        raise result.exception
    return result.stdout


@pytest.fixture
def serving(session: Session) -> str:
    """A service without tasks; the revision that it serves."""
    ecs: Any = session.client("ecs")
    ecs.create_cluster(clusterName="shop")
    container = {"name": "app", "image": "registry/shop@sha256:1", "memory": 32}
    made = ecs.register_task_definition(family="shop-app", containerDefinitions=[container])
    arn = str(made["taskDefinition"]["taskDefinitionArn"])
    if not ecs.describe_services(cluster="shop", services=["shop-app"])["services"]:
        ecs.create_service(cluster="shop", serviceName="shop-app", taskDefinition=arn, desiredCount=0)
    return str(ecs.describe_services(cluster="shop", services=["shop-app"])["services"][0]["taskDefinition"])


@pytest.fixture
def three(ledger: Ledger, serving: str) -> None:
    """A release whose version runs, one that failed, and one that runs still or was killed."""
    first = record(
        "20261101-100000-aaaa",
        started_at=YESTERDAY,
        commit=Commit("a" * 40, "Add the cart", YESTERDAY - timedelta(hours=3)),
        images={"app": "sha256:" + "1b" * 32},
        migration=MigrationRecord("arn:task/shop/77", "arn:migrate:2", ran=True),
        services={"app": ServiceRecord("shop-app", "arn/app:7", "arn/app:8")},
        pull_request=12,
        run_url="https://github.test/runs/7",
    )
    first = step_ended(step_began(first, StepName.DEPLOY, "app", YESTERDAY), StepName.DEPLOY, True, 41.0)
    second = record("20261101-110000-bbbb", started_at=YESTERDAY + timedelta(hours=1), commit=Commit("b" * 40, "Break"))
    third = record("20261101-120000-cccc", started_at=YESTERDAY + timedelta(hours=2), commit=Commit("c" * 40, "Mend"))
    for begun, result in ((first, Came.RELEASED), (second, Came.ROLLED_BACK), (third, None)):
        ledger.begin(begun)
        if result:
            ended = finished(begun, result, summary="so it ended")
            ledger.save(replace(ended, running={"app": serving}) if ended.successful else ended)


@pytest.mark.usefixtures("three")
def test_releases_are_listed_newest_first_with_the_live_one_starred(typed: Typed) -> None:
    head, columns, *rows, legend = told(typed("history")).splitlines()
    assert head == "releases of production, newest first:"
    assert columns.split()[0] == "when"
    ends = [("unfinished", "-"), ("rolled back", "3 min"), ("released", "3 min")]
    assert [row.endswith(f"{result:11}  {took}") for row, (result, took) in zip(rows, ends, strict=True)] == [True] * 3
    assert [("★" in row) for row in rows] == [False, False, True]
    assert legend == "★ live"
    assert "aaaaaaa" in rows[2]
    assert "Add the cart" in rows[2]


@pytest.mark.usefixtures("three")
def test_only_what_is_asked_for_is_listed_when_there_are_filters(typed: Typed) -> None:
    def ids(*arguments: str) -> list[str]:
        return [
            item["release_id"][-4:]
            for item in valid_document(told(typed("history", *arguments, "--output", "json")))["releases"]
        ]

    assert ids() == ["cccc", "bbbb", "aaaa"]
    assert ids("--limit", "1") == ["cccc"]
    assert ids("--result", "rolled_back") == ["bbbb"]
    assert ids("--commit", "AAAA") == ["aaaa"]
    assert ids("--result", "superseded") == []


@pytest.mark.usefixtures("three")
def test_one_release_is_told_in_full_when_it_is_named(typed: Typed) -> None:
    shown = told(typed("history", "20261101-100000-aaaa"))
    for part in (
        "20261101-100000-aaaa ★ live",
        "Add the cart (#12)",
        "app 1b1b1b1b1b1b",
        "migration",
        "https://github.test/runs/7",
        "app:7",
        "app:8",
        "✓  deploy  41 s",
        "so it ended",
    ):
        assert part in shown
    document = valid_document(told(typed("history", "20261101-100000-aaaa", "--output", "json")))
    app = next(service for service in document["services"] if service["name"] == "app")
    assert (app["attempted_revision"], document["steps"][0]["seconds"]) == ("app:8", 41.0)


@pytest.mark.usefixtures("three")
def test_no_release_is_starred_when_ecs_runs_none_of_them(typed: Typed, session: Session) -> None:
    ecs: Any = session.client("ecs")
    container = {"name": "app", "image": "registry/shop@sha256:9", "memory": 32}
    foreign = ecs.register_task_definition(family="shop-app", containerDefinitions=[container])["taskDefinition"]
    before = ecs.describe_services(cluster="shop", services=["shop-app"])["services"][0]["taskDefinition"]
    ecs.update_service(cluster="shop", service="shop-app", taskDefinition=foreign["taskDefinitionArn"])
    try:
        shown = told(typed("history"))
        assert "★" not in shown
        assert "(changed outside deploytool)" in shown.splitlines()[-1]
        assert valid_document(told(typed("history", "--output", "json")))["live_release_id"] is None
    finally:
        ecs.update_service(cluster="shop", service="shop-app", taskDefinition=before)


def test_the_release_that_a_rollback_brought_back_is_the_live_one(typed: Typed, ledger: Ledger, serving: str) -> None:
    for name, kind, restores in (
        ("r-1", Kind.RELEASE, ""),
        ("r-2", Kind.RELEASE, ""),
        ("r-3", Kind.ROLLBACK, "r-1"),
    ):
        begun = record(name, kind=kind, restores=restores)
        ledger.begin(begun)
        ledger.save(replace(finished(begun), running={"app": serving}))
    assert valid_document(told(typed("history", "--output", "json")))["live_release_id"] == "r-1"
    assert "rollback to r-1" in told(typed("history", "r-3"))


def test_nothing_is_recorded_when_nothing_was_released(typed: Typed) -> None:
    assert told(typed("history")) == "no releases of production are recorded\n"
    assert valid_document(told(typed("history", "--output", "json")))["releases"] == []


def test_a_freeze_is_made_shown_and_ended(typed: Typed, lock: Lock) -> None:
    assert told(typed("lock", "show")) == "production is free\n"
    held = told(typed("lock", "hold", "--reason", "black friday", "--for", "2h"))
    assert held.startswith("production is locked by a freeze of mona since ")
    assert "end the freeze with `deploytool lock release`" in told(typed("lock", "show"))
    with pytest.raises(Locked, match="black friday"):
        acquire(lock, LockState(owner="20261123-120000-aaaa"), QuickClock())
    shown = valid_document(told(typed("lock", "show", "--output", "json")))
    assert (shown["status"], shown["holder"]["reason"], shown["fencing_token"]) == ("frozen", "black friday", 1)
    assert told(typed("lock", "release")) == "production is free\n"
    released = valid_document(told(typed("lock", "release", "--output", "json")))
    assert (released["status"], released["holder"], released["fencing_token"]) == ("unlocked", None, 1)


def test_the_lock_of_a_running_release_is_freed_only_by_force(typed: Typed, lock: Lock) -> None:
    lease = acquire(lock, LockState(owner="20261123-120000-aaaa", run_url="https://github.test/runs/7"), QuickClock())
    assert "see https://github.test/runs/7" in told(typed("lock", "show"))
    with pytest.raises(InUse, match="release 20261123-120000-aaaa"):
        told(typed("lock", "release"))
    assert told(typed("lock", "release", "--force")) == "production is free\n"
    with pytest.raises(LeaseLost, match="lost the lock"):
        lease.check()


@pytest.mark.usefixtures("three")
def test_the_four_figures_are_told_and_drawn(typed: Typed, tmp_path: Path) -> None:
    shown = told(typed("stats", "--since", "30d", "--svg", "dora.svg"))
    for part in (
        "production, 30 days:",
        "deployment frequency   1.0 a month",
        "lead time for changes  3 h 03 min",
        "change failure rate    50%",
        "time to restore        3 min",
        "█│",
        "a column is a day",
    ):
        assert part in shown
    drawn = ElementTree.parse(tmp_path / "dora.svg").getroot()
    marks = [mark.get("class") for mark in drawn.iter("{http://www.w3.org/2000/svg}rect")]
    assert sorted(filter(None, marks)) == ["bad", "good"]
    assert "change failure rate 50%" in drawn.attrib["aria-label"]
    assert valid_document(told(typed("stats", "--output", "json")))["change_failure_rate"] == 0.5


def test_there_are_no_figures_when_nothing_was_released(typed: Typed) -> None:
    shown = told(typed("stats"))
    assert "deployment frequency   -" in shown
    assert "a column is a week" in shown


@pytest.mark.parametrize("arguments", [("--since", "1h"), ("--svg", "no/such/directory/dora.svg")])
def test_the_figures_are_refused_when_they_cannot_be_made_or_drawn(typed: Typed, arguments: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError):
        told(typed("stats", *arguments))


def test_what_to_write_is_told_when_a_length_of_time_is_not_one(typed: Typed) -> None:
    failed = typed("stats", "--since", "soon")
    assert "'soon' is not a length of time; write it like 90s, 15m, 2h30m or 90d" in str(failed.exception)


@pytest.mark.parametrize("verb", [("history",), ("lock", "show"), ("stats",)])
def test_it_is_said_why_there_is_nothing_when_the_configuration_has_no_ledger(
    typed: Typed, verb: tuple[str, ...]
) -> None:
    Path("deploytool.yml").write_text(CONFIG.format(ledger="false"))
    with pytest.raises(NoLedger, match="production has no ledger"):
        told(typed(*verb))


def test_status_tells_drift_when_somebody_deployed_by_other_means(typed: Typed, ledger: Ledger, serving: str) -> None:
    begun = record("20261101-100000-aaaa")
    ledger.begin(begun)
    ledger.save(replace(finished(begun), running={"app": serving}))
    assert "drifted" not in told(typed("status"))
    ledger.save(replace(finished(begun), running={"app": "arn/shop-app:99"}))
    assert "but release 20261101-100000-aaaa deployed shop-app:99 (changed outside deploytool)" in told(typed("status"))
    document = valid_document(told(typed("status", "--output", "json")))
    assert document["drift"] == [
        {"name": "app", "running_revision": revision(serving), "recorded_revision": "shop-app:99",
         "release_id": "20261101-100000-aaaa", "same_images": False}
    ]  # fmt: skip


@pytest.mark.usefixtures("three", "serving")
def test_status_names_the_release_that_has_no_end(typed: Typed) -> None:
    assert "! release 20261101-120000-cccc of mona" in told(typed("status"))
    unfinished = valid_document(told(typed("status", "--output", "json")))["unfinished"]
    assert [item["release_id"] for item in unfinished] == ["20261101-120000-cccc"]


@pytest.mark.usefixtures("serving")
def test_status_shows_what_is_live_and_warns_when_the_ledger_cannot_be_read(typed: Typed) -> None:
    Path("deploytool.yml").write_text(CONFIG.format(ledger="no-such-table"))
    shown = typed("status")
    assert "live in production:" in told(shown)
    assert "warning: there is no DynamoDB table no-such-table" in shown.stderr
    Path("deploytool.yml").write_text(CONFIG.format(ledger="false"))
    assert typed("status").stderr == ""
