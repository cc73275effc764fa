"""From a document to the configuration, or to everything that is wrong with it.

Overrides follow JSON Merge Patch (RFC 7396): mappings merge key by key, anything else replaces, null removes a key. To
remove a key that does not exist is an error, since it is usually a misspelling.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from deploytool.config.errors import ConfigErrors, Document, IssueCollector, did_you_mean, dotted
from deploytool.config.model import (
    BuildSecret,
    ConfigFile,
    CredentialsConfig,
    EnvironmentConfig,
    ExpectConfig,
    ImageConfig,
    InfraConfig,
    MigrateConfig,
    SecretFromFile,
    SecretFromVariable,
    ServiceConfig,
    VerifyConfig,
)
from deploytool.config.schema import ENVIRONMENT, FILE, RELEASED, STEADY
from deploytool.config.types import fill, filled, unset_variables, variables_in
from deploytool.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploytool.config.errors import ConfigIssue, Path, Position


def overridden(document: Document, base: dict[str, object], patch: dict[str, object], at: Path) -> Document:
    """`base`, the top of the document, merged with `patch`, which is at path `at`. Positions are kept."""
    merge = _Merge(document, dict(document.keys), dict(document.values), IssueCollector(document))
    data = merge.mappings(base, patch, (), at)
    return Document(document.file, data, merge.keys, merge.values, tuple(merge.issues.collected))


@dataclass(frozen=True)
class _Merge:
    document: Document
    keys: dict[Path, Position]
    values: dict[Path, Position]
    issues: IssueCollector

    def mappings(
        self, base: dict[str, object], patch: dict[str, object], path: Path, patch_path: Path
    ) -> dict[str, object]:
        merged = dict(base)
        for name, change in patch.items():
            here, source = (*path, name), (*patch_path, name)
            if change is None:
                self._remove(merged, name, here, source)
                continue
            old = merged.get(name)
            if isinstance(old, dict) and isinstance(change, dict):
                merged[name] = self.mappings(old, change, here, source)
            else:
                merged[name] = self._adopt(change, here, source)
        return merged

    def _remove(self, merged: dict[str, object], name: str, here: Path, source: Path) -> None:
        if name in merged:
            del merged[name]
            self._move(here, source)
        else:
            problem = f"there is no {dotted(here)} to remove"
            self.issues.at_key(source, problem, did_you_mean(str(name), [str(known) for known in merged]))

    def _adopt(self, value: object, here: Path, source: Path) -> object:
        """A part of the patch that replaces what was there, with its positions."""
        self._move(here, source)
        if isinstance(value, dict):
            return self.mappings({}, value, here, source)
        if isinstance(value, list):
            return [self._adopt(item, (*here, index), (*source, index)) for index, item in enumerate(value)]
        return value

    def _move(self, here: Path, source: Path) -> None:
        for places, origin in ((self.keys, self.document.keys), (self.values, self.document.values)):
            if source in origin:
                places[here] = origin[source]


def check_references(document: Document, issues: IssueCollector) -> None:
    """Reports unknown images and services, cycles, and images that would overwrite each other.

    Parts that are missing or of the wrong kind are skipped: `Record.check` reports them.
    """
    references = _References(_mapping(document.data, "images"), _mapping(document.data, "services"), issues)
    migrate = _mapping(document.data, "migrate")
    references.image(migrate.get("image"), ("migrate", "image"))
    references.service(migrate.get("like"), ("migrate", "like"))
    for name in references.services:
        path = ("services", name)
        service = _mapping(references.services, name)
        references.image(service.get("image"), (*path, "image"))
        for container, image in _mapping(service, "containers").items():
            references.image(image, (*path, "containers", container))
        for index, other in enumerate(_list(service, "after")):
            references.service(other, (*path, "after", index))
    references.cycles()
    references.same_tags()
    for name in references.images:
        check_image(_mapping(references.images, name), ("images", name), issues)


_UNFIT_FOR_A_TAG = re.compile(r"[^A-Za-z0-9_.-]+")
_PER_COMMIT = frozenset({"commit", "short_commit", "git_tag"})
_REGISTRIES = (
    "amazonaws.com", "amazonaws.com.cn", "azurecr.io", "docker.io", "gcr.io", "ghcr.io", "gitlab.com", "jfrog.io",
    "mcr.microsoft.com", "pkg.dev", "public.ecr.aws", "quay.io",
)  # fmt: skip
_ECR_NAME = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")
"""https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html"""
_OTHER_NAME = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
"""https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests"""


def repository_problem(repository: str, registry: str | None) -> tuple[str, str] | None:
    """Why no repository can be called so, and the fix."""
    host, slash, rest = repository.partition("/")
    address = host.partition(":")[0]
    if slash and (":" in host or any(f".{address}".endswith(f".{known}") for known in _REGISTRIES)):
        only = rest.partition("@")[0].partition(":")[0]
        fix = f'write only what follows the slash: "{only}"'
        return "has the address of a registry", fix + ("" if registry else f"; if it is not your ECR, registry: {host}")
    if ":" in repository or "@" in repository:
        return (
            "has a tag or digest",
            f'write "{repository.partition("@")[0].partition(":")[0]}", and the tag under `tag`',
        )
    if repository != repository.lower():
        return "has upper-case letters, which no registry allows", f'write "{repository.lower()}"'
    is_ecr = registry is None or ".ecr." in registry
    pattern = _ECR_NAME if is_ecr else _OTHER_NAME
    if pattern.fullmatch(repository) and len(repository) <= 256:
        return None
    return "is no name of a repository", "use lower-case letters and digits, separated by . _ - or /"


def check_image(image: dict[str, Any], path: Path, issues: IssueCollector) -> None:
    """Reports keys of an image that contradict each other."""
    built = image.get("build", True) is not False and "digest" not in image
    tag = image.get("tag")
    if isinstance(tag, str) and built:
        names = variables_in(tag)
        if names.isdisjoint(_PER_COMMIT) and not any(name.startswith("env.") for name in names):
            meaning = "made of ${commit}, ${short_commit}, ${git_tag} or ${env.NAME}: a tag is never reused"
            issues.at_value(
                (*path, "tag"), f'"tag" must be {meaning}', "or add `build: false`, if it is built elsewhere"
            )
    if "digest" in image and image.get("build") is True:
        issues.at_key((*path, "digest"), "an image with a digest is not built", "remove `build` or `digest`")
    if "credentials" in image and "registry" not in image:
        issues.at_key((*path, "credentials"), "credentials need a registry: ECR uses those of AWS", "add `registry`")
    if "scan" in image and isinstance(image.get("registry"), str) and ".ecr." not in image["registry"]:
        issues.at_key((*path, "scan"), "only ECR scans images", "remove `scan`")
    repository, registry = image.get("repository"), image.get("registry")
    if isinstance(repository, str):
        _check_repository(repository, registry if isinstance(registry, str) else None, (*path, "repository"), issues)


def _check_repository(repository: str, registry: str | None, path: Path, issues: IssueCollector) -> None:
    """The text as it is, a variable counting as a letter."""
    letters = dict.fromkeys(variables_in(repository), "x")
    if problem := repository_problem(fill(repository, letters), registry):
        issues.at_value(path, f'"repository" {problem[0]}', problem[1] if not letters else "correct it")


def check_account(value: object, path: Path, issues: IssueCollector) -> None:
    """Reports text that names `${account}`, for an environment that does not say its account."""
    for place, text in _texts(value, path):
        if "account" in variables_in(text):
            issues.at_value(place, "${account} is not known", 'add "account" to every environment that uses this')


def default_tag(images: dict[str, Any], name: str) -> str:
    """The commit; followed by the image's name where images share the repository."""
    repository = _mapping(images, name).get("repository")
    shared = [other for other in images if _mapping(images, other).get("repository") == repository]
    return "${commit}" if shared == [name] else f"${{commit}}-{name}"


@dataclass(frozen=True)
class _References:
    images: dict[str, Any]
    services: dict[str, Any]
    issues: IssueCollector

    def image(self, name: object, path: Path) -> None:
        if self.images and isinstance(name, str) and name not in self.images:
            self.issues.at_value(path, f'there is no image "{name}"', did_you_mean(name, self.images))

    def service(self, name: object, path: Path) -> None:
        if self.services and isinstance(name, str) and name not in self.services:
            self.issues.at_value(path, f'there is no service "{name}"', did_you_mean(name, self.services))

    def cycles(self) -> None:
        graph = {
            name: [other for other in _list(_mapping(self.services, name), "after") if isinstance(other, str)]
            for name in self.services
        }
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            # graphlib lists each service before those that wait for it.
            cycle = error.args[1][::-1]
            path = ("services", cycle[0], "after")
            self.issues.at_value(path, f"services wait for each other: {' after '.join(cycle)}", "remove one `after`")

    def same_tags(self) -> None:
        taken: dict[tuple[object, ...], str] = {}
        for name in self.images:
            image = _mapping(self.images, name)
            repository, tag = image.get("repository"), image.get("tag", default_tag(self.images, name))
            if not isinstance(tag, str) or not isinstance(repository, str | None) or "digest" in image:
                continue
            first = taken.setdefault((str(image.get("registry")), repository, tag), name)
            if first != name:
                problem = f"images {first} and {name} have the same repository and tag {tag}"
                self.issues.at_key(("images", name), problem, "change the tag or repository of one")


def _mapping(data: object, key: str) -> dict[str, Any]:
    value = data.get(key) if isinstance(data, dict) else None
    # A key that is not text is reported elsewhere.
    return {name: item for name, item in value.items() if isinstance(name, str)} if isinstance(value, dict) else {}


def _list(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


def _texts(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


Read = dict[str, Any]


def _build_environment(name: str, read: Read, parts: Read, app: str) -> EnvironmentConfig:
    values = {key: value for key, value in read.items() if key != "overrides"} | {
        "app": app,
        "environment": name,
        "repository": read["repository"] or app,
        "github_environment": read["github_environment"] or name,
        "images": _build_images(parts["images"], read["repository"] or app),
        "migrate": _build_migrate(parts["migrate"]),
        "services": _build_services(parts["services"], read["timeout"]),
        "infra": InfraConfig(**read["infra"]),
        "variables": parts["variables"],
    }
    return EnvironmentConfig(**values)


def _build_images(read: Read, repository: str) -> dict[str, ImageConfig]:
    images = {}
    for name, image in read.items():
        values = {key: value for key, value in image.items() if key != "scan"} | {
            "name": name,
            "build": image["build"] and not image["digest"],
            "secrets": {secret: _secret(source) for secret, source in image["secrets"].items()},
            "credentials": _credentials(image["credentials"]),
            "repository": image["repository"] or repository,
            "tag": image["tag"] or default_tag(read, name),
            "scan_fail_on": image["scan"]["fail_on"] if image["scan"] else None,
        }
        images[name] = ImageConfig(**values)
    return images


def _secret(source: Read) -> BuildSecret:
    return SecretFromVariable(source["env"]) if source["env"] else SecretFromFile(source["file"])


def _credentials(read: Read | None) -> CredentialsConfig | None:
    return CredentialsConfig(read["username"], _secret(read["password"])) if read else None


def _build_migrate(read: Read | None) -> MigrateConfig | None:
    return MigrateConfig(**read) if read else None


def _build_services(read: Read, timeout: int) -> dict[str, ServiceConfig]:
    services = {}
    for name, service in read.items():
        values = service | {
            "name": name,
            "service": service["service"] or name,
            "containers": service["containers"] or {},
            "timeout": service["timeout"] or timeout,
            "verify": _build_verify(service["verify"]) if service["verify"] else None,
            "steady": service["verify"]["steady"] if service["verify"] else STEADY,
        }
        services[name] = ServiceConfig(**values)
    return services


def _build_verify(read: Read) -> VerifyConfig | None:
    """`None` where only `steady` is given."""
    if read["url"] is None and read["bake"] is None and read["command"] is None:
        return None
    read = {key: value for key, value in read.items() if key != "steady"}
    values = {"expect": ExpectConfig(**read["expect"]), "bake": read["bake"] or 0, "alarms": read["alarms"] or ()}
    values["command"] = read["command"] or ()
    return VerifyConfig(**(read | values))


def parse(document: Document) -> ConfigFile:
    """Raises ConfigErrors, with every issue of the document."""
    issues = IssueCollector(document)
    FILE.check(document.data, (), issues)
    check_references(document, issues)
    all_issues = [*document.issues, *issues.collected]
    parts: dict[str, Any] = {}
    for name, environment in _environments(document.data):
        merged = _merged(document, name, environment)
        all_issues += _own_issues(merged, name, environment, issues.collected)
        parts[name] = merged.data
    if all_issues:
        raise ConfigErrors(all_issues)
    config = _config(FILE.read(document.data), parts)
    if together := _issues_together(document, config):
        raise ConfigErrors(together)
    return config


def _issues_together(document: Document, config: ConfigFile) -> list[ConfigIssue]:
    """What only shows once variables are filled in, and environments are seen beside each other."""
    issues = IssueCollector(document)
    first: dict[tuple[str, ...], list[tuple[str, str | None, ImageConfig]]] = {}
    for name in config.environments:
        environment = resolve(config, name)
        account = environment.account or _account_of(environment.role_arn)
        for key, image in environment.images.items():
            path = _place_of_repository(document, name, key)
            if problem := repository_problem(_without_variables(image.repository), image.registry):
                shown = f'"{image.repository}"'
                issues.at_value(path, f"in environment {name}, repository {shown} {problem[0]}", problem[1])
            if not image.build:
                continue
            where = (image.registry or environment.region, image.repository, image.tag)
            for other, its_account, its_image in first.setdefault(where, []):
                may_be_one = image.registry or not account or not its_account or account == its_account
                if may_be_one and (fields := _built_differently(image, its_image)):
                    cause = f"environments {other} and {name} build image {key} differently ({fields})"
                    fix = "put ${environment} into its tag or repository; if the accounts differ, give both `account`"
                    issues.at_key(("images", key), f"{cause}, and push it under one tag", fix)
                    break
            first[where].append((name, account, image))
    return issues.collected


def _account_of(role_arn: str | None) -> str | None:
    match = re.match(r"arn:[^:]*:iam::([0-9]{12}):", role_arn or "")
    return match[1] if match else None


_BUILT_FROM = ("dockerfile", "context", "target", "platforms", "build_args")


def _built_differently(one: ImageConfig, other: ImageConfig) -> str:
    return ", ".join(field for field in _BUILT_FROM if getattr(one, field) != getattr(other, field))


def _without_variables(text: str) -> str:
    return fill(text, dict.fromkeys(variables_in(text), "x"))


def _place_of_repository(document: Document, environment: str, image: str) -> Path:
    """Where the name of an image's repository comes from."""
    places: tuple[Path, ...] = (
        ("environments", environment, "overrides", "images", image, "repository"),
        ("images", image, "repository"),
        ("environments", environment, "repository"),
    )
    return next((place for place in places if document.position_of_value(place)), ("app",))


def _environments(data: object) -> list[tuple[str, dict[str, Any]]]:
    environments = data.get("environments") if isinstance(data, dict) else None
    if not isinstance(environments, dict):
        return []
    return [(name, value) for name, value in environments.items() if isinstance(value, dict)]


def _merged(document: Document, name: str, environment: dict[str, Any]) -> Document:
    data = document.data if isinstance(document.data, dict) else {}
    base = {key: data[key] for key in RELEASED.keys if key in data}
    overrides = environment.get("overrides")
    known = {key: overrides[key] for key in RELEASED.keys if key in overrides} if isinstance(overrides, dict) else {}
    return overridden(document, base, known, ("environments", name, "overrides"))


def _own_issues(
    merged: Document, name: str, environment: dict[str, Any], of_base: list[ConfigIssue]
) -> list[ConfigIssue]:
    """Issues of the environment only, with its name: their position may be in another part of the file."""
    issues = IssueCollector(merged)
    RELEASED.check(merged.data, (), issues)
    check_references(merged, issues)
    if "account" not in environment:
        own = {key: value for key, value in environment.items() if key != "overrides"}
        check_account(own, ("environments", name), issues)
        check_account(merged.data, (), issues)
    own_issues = [issue for issue in (*merged.issues, *issues.collected) if issue not in of_base]
    return [replace(issue, problem=f"in environment {name}, {issue.problem}") for issue in own_issues]


def _config(file: dict[str, Any], parts: dict[str, Any]) -> ConfigFile:
    app: str = file["app"]
    timeout = ENVIRONMENT.read({})["timeout"]
    return ConfigFile(
        app=app,
        images=_build_images(file["images"], repository=app),
        migrate=_build_migrate(file["migrate"]),
        services=_build_services(file["services"], timeout=timeout),
        environments={
            name: _build_environment(name, environment, RELEASED.read(parts[name]), app)
            for name, environment in file["environments"].items()
        },
    )


class VariableUnset(ConfigurationError):
    """`${env.NAME}` where the process has no variable NAME."""


def resolve(
    config: ConfigFile,
    environment_name: str,
    variables: Mapping[str, str] | None = None,
    process: Mapping[str, str] | None = None,
) -> EnvironmentConfig:
    """The environment with its variables filled in.

    `variables` has `commit`, and optionally `short_commit`. Without them, text that uses them (tags, build arguments,
    the expected version) stays, which suits a command that releases nothing. `${host}` always stays: see `verify_at`.
    `process` has the variables for `${env.NAME}`; without it, they stay. What images are built from and called may stay
    until they are needed.

    Raises:
        ConfigurationError: there is no such environment.
        VariableUnset
    """
    environment = config.environments.get(environment_name)
    if environment is None:
        fix = did_you_mean(environment_name, config.environments)
        raise ConfigurationError(f'there is no environment "{environment_name}" in the configuration', fix)
    known = {"app": config.app, "environment": environment_name, "region": environment.region, **(variables or {})}
    if environment.account:
        known["account"] = environment.account
    if "commit" in known:
        known.setdefault("short_commit", known["commit"][:7])
    known |= {f"env.{name}": value for name, value in (process or {}).items()}
    settings: EnvironmentConfig = filled(environment, known)
    settings = replace(settings, images={name: _with_tags(image) for name, image in settings.images.items()})
    if process is not None:
        check_set(replace(settings, images={}, repository=""), "deploytool.yml")
    return settings


def _with_tags(image: ImageConfig) -> ImageConfig:
    """A version such as ``v1.2.3+build.5`` or ``billing@1.2.3`` as a tag, in which only some characters are allowed."""

    def tag_of(text: str) -> str:
        return text if "${" in text else _UNFIT_FOR_A_TAG.sub("-", text).strip("-.")[:128]

    return replace(image, tag=tag_of(image.tag), also_tags=tuple(map(tag_of, image.also_tags)))


def check_set(value: object, user: str) -> None:
    """Raises VariableUnset where text of the value still names environment variables."""
    if names := unset_variables(value):
        several = "variables are" if len(names) > 1 else "variable is"
        raise VariableUnset(
            f"{user} uses ${{env.{names[0]}}}, but the environment {several} not set: {', '.join(names)}",
            "set it where deploytool runs; in a workflow: `env: {NAME: ${{ vars.NAME }}}`",
        )
