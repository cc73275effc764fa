"""What `deploytool init` starts from, and what it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Command = tuple[str, ...]
Parameters = Mapping[str, str | tuple[str, ...]]
"""Values of `infra.parameters` by name."""
Modules = Literal["none", "production", "all"]


@dataclass(frozen=True)
class Surroundings:
    """The directory that will hold `deploytool.yml`, before anything is written."""

    directory: str
    """Its own name, without the path to it."""
    paths: frozenset[str] = frozenset()
    """Files below it, by `/`-separated path; without what is installed or built."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Text of those files that decide something."""
    within: str = ""
    """Path to it from the top of the git checkout; empty at the top, and where there is no checkout."""
    workspace: str = ""
    """Way up to the root of the packages that this one is installed with; empty where it is installed alone."""
    is_checkout: bool = True
    repository: str = ""
    """`owner/name` of the remote `origin`; empty where there is none."""
    branch: str = "main"
    """The default branch."""

    def has(self, *paths: str) -> bool:
        """One of these files is there."""
        return any(path in self.paths for path in paths)

    def has_under(self, directory: str) -> bool:
        """There is a file below the directory."""
        return any(path.startswith(f"{directory}/") for path in self.paths)


@dataclass(frozen=True)
class Environment:
    """One entry of `environments`; what is empty is left out of the file."""

    name: str
    region: str
    cluster: str
    repository: str
    account: str = ""
    url: str = ""
    check_url: str = ""
    """Where the web service is asked here, if not where the others are."""
    task: str = ""
    """Family of the migration here, if not that of the others."""
    parameters: Parameters | None = None
    """Of its own, beside those that all share; None where the cloud under it is not ours to make."""


@dataclass(frozen=True)
class Image:
    """One entry of `images`."""

    name: str
    target: str = ""
    takes_commit: bool = False
    """Its Dockerfile has the build argument COMMIT."""
    repository: str = ""


@dataclass(frozen=True)
class Check:
    """How a rollout is verified over HTTP."""

    url: str
    tells_version: bool
    """The answer is JSON with the commit in `version`."""
    is_known: bool = True
    """False where the address is not known yet: then it is written as a comment."""


@dataclass(frozen=True)
class Service:
    """One entry of `services`; `image` where one container runs one of ours, else `containers`."""

    name: str
    image: str = ""
    containers: Mapping[str, str] = field(default_factory=dict)
    check: Check | None = None


@dataclass(frozen=True)
class Migrate:
    """The entry `migrate`."""

    task: str
    image: str
    like: str
    files: str = ""


@dataclass(frozen=True)
class Draft:
    """A `deploytool.yml` that is not written yet."""

    app: str
    images: tuple[Image, ...]
    services: tuple[Service, ...]
    environments: tuple[Environment, ...]
    migrate: Migrate | None = None
    shared: Parameters = field(default_factory=dict)
    """Of `infra.parameters`, the same in every environment: those of the stacks that are there once."""
    checkbox: bool = True
    """The comment of a release gets a box that rolls back."""


@dataclass(frozen=True)
class NewFile:
    """A file to write. `path` is seen from the directory of `deploytool.yml`, or from the top of the checkout."""

    path: str
    text: str
    at_top: bool = False
