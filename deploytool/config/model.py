"""What `deploytool.yml` says, as values that cannot change. Times are whole seconds."""

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
class ImageConfig:
    """One image to build and push.

    `platforms` empty means: the CPU of the task definition that will run it. `target` None is the last stage.
    `scan_fail_on` None means findings are not looked at. `repository` and `tag` are always filled in.
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


@dataclass(frozen=True)
class MigrateConfig:
    """The task that migrates the database before any service changes.

    `task` is the task definition family, `like` the service whose network and capacity it runs with. `container` None
    means the only essential container; `command` None means the one of the task definition.
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
    """What the answer must be; `version` is compared with the field `version` of a JSON answer."""

    status: int
    body: str | None
    version: str | None


@dataclass(frozen=True)
class VerifyConfig:
    """What must hold once the service is rolled out.

    Text here may still hold `${host}`: `verify_at` fills it in, once the load balancer is known.
    """

    url: str | None
    expect: ExpectConfig
    timeout: int
    interval: int
    bake: int
    alarms: tuple[str, ...]


@dataclass(frozen=True)
class ServiceConfig:
    """One ECS service. Exactly one of `image` (for the only container built here) and `containers` is set."""

    name: str
    service: str
    image: str | None
    containers: Mapping[str, str]
    template: str | None
    after: tuple[str, ...]
    timeout: int
    verify: VerifyConfig | None

    @property
    def images(self) -> frozenset[str]:
        """Names of the images that this service runs."""
        return frozenset(self.containers.values()) | ({self.image} if self.image else frozenset())


@dataclass(frozen=True)
class InfraConfig:
    """How the stacks of an environment are made.

    `templates` is a directory in the repository, None for the ones that come with deploytool. `parameters` are values
    by name, as CloudFormation takes them.
    """

    size: Size = "minimal"
    templates: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Environment:
    """One environment; images, migrate and services are those of the file with its overrides merged in.

    `ledger` is the DynamoDB table of releases and locks; None: there is neither. `rollback_workflow` is the name of a
    file in `.github/workflows`, there or not.
    """

    name: str
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
    ledger: str | None
    rollback_checkbox: bool
    rollback_workflow: str
    infra: InfraConfig


@dataclass(frozen=True)
class ConfigFile:
    """The whole file. `images`, `migrate` and `services` are those outside any environment."""

    app: str
    images: Mapping[str, ImageConfig]
    migrate: MigrateConfig | None
    services: Mapping[str, ServiceConfig]
    environments: Mapping[str, Environment]


@dataclass(frozen=True)
class EnvironmentConfig:
    """What holds for one release in one environment: overrides merged, variables filled in."""

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
