"""What a release is: who asked for which commit where, and what stands there now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from deploytool.core.observed import ServiceState, TaskDefinition


@dataclass(frozen=True)
class Commit:
    """The git commit that is released."""

    sha: str
    subject: str = ""
    committed_at: datetime | None = None
    source: str = ""
    """URL of the repository, for the OCI label ``org.opencontainers.image.source``."""

    @property
    def short(self) -> str:
        """The first seven hex digits, as GitHub shows them."""
        return self.sha[:7]


@dataclass(frozen=True)
class Origin:
    """Who asked for it, and from where."""

    actor: str = ""
    run_url: str = ""
    run_id: str = ""
    pull_request: int | None = None


@dataclass(frozen=True)
class Request:
    """One wish: this commit, in this environment."""

    release_id: str
    app: str
    environment: str
    commit: Commit
    origin: Origin = Origin()
    github_environment: str = ""
    """What the environment is called on GitHub; empty: the same."""
    production: bool | None = None
    """GitHub shows it as production; ``None``: by its name."""

    @property
    def deployed_to(self) -> str:
        """The environment, as GitHub knows it."""
        return self.github_environment or self.environment


@dataclass(frozen=True)
class PublishedImage:
    """An image in the registry."""

    digest: str
    platforms: tuple[str, ...] = ()
    """``linux/amd64`` and the like; empty where the registry did not say."""


@dataclass(frozen=True)
class LiveService:
    """A service as found before the release."""

    key: str
    """Its name in ``deploytool.yml``."""
    state: ServiceState
    task_definition: TaskDefinition
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags of its task definition: release, commit, pull request, run."""
    host: str = ""
    """DNS name (and port where it is not the scheme's own) of the load balancer in front of it."""

    @property
    def commit(self) -> str:
        """Sha of the commit that serves now; empty where something else than us deployed it."""
        return self.tags.get("deploytool:commit", "")


@dataclass(frozen=True)
class Problem:
    """One reason to refuse a release before anything changed."""

    cause: str
    fix: str


@dataclass(frozen=True)
class Live:
    """Everything looked up before deciding."""

    account: str
    services: Mapping[str, LiveService]
    images: Mapping[str, PublishedImage | None]
    """Per image of the configuration: what the registry holds for this commit."""
    migrate: TaskDefinition | None = None
    templates: Mapping[str, TaskDefinition] = field(default_factory=dict)
    """Task definition files of the repository, by service key; ``migrate`` is the migrate task's."""
    problems: tuple[Problem, ...] = ()
    """What the look itself found missing: cluster, services, secrets, roles, log groups."""
    warnings: tuple[str, ...] = ()
