"""The options of `deploytool init`, the project that it scans, and the configuration that it drafts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from deploytool.errors import ConfigurationError

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
_SERVICE = re.compile(r"(?P<cluster>[A-Za-z][A-Za-z0-9_-]*)/(?P<service>[A-Za-z][A-Za-z0-9_-]*)")


class OptionInvalid(ConfigurationError):
    """An option is malformed, or conflicts with another."""


@dataclass(frozen=True)
class InitOptions:
    """Each option; what is not given is empty."""

    environments: tuple[str, ...] = ()
    app: str = ""
    region: str = ""
    account: str = ""
    cluster: str = ""
    domain: str = ""
    hosted_zone: str = ""
    health_path: str = ""
    port: int = 0
    dockerfile: str = ""
    role: str = ""
    plan_role: str = ""
    action: str = ""
    from_services: tuple[str, ...] = ()
    """`CLUSTER/SERVICE`"""
    config: str = "deploytool.yml"
    diff: bool = False
    try_image: bool = False
    output: str = "text"

    @property
    def existing_cluster(self) -> str:
        return self.from_services[0].partition("/")[0] if self.from_services else ""

    @property
    def existing_services(self) -> tuple[str, ...]:
        return tuple(name.partition("/")[2] for name in self.from_services)


def check_options(options: InitOptions, environments: tuple[str, ...]) -> None:
    """``environments`` are those that will be in the file. Raises OptionInvalid."""
    for name, (pattern, meaning) in _SHAPES.items():
        value = getattr(options, name)
        if value and not re.fullmatch(pattern, value):
            raise OptionInvalid(f"{_option(name)} must be {meaning}, not {value!r}", f"correct {_option(name)}")
    for name in options.from_services:
        if not _SERVICE.fullmatch(name):
            raise OptionInvalid(f"--from-service must be CLUSTER/SERVICE, not {name!r}", "such as shop/web")
    if len({name.partition("/")[0] for name in options.from_services}) > 1:
        raise OptionInvalid("--from-service names services of several clusters", "run it once per cluster")
    if len(environments) > 1:
        for name in ("cluster", "role", "from_services"):
            if getattr(options, name):
                raise OptionInvalid(
                    f"{_option(name)} applies to one environment, not to {', '.join(environments)}",
                    "give one environment, and add the others to the file",
                )
    if options.hosted_zone and not options.domain:
        raise OptionInvalid("--hosted-zone requires --domain", "give the host name of the app as well")


def _option(name: str) -> str:
    return "--from-service" if name == "from_services" else f"--{name.replace('_', '-')}"


def decoded(data: bytes) -> str:
    """Text of a file in UTF-8, or in UTF-16 with its mark; what is neither in it becomes U+FFFD."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    return data.decode("utf-8-sig", errors="replace")


Command = tuple[str, ...]
Parameters = Mapping[str, str | tuple[str, ...]]
"""Values of `infra.parameters` by name."""
Modules = Literal["none", "production", "all"]


@dataclass(frozen=True)
class ProjectScan:
    """The directory of `deploytool.yml`, before anything is written."""

    directory: str
    """Its name, without the path."""
    paths: frozenset[str] = frozenset()
    """Its files by `/`-separated path, without what is installed or built."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Text of those files that `deciding_files` names."""
    within: str = ""
    """Path to it from the top of the git checkout; empty at the top or without a checkout."""
    root: ProjectScan | None = None
    """The root of its workspace, else the top of the checkout; None where that is this directory."""
    member: str = ""
    """Path to it from ``root``."""
    is_checkout: bool = True
    repository: str = ""
    """`owner/name` of the remote `origin`, or empty."""
    branch: str = "main"
    """Default branch."""

    def has(self, *paths: str) -> bool:
        """One of these files exists."""
        return any(path in self.paths for path in paths)

    def has_under(self, directory: str) -> bool:
        return any(path.startswith(f"{directory}/") for path in self.paths)

    def below(self, directory: str) -> ProjectScan:
        """One of its directories as a project of its own."""
        start = len(directory) + 1
        inside = frozenset(path[start:] for path in self.paths if path.startswith(f"{directory}/"))
        texts = {path[start:]: text for path, text in self.texts.items() if path.startswith(f"{directory}/")}
        return ProjectScan(directory.rpartition("/")[2], inside, texts)

    def package(self, directory: str = "") -> Mapping[str, Any]:
        """package.json of a directory; empty where there is none, or it is no JSON object."""
        try:
            package = json.loads(self.texts.get(f"{directory}/package.json".lstrip("/"), ""))
        except (ValueError, RecursionError):
            return {}
        return package if isinstance(package, dict) else {}

    @cached_property
    def workspaces(self) -> tuple[str, ...]:
        """Patterns of its packages; empty where it is no root of a workspace."""
        listed = self.package().get("workspaces")
        listed = listed.get("packages") if isinstance(listed, dict) else listed
        patterns = [str(pattern) for pattern in listed] if isinstance(listed, list) else []
        text = self.texts.get("pnpm-workspace.yaml", "")
        block = re.search(r"^packages:[ \t]*(\[[^\]]*\]|(?:\r?\n[ \t]*(?:-[^\n]*|#[^\n]*)?)+)", text, re.MULTILINE)
        items = re.findall(r"""(?:-|\[|,)[ \t]*["']?([^"'\s,\[\]#]+)""", block[1]) if block else []
        return (*patterns, *items)

    @property
    def is_workspace_root(self) -> bool:
        return bool(self.workspaces)

    def is_member(self, directory: str) -> bool:
        """The workspace has a package in this directory."""
        chosen = False
        for pattern in self.workspaces:
            plain = pattern.removeprefix("!").removeprefix("./").rstrip("/")
            expression = re.escape(plain).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
            if re.fullmatch(expression, directory):
                chosen = not pattern.startswith("!")
        return chosen and f"{directory}/package.json" in self.paths

    @cached_property
    def members(self) -> tuple[str, ...]:
        """Directories of the workspace's packages."""
        folders = {path.rpartition("/")[0] for path in self.paths if path.endswith("/package.json")}
        return tuple(sorted(folder for folder in folders if self.is_member(folder)))

    @property
    def workspace(self) -> ProjectScan | None:
        """The root of the workspace that this is a package of."""
        return self.root if self.root and self.root.is_member(self.member) else None


@dataclass(frozen=True)
class Environment:
    """One entry of `environments`; empty fields are left out of the file."""

    name: str
    region: str
    cluster: str
    repository: str
    account: str = ""
    url: str = ""
    check_url: str = ""
    """Address to verify here, where it differs from the main environment's."""
    task: str = ""
    """Task definition family of the migration here, where it differs."""
    parameters: Parameters | None = None
    """Its own, besides the shared ones; None where the infrastructure is not ours."""


@dataclass(frozen=True)
class Image:
    """One entry of `images`. Paths are relative to `deploytool.yml`."""

    name: str
    target: str = ""
    declares_commit: bool = False
    """Its Dockerfile has `ARG COMMIT`."""
    repository: str = ""
    dockerfile: str = "Dockerfile"
    context: str = ""
    """Empty: the directory of `deploytool.yml`."""
    variables: tuple[str, ...] = ()
    """Build arguments with the values of variables of the same names."""


@dataclass(frozen=True)
class Check:
    """The HTTP check after a rollout."""

    url: str
    returns_version: bool
    """The response is JSON with the commit in `version`."""
    is_known: bool = True
    """The address is known; else the check is written as a comment."""


@dataclass(frozen=True)
class Service:
    """One entry of `services`, with either `image` or `containers`."""

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
    command: Command = ()
    """Empty: that of the task definition."""


@dataclass(frozen=True)
class Draft:
    """A `deploytool.yml` that is not written yet."""

    app: str
    images: tuple[Image, ...]
    services: tuple[Service, ...]
    environments: tuple[Environment, ...]
    migrate: Migrate | None = None
    shared: Parameters = field(default_factory=dict)
    """`infra.parameters` of the stacks that all environments share."""
    checkbox: bool = True
    """Value of `rollback_checkbox`."""
    rollback_workflow: str = ""
    """Empty: `rollback.yml`."""
    dockerfile: str = ""
    """The project's own; empty: init writes it, or nothing is built by it."""
    writes_route: bool = False
    """A health route is part of what init writes."""
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    """What init cannot know, each with what to decide."""


@dataclass(frozen=True)
class NewFile:
    """A file to write. `path` is relative to the directory of `deploytool.yml`, or to the top of the checkout."""

    path: str
    text: str
    at_top: bool = False


PRODUCTION = "production"
_APP = re.compile(r"(?!.*--)[a-z][a-z0-9-]{1,18}[a-z0-9]")
_ENVIRONMENT = re.compile(r"(?!.*--)[a-z][a-z0-9-]{0,14}[a-z0-9]")
"""As the templates in cloudformation/ allow them: RDS and ElastiCache are named after both."""
_LONGEST = 20
_GENERIC = frozenset({
    "web", "app", "api", "server", "client", "frontend", "backend", "site", "website", "www", "public", "dashboard",
    "main", "next", "nextjs", "service", "worker", "my-app", "docs", "monorepo", "root", "nextjs-app", "my-project",
})  # fmt: skip
"""Names that many projects have: stacks of two repositories would meet."""
_REMOTE = re.compile(r"(?:^[^@/]+@[^:/]+:|^\w+://[^/]+/)/?(?P<repository>[^/]+/[^/]+?)(?:\.git)?/?$")


class NameInvalid(ConfigurationError):
    """AWS or GitHub would not accept the name."""


def app_name(scan: ProjectScan, package: Mapping[str, Any] | None) -> str:
    """The name in package.json, else of the repository, else of the directory, as AWS accepts it.

    One that fits whole comes first; a long one ends at a dash. A package of a workspace is named after the repository.
    """
    own = _name(str((package or {}).get("name") or "").rpartition("/")[2])
    repository = _name(scan.repository.partition("/")[2])
    if scan.member and repository:
        last = _name(scan.member.rpartition("/")[2])
        names = [repository if last in repository.split("-") else f"{repository}-{last}", repository, own]
    elif own in _GENERIC:
        names = [repository, _name(scan.directory), own]
    else:
        names = [own, repository, _name(scan.directory)]
    for name in (*names, *map(_shortened, names)):
        if _APP.fullmatch(name):
            return name
    return "app"


def _name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).lstrip("0123456789-").rstrip("-")


def _shortened(name: str) -> str:
    """Up to the last dash that fits, or cut where there is none."""
    if len(name) <= _LONGEST:
        return name
    return name[: _LONGEST + 1].rpartition("-")[0] or name[:_LONGEST]


def check_app(name: str) -> str:
    """The name, if stacks, repositories and task definitions can have it. Raises NameInvalid."""
    if not _APP.fullmatch(name):
        raise NameInvalid(
            f"invalid app name: {name!r}",
            "use 3 to 20 lowercase letters, digits and single dashes in --app; start with a letter, end without a dash",
        )
    return name


def check_environments(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, by default `production`. Raises NameInvalid."""
    for name in names:
        if not _ENVIRONMENT.fullmatch(name):
            raise NameInvalid(
                f"invalid environment name: {name!r}",
                "use 2 to 16 lowercase letters, digits and single dashes; start with a letter, end without a dash",
            )
    return tuple(dict.fromkeys(names)) or (PRODUCTION,)


def main_environment(names: tuple[str, ...]) -> str:
    """The environment that a push deploys to: `production`, else the first."""
    return PRODUCTION if PRODUCTION in names else names[0]


def cluster_name(app: str, environment: str) -> str:
    """The app's name; elsewhere than in production followed by the environment."""
    return app if environment == PRODUCTION else f"{app}-{environment}"


def repository_of(remote: str) -> str:
    """`owner/name` of a git remote's address; empty where it has another form."""
    match = _REMOTE.search(remote.strip())
    return match["repository"] if match else ""
