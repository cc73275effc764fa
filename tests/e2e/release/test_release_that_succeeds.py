"""A release from the commit to stable services, and the verbs that only look."""

from __future__ import annotations

from deploytool.ecs.model import revision
from tests.support.aws_fault_proxy.call_log import Call
from tests.support.json_documents import valid_document
from tests.support.project import Ran, Shop

CHANGES_NOTHING = ("Describe", "Get", "List", "BatchGet", "GET", "HEAD")


def changing(shop: Shop) -> list[Call]:
    """Calls that change more than the tool's own ledger."""
    calls = [call for call in shop.front.calls() if call.service != "dynamodb"]
    return [call for call in calls if not call.action.startswith(CHANGES_NOTHING)]


def test_the_first_release_says_what_is_live(first: Ran, succeeded: dict[str, str]) -> None:
    assert first.code == 0
    for arn in succeeded.values():
        assert f"on {arn.rsplit('/', 1)[-1]}" in first.out


def test_nothing_is_changed_when_the_commit_is_already_live(shop: Shop) -> None:
    # Tests before this one released other commits: the ledger must name this one as live.
    assert shop.run("release").code == 0
    shop.front.reset()
    before = shop.account.running()
    ran = shop.run("release")
    assert ran.code == 0
    assert "already live" in ran.out
    assert changing(shop) == []
    assert shop.account.running() == before


def test_the_second_release_takes_the_place_of_the_first(shop: Shop, succeeded: dict[str, str]) -> None:
    shop.git("merge", "-q", "--ff-only", "origin/next")
    ran = shop.run("release", "--output", "json")
    assert ran.code == 0, ran.told
    outcome = valid_document(ran.out)
    assert outcome["result"] == "released"
    serving = shop.account.running()
    assert all(serving[service] != revision for service, revision in succeeded.items())
    updates = [call.params["service"] for call in shop.front.calls("ecs", "UpdateService")]
    assert sorted(updates) == ["app", "worker"], "exactly one UpdateService each"
    status = valid_document(shop.run("status", "--output", "json").out)
    assert {row["commit"]["sha"] for row in status["services"]} == {shop.git("rev-parse", "HEAD")}


def test_the_plan_says_what_a_release_would_do_and_does_not_do_it(shop: Shop, succeeded: dict[str, str]) -> None:
    shop.git("merge", "-q", "--ff-only", "origin/next")
    ran = shop.run("plan", "--output", "json")
    assert ran.code == 0, ran.told
    plan = valid_document(ran.out)
    assert {change["previous_revision"] for change in plan["services"]} >= {revision(arn) for arn in succeeded.values()}
    assert shop.account.running() == succeeded
    assert changing(shop) == []


def test_status_names_commit_and_revision_of_each_service(shop: Shop, succeeded: dict[str, str]) -> None:
    ran = shop.run("status")
    assert ran.code == 0
    for service, arn in succeeded.items():
        assert service in ran.out
        assert arn.rsplit("/", 1)[-1] in ran.out
    assert shop.git("rev-parse", "HEAD")[:7] in ran.out


def test_logs_show_what_the_containers_wrote(shop: Shop) -> None:
    ran = shop.run("logs", "worker")
    assert ran.code == 0
    assert "worker/" in ran.out
