"""The options of `deploytool init`, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from deploytool.errors import ConfigurationError

# SEG core.init.given
# The options of `deploytool init`, and what is wrong with them.

_SHAPES = {
    "region": (r"[a-z]+(-[a-z]+)+-[0-9]+", "an AWS region such as us-east-1"),
    "account": (r"[0-9]{12}", "an AWS account id: 12 digits"),
    "cluster": (r"[A-Za-z][A-Za-z0-9_-]{0,254}", "the name of an ECS cluster"),
    "domain": (r"(?=.{4,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", "a host name"),
    "hosted_zone": (r"Z[A-Z0-9]{1,31}", "the id of a Route 53 zone, which begins with Z"),
    "health_path": (r"/[^\s\"'#?]*", "a path that begins with /"),
    "role": (r"arn:[a-z-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+", "the ARN of an IAM role"),
    "plan_role": (r"arn:[a-z-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+", "the ARN of an IAM role"),
    "action": (r"[\w.-]+/[\w./-]+@[\w./-]+", "OWNER/NAME@COMMIT"),
}
_LIVE = re.compile(r"(?P<cluster>[A-Za-z][A-Za-z0-9_-]*)/(?P<service>[A-Za-z][A-Za-z0-9_-]*)")


class OptionInvalid(ConfigurationError):
    """An option is not of its shape, or does not go with another."""


@dataclass(frozen=True)
class InitOptions:
    """Each option; what was not given is empty."""

    environments: tuple[str, ...] = ()
    app: str = ""
    region: str = ""
    account: str = ""
    cluster: str = ""
    domain: str = ""
    hosted_zone: str = ""
    health_path: str = ""
    role: str = ""
    plan_role: str = ""
    action: str = ""
    live: tuple[str, ...] = ()
    """`CLUSTER/SERVICE`"""
    config: str = "deploytool.yml"
    diff: bool = False
    output: str = "text"

    @property
    def live_cluster(self) -> str:
        """The cluster of the services to start from."""
        return self.live[0].partition("/")[0] if self.live else ""

    @property
    def live_services(self) -> tuple[str, ...]:
        """Names of the services to start from."""
        return tuple(each.partition("/")[2] for each in self.live)


def check_options(given: InitOptions, environments: tuple[str, ...]) -> None:
    """``environments`` are those that will be in the file. Raises OptionInvalid."""
    for name, (pattern, meaning) in _SHAPES.items():
        value = getattr(given, name)
        if value and not re.fullmatch(pattern, value):
            raise OptionInvalid(f"{_option(name)} must be {meaning}, not {value!r}", f"correct {_option(name)}")
    for each in given.live:
        if not _LIVE.fullmatch(each):
            raise OptionInvalid(f"--from-service must be CLUSTER/SERVICE, not {each!r}", "such as shop/web")
    if len({each.partition("/")[0] for each in given.live}) > 1:
        raise OptionInvalid("--from-service names services of several clusters", "run it once per cluster")
    if len(environments) > 1:
        for name in ("cluster", "role", "live"):
            if getattr(given, name):
                raise OptionInvalid(
                    f"{_option(name)} is of one environment, and there are {', '.join(environments)}",
                    "give one environment, and write the others into the file",
                )
    if given.hosted_zone and not given.domain:
        raise OptionInvalid("--hosted-zone does nothing without --domain", "give the app's host name as well")


def _option(name: str) -> str:
    return "--from-service" if name == "live" else f"--{name.replace('_', '-')}"


# SEG core.init.model
# What `deploytool init` starts from, and what it makes.

Command = tuple[str, ...]
Parameters = Mapping[str, str | tuple[str, ...]]
"""Values of `infra.parameters` by name."""
Modules = Literal["none", "production", "all"]


@dataclass(frozen=True)
class ProjectScan:
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


# SEG core.init.names
# Names for what is not named yet.

PRODUCTION = "production"
_APP = re.compile(r"(?!.*--)[a-z][a-z0-9-]{1,18}[a-z0-9]")
_ENVIRONMENT = re.compile(r"(?!.*--)[a-z][a-z0-9-]{0,14}[a-z0-9]")
"""Both as the templates in cloudformation/ take them: RDS and ElastiCache are called after them."""
_LONGEST = 20
_REMOTE = re.compile(r"(?:^[^@/]+@[^:/]+:|^\w+://[^/]+/)/?(?P<repository>[^/]+/[^/]+?)(?:\.git)?/?$")


class NameInvalid(ConfigurationError):
    """A name that AWS or GitHub would not take."""


def app_name(around: ProjectScan, package: Mapping[str, Any] | None) -> str:
    """The name in package.json, else of the repository, else of the directory, as AWS takes it."""
    told = str((package or {}).get("name") or "").rpartition("/")[2]
    for name in (told, around.repository.partition("/")[2], around.directory):
        found = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("0123456789-")[:_LONGEST].rstrip("-")
        if _APP.fullmatch(found):
            return found
    return "app"


def check_app(name: str) -> str:
    """The name, which stacks, repositories and task definitions will have. Raises NameInvalid."""
    if not _APP.fullmatch(name):
        raise NameInvalid(
            f"the app cannot be called {name!r}",
            "give --app 3 to 20 small letters, digits and single dashes; the first a letter, the last no dash",
        )
    return name


def check_environments(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, `production` where none is given. Raises NameInvalid."""
    for name in names:
        if not _ENVIRONMENT.fullmatch(name):
            raise NameInvalid(
                f"an environment cannot be called {name!r}",
                "give --environment 2 to 16 small letters, digits, single dashes; the first a letter, the last no dash",
            )
    return tuple(dict.fromkeys(names)) or (PRODUCTION,)


def main_environment(names: tuple[str, ...]) -> str:
    """Where a push goes: `production`, else the first one."""
    return PRODUCTION if PRODUCTION in names else names[0]


def cluster_name(app: str, environment: str) -> str:
    """That of the app in production, with the environment behind it elsewhere."""
    return app if environment == PRODUCTION else f"{app}-{environment}"


def repository_of(remote: str) -> str:
    """`owner/name` of a git remote's address; empty where it has another shape."""
    found = _REMOTE.search(remote.strip())
    return found["repository"] if found else ""
