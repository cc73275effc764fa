"""`deploytool.yml` as frozen values. Times are in whole seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


Cache = Literal["none", "registry", "github"]
Severity = Literal["critical", "high", "medium", "low"]
OnCancel = Literal["finish", "stop"]
Size = Literal["minimal", "scaled"]


@dataclass(frozen=True)
class SecretFromVariable:
    """A build secret whose value is in an environment variable of the machine that builds."""

    variable: str


@dataclass(frozen=True)
class SecretFromFile:
    """A build secret whose value is the content of a file of the machine that builds."""

    path: str


BuildSecret = SecretFromVariable | SecretFromFile


@dataclass(frozen=True)
class CredentialsConfig:
    """The login of a registry other than ECR."""

    username: str
    password: BuildSecret


@dataclass(frozen=True)
class ImageConfig:
    """One image to build and push.

    Empty `platforms`: the CPU of the task definition. `target` None: the last stage. `scan_fail_on` None: findings are
    ignored. `repository` and `tag` are always filled in.
    """

    name: str
    dockerfile: str
    context: str
    target: str | None
    platforms: tuple[str, ...]
    build_args: Mapping[str, str]
    secrets: Mapping[str, BuildSecret]
    cache: Cache
    repository: str
    tag: str
    scan_fail_on: Severity | None
    build: bool = True
    """False: the image must be in the registry."""
    registry: str | None = None
    """Host; None: the ECR of the account and region."""
    digest: str | None = None
    """Runs this image, whatever its tag names."""
    credentials: CredentialsConfig | None = None
    also_tags: tuple[str, ...] = ()
    """Further tags, moved to the image that is released."""


@dataclass(frozen=True)
class MigrateConfig:
    """The task that migrates the database before any service is updated.

    `task` is the task definition family, `like` the service whose network and capacity it uses. `container` None: the
    only essential container. `command` None: the one of the task definition.
    """

    task: str
    image: str
    like: str
    container: str | None
    command: tuple[str, ...] | None
    timeout: int
    on_cancel: OnCancel
    template: str | None
    files: str | None = None


@dataclass(frozen=True)
class ExpectConfig:
    """The expected response; `version` is compared with the field `version` of a JSON response."""

    status: int
    body: str | None
    version: str | None


@dataclass(frozen=True)
class VerifyConfig:
    """The check after the rollout. Text may have `${host}`: `verify_at` fills it in."""

    url: str | None
    expect: ExpectConfig
    timeout: int
    interval: int
    bake: int
    alarms: tuple[str, ...]
    command: tuple[str, ...] = ()
    command_timeout: int = 600


@dataclass(frozen=True)
class ServiceConfig:
    """One ECS service, with either `image` (of its only container of ours) or `containers`."""

    name: str
    service: str
    image: str | None
    containers: Mapping[str, str]
    template: str | None
    after: tuple[str, ...]
    timeout: int
    verify: VerifyConfig | None
    steady: int = 0
    """How long every new task must have run before the release succeeds; the loader fills in `verify.steady`."""

    @property
    def images(self) -> frozenset[str]:
        return frozenset(self.containers.values()) | ({self.image} if self.image else frozenset())


@dataclass(frozen=True)
class InfraConfig:
    """The stacks of an environment. `templates` is a directory in the repository; None: those of deploytool."""

    size: Size = "minimal"
    templates: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EnvironmentConfig:
    """One environment: overrides merged, defaults filled in; variables too, once `resolve` returned it.

    `ledger` is the DynamoDB table of releases and locks; None: there is neither. `rollback_workflow` is a file name in
    `.github/workflows`, which may not exist.
    """

    app: str
    environment: str
    region: str
    cluster: str
    repository: str
    account: str | None
    role_arn: str | None
    github_environment: str
    url: str | None
    production: bool | None
    timeout: int
    images: Mapping[str, ImageConfig]
    migrate: MigrateConfig | None
    services: Mapping[str, ServiceConfig]
    ledger: str | None = None
    rollback_checkbox: bool = False
    rollback_workflow: str = "rollback.yml"
    infra: InfraConfig = InfraConfig()
    variables: Mapping[str, str] = field(default_factory=dict)
    """Filled in for `${NAME}` in task definition files."""


@dataclass(frozen=True)
class ConfigFile:
    """The whole file; `images`, `migrate` and `services` are without overrides."""

    app: str
    images: Mapping[str, ImageConfig]
    migrate: MigrateConfig | None
    services: Mapping[str, ServiceConfig]
    environments: Mapping[str, EnvironmentConfig]
