"""Which image a release runs, for which CPU it is built, and whether it is of the commit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deploytool.errors import BuildError, ConfigurationError
from deploytool.release.image_choice import ImageOfAnotherCommit, check_commit, check_named, choose_images, reference_of
from deploytool.release.model import Commit, ImageChoice, PublishedImage
from tests.unit.release import plan_cases as cases
from tests.unit.release.plan_cases import definition, found, image, live, migration, service, settings

ARM = {"runtimePlatform": {"cpuArchitecture": "ARM64"}}
COMMIT = Commit(cases.SHA, source="https://github.com/acme/shop")
DIGEST = "sha256:" + "d" * 64


def configured(**more: Any) -> Any:
    return replace(image("app"), **more)


@pytest.mark.parametrize(
    ("more", "reference", "repository"),
    [
        ({}, "registry.test/shop:4f2a9c1d8e7b", "registry.test/shop"),
        ({"registry": "ghcr.io", "repository": "acme/shop"}, "ghcr.io/acme/shop:4f2a9c1d8e7b", "ghcr.io/acme/shop"),
        ({"digest": DIGEST}, f"registry.test/shop@{DIGEST}", "registry.test/shop"),
        ({"registry": "localhost:5000"}, "localhost:5000/shop:4f2a9c1d8e7b", "localhost:5000/shop"),
    ],
)
def test_the_reference_names_registry_repository_and_tag_or_digest(more: Any, reference: str, repository: str) -> None:
    assert reference_of(configured(**more), cases.REGISTRY) == reference
    choice = ImageChoice("app", reference, None)
    assert choice.repository == repository
    assert choice.pinned(DIGEST) == f"{repository}@{DIGEST}"


def test_the_repository_is_the_whole_name_when_a_reference_has_no_registry() -> None:
    assert ImageChoice("app", "shop:1", None).repository == "shop"


@pytest.mark.parametrize(
    ("platforms", "app", "worker", "migrate", "built_for"),
    [
        ((), {}, {}, {}, ("linux/amd64",)),
        ((), ARM, ARM, ARM, ("linux/arm64",)),
        ((), ARM, {}, {}, ("linux/amd64", "linux/arm64")),
        ((), {}, {}, ARM, ("linux/amd64", "linux/arm64")),
        (("linux/arm64",), {}, {}, {}, ("linux/arm64",)),
    ],
)
def test_an_image_is_built_for_the_cpus_of_the_tasks_that_run_it(
    platforms: tuple[str, ...], app: Any, worker: Any, migrate: Any, built_for: tuple[str, ...]
) -> None:
    wanted = settings(
        service("app", template="app.json"), service("worker"), service("gone"), migrate=migration(),
        images={"app": configured(platforms=platforms)},
    )  # fmt: skip
    there = live(
        found("app"), found("worker", definition("worker", **worker)),
        templates={"app": definition("app", **app)}, migrate=definition("migrate", **migrate),
    )  # fmt: skip
    assert choose_images(wanted, there, cases.REGISTRY)["app"].platforms == built_for


def test_an_image_has_no_platform_of_a_task_that_does_not_run_it() -> None:
    images = {"app": image("app"), "job": image("job")}
    wanted = settings(service("app"), migrate=migration(image="job"), images=images)
    choices = choose_images(wanted, live(found("app")), cases.REGISTRY)
    assert (choices["app"].platforms, choices["job"].platforms) == (("linux/amd64",), ())


@pytest.mark.parametrize(
    ("more", "labels"),
    [
        ({}, (cases.SHA, "")),
        ({}, (cases.SHA[:8].upper(), "")),
        ({}, ("", "")),
        ({"tag": f"v1-{cases.SHA[:7]}"}, ("", "")),
        ({"tag": "v1.2.3"}, (cases.SHA, "git@github.com:acme/shop.git")),
        ({"tag": "1.27", "build": False}, ("", "")),
        ({"tag": "1.27", "build": False}, ("b" * 40, "https://github.com/nginx/docker-nginx")),
    ],
)
def test_an_image_is_taken_when_it_is_of_the_commit_or_not_of_this_repository(more: Any, labels: Any) -> None:
    check_commit("app", configured(**more), "r/shop:x", labels, COMMIT)


@pytest.mark.parametrize(
    ("more", "labels", "says"),
    [
        ({}, ("b" * 40, ""), "was built from bbbbbbb"),
        ({}, (cases.SHA[:3], ""), "was built from 4f2"),
        ({"tag": "v1.2.3"}, ("b" * 40, "https://user:x@github.com/Acme/shop.git"), "was built from bbbbbbb"),
        ({"tag": "v1.2.3", "build": False}, ("b" * 40, ""), "was built from bbbbbbb"),
        ({"tag": "v1.2.3"}, ("", ""), "may be of another commit"),
    ],
)
def test_an_image_is_refused_when_it_is_of_another_commit(more: Any, labels: Any, says: str) -> None:
    with pytest.raises(ImageOfAnotherCommit, match=says) as refused:
        check_commit("app", configured(**more), "r/shop:x", labels, COMMIT)
    assert refused.value.fix


@pytest.mark.parametrize("more", [{}, {"digest": DIGEST, "tag": "${git_tag}"}, {"also_tags": ("latest", "v1")}])
def test_an_image_may_be_looked_up_when_its_name_is_complete(more: Any) -> None:
    check_named(configured(**more))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"tag": "${env.BUILD}"}, "images.app uses \\${env.BUILD}"),
        ({"also_tags": ("${env.A}",)}, "images.app uses"),
        ({"tag": "${git_tag}"}, "no git tag names the commit"),
        ({"also_tags": ("a b",)}, '"a b" is no tag'),
        ({"tag": ""}, "is no tag"),
    ],
)
def test_an_image_may_not_be_looked_up_when_its_name_is_incomplete(more: Any, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        check_named(configured(**more))


def test_further_tags_are_moved_once_the_release_is_live_and_a_refusal_is_a_warning() -> None:
    from deploytool.release.events import WarningIssued
    from deploytool.release.images import name_images

    class Builder:
        def tag(self, choice: ImageChoice, digest: str) -> None:
            moved.append((choice.name, digest))
            if choice.name == "b":
                raise BuildError("tag b is immutable", "allow it")

    moved: list[tuple[str, str]] = []
    events: list[Any] = []
    wanted = settings(
        service("app"), images={name: configured(name=name, also_tags=tags) for name, tags in NAMED.items()}
    )
    choices = {
        name: ImageChoice(name, "r/shop:1", None, also_tags=each.also_tags) for name, each in wanted.images.items()
    }
    plan: Any = type("Plan", (), {"images": choices})
    deps: Any = type("Deps", (), {"builder": Builder(), "emit": events.append})
    name_images(plan, {"a": "1", "b": "2", "c": "3"}, deps)
    assert moved == [("a", "1"), ("b", "2")]
    assert events == [WarningIssued("image b: tag b is immutable; allow it")]


NAMED = {"a": ("latest",), "b": ("latest",), "c": (), "unknown": ("latest",)}


def test_the_plan_takes_the_digest_that_the_registry_holds() -> None:
    there = live(found("app"), images={"app": PublishedImage(DIGEST)})
    assert choose_images(settings(service("app")), there, cases.REGISTRY)["app"].digest == DIGEST
