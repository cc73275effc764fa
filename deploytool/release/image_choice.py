"""Which image a release runs: its name, for which CPU it is built, and whether it is of the commit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploytool.config.loader import check_set
from deploytool.config.model import EnvironmentConfig, ImageConfig
from deploytool.config.types import variables_in
from deploytool.ecs.model import TaskDefinition
from deploytool.ecs.task_definition import cpu_architecture, operating_system
from deploytool.errors import ConfigurationError, PreconditionFailed
from deploytool.release.model import Commit, ImageChoice, ObservedState, Problem, PublishedImage

PLATFORM = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}


def choose_images(settings: EnvironmentConfig, live: ObservedState, registry: str) -> dict[str, ImageChoice]:
    """Per image: its reference for this commit, and its digest where the registry already has it."""
    used = set().union(*(service.images for service in settings.services.values()))
    if settings.migrate:
        used.add(settings.migrate.image)
    return {
        name: ImageChoice(
            name=name,
            reference=reference_of(image, registry),
            digest=published.digest if (published := live.images.get(name)) else None,
            platforms=image.platforms or _platforms(name, settings, live),
            also_tags=image.also_tags,
        )
        for name, image in settings.images.items()
        if name in used
    }


def reference_of(image: ImageConfig, registry: str) -> str:
    """``registry/repository:tag``, or ``@digest`` where the configuration names one; ``registry`` is the default."""
    name = f"{image.registry or registry}/{image.repository}"
    return f"{name}@{image.digest}" if image.digest else f"{name}:{image.tag}"


def _platforms(image: str, settings: EnvironmentConfig, live: ObservedState) -> tuple[str, ...]:
    """The CPUs of the tasks that run an image."""
    bases = [
        live.templates.get(key, live.services[key].task_definition)
        for key, service in settings.services.items()
        if image in service.images and key in live.services
    ]
    migrate = live.templates.get("migrate", live.migrate)
    if migrate and settings.migrate and settings.migrate.image == image:
        bases.append(migrate)
    cpus = {cpu_architecture(base) for base in bases}
    return tuple(platform for cpu, platform in PLATFORM.items() if cpu in cpus)


class ImageOfAnotherCommit(PreconditionFailed):
    """The tag names an image that was built from another commit than the one to release."""


_SHORTEST_HASH = 7


def check_commit(name: str, image: ImageConfig, reference: str, labels: tuple[str, str], commit: Commit) -> None:
    """``labels`` are the image's commit and repository; empty where it has none. Raises ImageOfAnotherCommit.

    An image of another repository says nothing of this one's commits; nor does one without the label, unless its tag
    names no commit and it would have been built here.
    """
    revision, source = labels
    if source and commit.source and _repository(source) != _repository(commit.source):
        return
    if revision and not (len(revision) >= _SHORTEST_HASH and commit.sha.startswith(revision.lower())):
        raise ImageOfAnotherCommit(
            f"image {name} is not of commit {commit.short}: {reference} was built from {revision[:_SHORTEST_HASH]}",
            f"use another tag (such as ${{commit}}) in images.{name}.tag, or release that commit",
        )
    if not revision and image.build and commit.sha not in image.tag and commit.short not in image.tag:
        raise ImageOfAnotherCommit(
            f"image {name} may be of another commit: {reference} exists, without a label that names its commit",
            f"use another tag, or `build: false` in images.{name} to take it as it is",
        )


def _repository(url: str) -> str:
    """``github.com/acme/shop`` of every way to write it."""
    path = re.sub(r"^(?:[a-z+]+://)?(?:[^@/]*@)?", "", url.strip().lower())
    return path.replace(":", "/", 1).removesuffix("/").removesuffix(".git")


_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


def check_named(image: ImageConfig) -> None:
    """Its repository, tags and digest are complete, and can be such. Raises ConfigurationError, VariableUnset."""
    place = f"images.{image.name}"
    tags = () if image.digest else (image.tag,)
    check_set((image.repository, image.registry, image.digest, *tags, image.also_tags), place)
    for tag in (*tags, *image.also_tags):
        if "git_tag" in variables_in(tag):
            raise ConfigurationError(
                f"{place} uses ${{git_tag}}, and no git tag names the commit", "tag the commit, and fetch its tags"
            )
        if not _TAG.fullmatch(tag):
            raise ConfigurationError(
                f'{place}: "{tag}" is no tag of an image', "use letters, digits, _ . and -, at most 128"
            )


def cpu_problems(image: str, published: PublishedImage | None, base: TaskDefinition, who: str) -> Iterator[Problem]:
    """The task asks for a CPU that the image was not built for."""
    system, cpu = operating_system(base), cpu_architecture(base)
    if system != "LINUX":
        what = "Windows tasks are" if system.upper().startswith("WINDOWS") else f"operating system {system} is"
        yield Problem(
            f"{who}: {what} not supported: deploytool builds and releases Linux images",
            f"set runtimePlatform.operatingSystemFamily of its task definition to LINUX, or take {who} out of "
            "deploytool.yml",
        )
        return
    if cpu not in PLATFORM:
        yield Problem(
            f"{who} runs on {cpu}, which deploytool does not know",
            f"set runtimePlatform.cpuArchitecture of its task definition to {' or '.join(PLATFORM)}",
        )
        return
    needs = PLATFORM[cpu]
    if published and published.platforms and not any(built.startswith(needs) for built in published.platforms):
        built = [cpu for cpu, platform in PLATFORM.items() if platform in published.platforms]
        other = f", or runtimePlatform.cpuArchitecture of its task definition to {built[0]}" if built else ""
        yield Problem(
            f"image {image} is built for {', '.join(published.platforms)}, but {who} runs on {needs}",
            f"set images.{image}.platforms to [{needs}]{other}",
        )
