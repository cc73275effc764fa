"""What a release will do, decided from configuration, wish and what is live."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deploytool.config.model import EnvironmentConfig, ServiceConfig
from deploytool.ledger.record import Record
from deploytool.release.model import (
    Build,
    Commit,
    DeployServices,
    ImageChoice,
    Migrate,
    ObservedService,
    ObservedState,
    Plan,
    PublishedImage,
    Verify,
)
from deploytool.release.planner import payload, plan
from tests.unit.ledger.records import finished, record
from tests.unit.release import plan_cases as cases
from tests.unit.release.plan_cases import definition, found, live, migration, service, settings, verification

NEW = f"registry.test/shop@{cases.DIGEST}"


def planned(wanted: EnvironmentConfig, there: ObservedState, version: Record | None = None) -> Plan:
    return plan(cases.REQUEST, wanted, there, cases.REGISTRY, version)


def released(*services: str, **more: Any) -> Record:
    """The release of the commit, as the ledger has it once it is live."""
    wanted = {"images": {"app": cases.DIGEST}, "commit": cases.REQUEST.commit, **more}
    return finished(record(**wanted), running={key: cases.arn(key) for key in services or ("app",)})


def kinds(made: Plan) -> list[type]:
    return [type(step) for step in made.steps]


def stages(made: Plan) -> list[tuple[str, ...]]:
    return [tuple(change.key for change in step.services) for step in made.steps if isinstance(step, DeployServices)]


def test_does_nothing_when_the_ledger_names_the_commit_as_live_and_every_service_runs_it() -> None:
    made = planned(
        settings(service("app"), migrate=migration(), ledger="deploytool"),
        live(found("app", definition("app", image=NEW)), migrate=definition("migrate")),
        released(),
    )

    assert (made.steps, made.nothing_to_do, made.changes, made.already_running) == ((), True, (), ())


def test_does_nothing_when_a_migration_image_of_the_release_is_gone_from_the_registry() -> None:
    images = {"app": cases.image("app"), "migrate": cases.image("migrate")}
    made = planned(
        settings(service("app"), migrate=migration(image="migrate"), images=images, ledger="deploytool"),
        live(found("app", definition("app", image=NEW)), migrate=definition("migrate")),
        released(images={"app": cases.DIGEST, "migrate": "sha256:1"}),
    )

    assert made.nothing_to_do


@pytest.mark.parametrize(
    "version",
    [
        None,
        released(commit=Commit("b" * 40)),
        released(images={}),
        released(images={"app": "sha256:another"}),
        released("worker"),
    ],
    ids=[
        "nothing was released here",
        "another commit is live in the ledger",
        "the release had not this image",
        "the image was pushed anew since",
        "the service was not part of the release",
    ],
)
def test_migrates_and_verifies_and_moves_nothing_when_the_commit_runs_and_was_not_released(
    version: Record | None,
) -> None:
    made = planned(
        settings(service("app", verify=verification()), migrate=migration(), ledger="deploytool"),
        live(found("app", definition("app", image=NEW), host="lb.test"), migrate=definition("migrate")),
        version,
    )

    assert kinds(made) == [Migrate, Verify]
    assert not made.nothing_to_do
    assert not made.only_migrates
    assert (made.changes, [change.key for change in made.already_running]) == ((), ["app"])


@pytest.mark.parametrize(("hours", "nothing"), [(-1, True), (1, False)], ids=["before", "after"])
def test_goes_by_whether_the_service_was_created_before_or_after_its_release(hours: int, nothing: bool) -> None:
    version = released()
    created = version.started_at + timedelta(hours=hours)
    there = live(found("app", definition("app", image=NEW), created_at=created))

    assert planned(settings(service("app"), ledger="deploytool"), there, version).nothing_to_do is nothing


def test_has_something_to_do_when_the_commit_runs_and_only_its_record_is_missing() -> None:
    there = live(found("app", definition("app", image=NEW)))
    made = planned(settings(service("app"), ledger="deploytool"), there)

    assert (made.steps, made.nothing_to_do, made.only_migrates) == ((), False, False)


def test_builds_the_migration_when_the_commit_runs_and_only_that_image_is_missing() -> None:
    images = {"app": cases.image("app"), "migrate": cases.image("migrate")}
    made = planned(
        settings(service("app"), migrate=migration(image="migrate"), images=images, ledger="deploytool"),
        live(found("app", definition("app", image=NEW)), migrate=definition("migrate")),
    )

    assert kinds(made) == [Build, Migrate]


@pytest.mark.parametrize(
    ("commits", "nothing"),
    [((cases.SHA, cases.SHA), True), ((cases.SHA, ""), False), (("b" * 40, "b" * 40), False), (("", ""), False)],
    ids=["a release made every revision", "something else made one", "of another commit", "something else made them"],
)
def test_goes_by_the_tags_of_the_revisions_when_there_is_no_ledger(commits: tuple[str, str], nothing: bool) -> None:
    there = [
        replace(found(key, definition(key, image=NEW)), tags={"deploytool:commit": commit} if commit else {})
        for key, commit in zip(("app", "worker"), commits, strict=True)
    ]

    assert planned(settings(service("app"), service("worker")), live(*there), released()).nothing_to_do is nothing


@pytest.mark.parametrize("image", [NEW, cases.OLD], ids=["runs already", "moves"])
@pytest.mark.parametrize(("tag", "before"), [({"deploytool:commit": "b" * 40}, "b" * 40), ({}, "")])
def test_names_the_commit_before_when_the_running_revision_does(image: str, tag: dict[str, str], before: str) -> None:
    there = live(replace(found("app", definition("app", image=image)), tags=tag))

    assert planned(settings(service("app")), there).commit_before == before


def test_rolls_out_when_a_service_runs_by_a_tag_that_the_registry_lacks() -> None:
    running = found("app", definition("app", image=f"registry.test/shop:{cases.SHA[:12]}"))

    assert kinds(planned(settings(service("app")), live(running, images={"app": None}))) == [Build, DeployServices]


def test_builds_nothing_when_the_registry_has_the_image() -> None:
    made = planned(settings(service("app")), live(found("app")))

    assert kinds(made) == [DeployServices]
    assert not made.builds
    assert made.images["app"].digest == cases.DIGEST


def test_builds_first_when_the_registry_lacks_the_image() -> None:
    made = planned(settings(service("app")), live(found("app"), images={"app": None}))

    assert made.steps[0] == Build(("app",))
    assert made.builds
    assert made.images["app"].reference == f"registry.test/shop:{cases.SHA[:12]}"
    assert "unknown" not in made.images


def test_leaves_out_images_that_nothing_here_runs() -> None:
    images = {"app": cases.image("app"), "docs": cases.image("docs")}

    assert set(planned(settings(service("app"), images=images), live(found("app"))).images) == {"app"}


def test_migrates_before_any_service_moves_and_with_the_network_of_the_service_it_is_like() -> None:
    app = found("app", network={"awsvpcConfiguration": {"subnets": ["subnet-1"]}})
    made = planned(
        settings(service("app"), migrate=migration(command=("npx", "migrate"), on_cancel="stop")),
        live(app, migrate=definition("migrate")),
    )

    assert kinds(made) == [Migrate, DeployServices]
    step = made.steps[0]
    assert isinstance(step, Migrate)
    assert (step.family, step.container, step.image, step.timeout) == ("migrate", "migrate", "app", 300.0)
    assert (step.network_from, step.command, step.on_cancel) == (app.state, ("npx", "migrate"), "stop")


def test_migrates_with_an_image_of_its_own_and_builds_it_when_it_is_not_there() -> None:
    images = {"app": cases.image("app"), "migrate": cases.image("migrate")}
    made = planned(
        settings(service("app"), migrate=migration(image="migrate"), images=images),
        live(found("app"), migrate=definition("migrate")),
    )

    assert made.steps[0] == Build(("migrate",))


def test_migrates_in_the_named_container_when_there_are_several() -> None:
    made = planned(
        settings(service("app"), migrate=migration(container="schema")),
        live(found("app"), migrate=definition("migrate", "schema", "proxy")),
    )

    assert next(step.container for step in made.steps if isinstance(step, Migrate)) == "schema"


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ((service("app"), service("worker")), [("app", "worker")]),
        ((service("app", "worker"), service("worker")), [("worker",), ("app",)]),
        ((service("a", "b"), service("b", "c"), service("c")), [("c",), ("b",), ("a",)]),
        ((service("a"), service("b", "a"), service("c", "a")), [("a",), ("b", "c")]),
    ],
    ids=["together", "one after the other", "a chain", "two after one"],
)
def test_rolls_out_in_stages_when_services_come_after_others(
    services: tuple[ServiceConfig, ...], expected: list[tuple[str, ...]]
) -> None:
    made = planned(settings(*services), live(*(found(each.name) for each in services)))

    assert stages(made) == expected


def test_leaves_a_stage_out_when_nothing_of_it_moves() -> None:
    made = planned(
        settings(service("app", "worker"), service("worker")),
        live(found("app"), found("worker", definition("worker", image=NEW))),
    )

    assert stages(made) == [("app",)]


def test_waits_as_long_as_the_slowest_service_of_the_stage() -> None:
    made = planned(settings(service("app", timeout=60), service("w", timeout=900)), live(found("app"), found("w")))

    assert [step.timeout for step in made.steps if isinstance(step, DeployServices)] == [900.0]


def test_puts_each_image_into_its_container_when_a_task_has_several() -> None:
    images = {"app": cases.image("app"), "proxy": cases.image("proxy", "proxy")}
    wanted = service("app", containers={"web": "app", "proxy": "proxy"})
    base = definition("app", "web", "proxy", "agent")
    known = {name: PublishedImage(cases.DIGEST) for name in images}
    made = planned(settings(wanted, images=images), live(found("app", base), images=known))

    (change,) = made.changes
    registered = payload(change.base, change.images, made.images, {"app": "sha256:1", "proxy": "sha256:2"}, "app")
    parts: list[dict[str, str]] = registered["containerDefinitions"]  # type: ignore[assignment]  # as ECS takes it
    assert [(part["name"], part["image"]) for part in parts] == [
        ("web", "registry.test/shop@sha256:1"),
        ("proxy", "registry.test/proxy@sha256:2"),
        ("agent", cases.OLD),
    ]


def test_starts_from_the_template_and_keeps_the_live_family_when_there_is_one() -> None:
    template = {"containerDefinitions": [{"name": "app", "image": "x", "memory": 512}]}
    made = planned(settings(service("app")), live(found("app"), templates={"app": template}))

    (change,) = made.changes
    assert change.base == template
    assert payload(change.base, change.images, made.images, {"app": cases.DIGEST}, "app")["family"] == "app"
    assert any("memory" in line for line in change.diff)


def test_does_nothing_when_the_template_says_what_is_live() -> None:
    template = {"containerDefinitions": [{"name": "app", "image": "x"}]}
    running = found("app", definition("app", image=NEW))
    wanted = settings(service("app"), ledger="deploytool")

    assert planned(wanted, live(running, templates={"app": template}), released()).nothing_to_do


def test_goes_back_to_the_revision_that_is_live() -> None:
    (change,) = planned(settings(service("app")), live(found("app"))).changes

    assert (change.previous_revision, change.before) == (cases.arn("app"), cases.state("app"))
    assert any("shop@sha256:1b" in line for line in change.diff)


def test_verifies_through_the_load_balancer_after_everything_moved() -> None:
    made = planned(
        settings(service("app", verify=verification(bake=90, alarms=("errors",))), service("worker")),
        live(found("app", host="lb.test:8080"), found("worker")),
    )

    assert kinds(made) == [DeployServices, Verify]
    step = made.steps[1]
    assert isinstance(step, Verify)
    assert (step.service, step.url, step.version) == ("app", "https://lb.test:8080/health", cases.SHA)
    assert (step.timeout, step.interval, step.bake, step.alarms) == (60.0, 5.0, 90.0, ("errors",))


def test_verifies_nothing_of_a_service_that_does_not_move() -> None:
    made = planned(
        settings(service("app", verify=verification()), service("worker")),
        live(found("app", definition("app", image=NEW), host="lb.test"), found("worker")),
    )

    assert kinds(made) == [DeployServices]


def test_carries_who_wants_what_where() -> None:
    made = planned(settings(service("app"), url=None), live(found("app")))

    assert (made.request, made.cluster, made.region, made.url) == (cases.REQUEST, "shop", "us-east-1", "")
    assert made.tags["deploytool:commit"] == cases.SHA


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("registry.test/shop:abc", "registry.test/shop"),
        ("localhost:4566/shop:abc", "localhost:4566/shop"),
        ("localhost:4566/team/shop:abc", "localhost:4566/team/shop"),
        ("shop:abc", "shop"),
    ],
)
def test_an_image_is_pinned_by_digest_in_its_repository(reference: str, repository: str) -> None:
    assert ImageChoice("app", reference, None).pinned("sha256:1") == f"{repository}@sha256:1"


def test_moves_a_service_whose_name_in_ecs_differs_from_its_key() -> None:
    state = replace(cases.state("shop-app"), name="shop-app")
    running = ObservedService("app", state, definition("shop-app"))
    (change,) = planned(settings(service("app", service="shop-app")), live(running)).changes

    assert (change.key, change.name, dict(change.images)) == ("app", "shop-app", {"shop-app": "app"})
