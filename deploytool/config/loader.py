"""An environment's overrides merged into the rest of the file, every part still knowing where it was written.

The rule is that of JSON Merge Patch (RFC 7396): mappings merge key by key, anything else replaces what it meets, null
takes a key away. Taking away what is not there is a fault, since it is a misspelling more often than not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from deploytool.config.errors import ConfigErrors, Document, IssueCollector, did_you_mean, dotted
from deploytool.config.model import (
    BuildSecret,
    ConfigFile,
    Environment,
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
from deploytool.config.schema import ENVIRONMENT, FILE, RELEASED
from deploytool.config.types import filled, variables_in
from deploytool.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploytool.config.errors import ConfigIssue, Path, Position


# SEG core.config.overrides
# An environment's overrides merged into the rest of the file, every part still knowing where it was written.
#
# The rule is that of JSON Merge Patch (RFC 7396): mappings merge key by key, anything else replaces what it meets, null
# takes a key away. Taking away what is not there is a fault, since it is a misspelling more often than not.


def overridden(document: Document, base: dict[str, object], patch: dict[str, object], at: Path) -> Document:
    """`base`, the top of the document, with `patch`, found in it at path `at`, merged in."""
    merge = _Merge(document, dict(document.keys), dict(document.values), IssueCollector(document))
    data = merge.mappings(base, patch, (), at)
    return Document(document.file, data, merge.keys, merge.values, tuple(merge.found.faults))


@dataclass(frozen=True)
class _Merge:
    document: Document
    keys: dict[Path, Position]
    values: dict[Path, Position]
    found: IssueCollector

    def mappings(
        self, base: dict[str, object], patch: dict[str, object], path: Path, patch_path: Path
    ) -> dict[str, object]:
        merged = dict(base)
        for name, change in patch.items():
            here, there = (*path, name), (*patch_path, name)
            if change is None:
                self._take_away(merged, name, here, there)
                continue
            old = merged.get(name)
            if isinstance(old, dict) and isinstance(change, dict):
                merged[name] = self.mappings(old, change, here, there)
            else:
                merged[name] = self._adopt(change, here, there)
        return merged

    def _take_away(self, merged: dict[str, object], name: str, here: Path, there: Path) -> None:
        if name in merged:
            del merged[name]
            self._move(here, there)
        else:
            problem = f"there is no {dotted(here)} to take away"
            self.found.at_key(there, problem, did_you_mean(name, [str(known) for known in merged]))

    def _adopt(self, value: object, here: Path, there: Path) -> object:
        """A part of the patch that meets nothing it could merge with, with its places."""
        self._move(here, there)
        if isinstance(value, dict):
            return self.mappings({}, value, here, there)
        if isinstance(value, list):
            return [self._adopt(item, (*here, index), (*there, index)) for index, item in enumerate(value)]
        return value

    def _move(self, here: Path, there: Path) -> None:
        for places, origin in ((self.keys, self.document.keys), (self.values, self.document.values)):
            if there in origin:
                places[here] = origin[there]


# SEG core.config.references
# Names in one part of the configuration that must exist in another, and what only shows when both are seen.


def check_references(document: Document, found: IssueCollector) -> None:
    """Reports names of images and services that do not exist, circles, and images that would overwrite each other.

    Parts missing or of the wrong kind are passed over: they are reported as such, and the rest is still looked at.
    """
    look = _References(_mapping(document.data, "images"), _mapping(document.data, "services"), found)
    migrate = _mapping(document.data, "migrate")
    look.image(migrate.get("image"), ("migrate", "image"))
    look.service(migrate.get("like"), ("migrate", "like"))
    for name in look.services:
        path = ("services", name)
        service = _mapping(look.services, name)
        look.image(service.get("image"), (*path, "image"))
        for container, image in _mapping(service, "containers").items():
            look.image(image, (*path, "containers", container))
        for index, other in enumerate(_list(service, "after")):
            look.service(other, (*path, "after", index))
    look.circles()
    look.same_tags()


def check_account(value: object, path: Path, found: IssueCollector) -> None:
    """Reports text that names `${account}`, for an environment that does not say its account."""
    for place, text in _texts(value, path):
        if "account" in variables_in(text):
            found.at_value(place, "${account} is not known", 'give "account" in every environment that uses this')


def default_tag(images: dict[str, Any], name: str) -> str:
    """The commit; with the image's name after it where another image goes to the same repository."""
    repository = _mapping(images, name).get("repository")
    shared = [other for other in images if _mapping(images, other).get("repository") == repository]
    return "${commit}" if shared == [name] else f"${{commit}}-{name}"


@dataclass(frozen=True)
class _References:
    images: dict[str, Any]
    services: dict[str, Any]
    found: IssueCollector

    def image(self, name: object, path: Path) -> None:
        if self.images and isinstance(name, str) and name not in self.images:
            self.found.at_value(path, f'there is no image "{name}"', did_you_mean(name, self.images))

    def service(self, name: object, path: Path) -> None:
        if self.services and isinstance(name, str) and name not in self.services:
            self.found.at_value(path, f'there is no service "{name}"', did_you_mean(name, self.services))

    def circles(self) -> None:
        graph = {
            name: [other for other in _list(_mapping(self.services, name), "after") if isinstance(other, str)]
            for name in self.services
        }
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            # graphlib lists each before what waits for it; people read it from the one that waits.
            circle = error.args[1][::-1]
            path = ("services", circle[0], "after")
            self.found.at_value(path, f"services wait for each other: {' after '.join(circle)}", "drop one `after`")

    def same_tags(self) -> None:
        taken: dict[tuple[object, object], str] = {}
        for name in self.images:
            image = _mapping(self.images, name)
            repository, tag = image.get("repository"), image.get("tag", default_tag(self.images, name))
            if not isinstance(tag, str) or not isinstance(repository, str | None):
                continue
            first = taken.setdefault((repository, tag), name)
            if first != name:
                problem = f"images {first} and {name} would both be pushed as {tag}, to one repository"
                self.found.at_key(("images", name), problem, "give one of them another tag or repository")


def _mapping(data: object, key: str) -> dict[str, Any]:
    value = data.get(key) if isinstance(data, dict) else None
    # A key that is no text is told as such elsewhere, and cannot be meant by a name.
    return {name: each for name, each in value.items() if isinstance(name, str)} if isinstance(value, dict) else {}


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


# SEG core.config.build
# From the values read of each part of the file to the dataclasses of `model`.

Read = dict[str, Any]


def build_environment(name: str, read: Read, parts: Read, app: str) -> Environment:
    repository = read["repository"] or app
    return Environment(
        name=name,
        region=read["region"],
        cluster=read["cluster"],
        repository=repository,
        account=read["account"],
        role_arn=read["role_arn"],
        github_environment=read["github_environment"] or name,
        url=read["url"],
        production=read["production"],
        timeout=read["timeout"],
        images=build_images(parts["images"], repository),
        migrate=build_migrate(parts["migrate"]),
        services=build_services(parts["services"], read["timeout"]),
        ledger=read["ledger"],
        rollback_checkbox=read["rollback_checkbox"],
        rollback_workflow=read["rollback_workflow"],
        infra=InfraConfig(**read["infra"]),
    )


def build_images(read: Read, repository: str) -> dict[str, ImageConfig]:
    return {
        name: ImageConfig(
            name=name,
            dockerfile=image["dockerfile"],
            context=image["context"],
            target=image["target"],
            platforms=image["platforms"],
            build_args=image["build_args"],
            secrets={secret: _secret(source) for secret, source in image["secrets"].items()},
            cache=image["cache"],
            repository=image["repository"] or repository,
            tag=image["tag"] or default_tag(read, name),
            scan_fail_on=image["scan"]["fail_on"] if image["scan"] else None,
        )
        for name, image in read.items()
    }


def _secret(source: Read) -> BuildSecret:
    return SecretFromVariable(source["env"]) if source["env"] else SecretFromFile(source["file"])


def build_migrate(read: Read | None) -> MigrateConfig | None:
    return MigrateConfig(**read) if read else None


def build_services(read: Read, timeout: int) -> dict[str, ServiceConfig]:
    return {
        name: ServiceConfig(
            name=name,
            service=service["service"] or name,
            image=service["image"],
            containers=service["containers"] or {},
            template=service["template"],
            after=service["after"],
            timeout=service["timeout"] or timeout,
            verify=_verify(service["verify"]) if service["verify"] else None,
        )
        for name, service in read.items()
    }


def _verify(read: Read) -> VerifyConfig:
    return VerifyConfig(
        url=read["url"],
        expect=ExpectConfig(**read["expect"]),
        timeout=read["timeout"],
        interval=read["interval"],
        bake=read["bake"] or 0,
        alarms=read["alarms"] or (),
    )


# SEG core.config.parse
# From a document to a `Config`, or to every fault in it.


def parse(document: Document) -> ConfigFile:
    """The configuration that the document describes.

    Raises:
        ConfigErrors: something is wrong with it; has all that is.
    """
    found = IssueCollector(document)
    FILE.check(document.data, (), found)
    check_references(document, found)
    faults = [*document.faults, *found.faults]
    parts: dict[str, Any] = {}
    for name, environment in _environments(document.data):
        merged = _merged(document, name, environment)
        faults += _own_faults(merged, name, environment, found.faults)
        parts[name] = merged.data
    if faults:
        raise ConfigErrors(faults)
    return _config(FILE.read(document.data), parts)


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


def _own_faults(
    merged: Document, name: str, environment: dict[str, Any], of_base: list[ConfigIssue]
) -> list[ConfigIssue]:
    """What is wrong only in the environment; says which, as its place may be in another part of the file."""
    found = IssueCollector(merged)
    RELEASED.check(merged.data, (), found)
    check_references(merged, found)
    if "account" not in environment:
        own = {key: value for key, value in environment.items() if key != "overrides"}
        check_account(own, ("environments", name), found)
        check_account(merged.data, (), found)
    own_faults = [fault for fault in (*merged.faults, *found.faults) if fault not in of_base]
    return [replace(fault, problem=f"in environment {name}, {fault.problem}") for fault in own_faults]


def _config(file: dict[str, Any], parts: dict[str, Any]) -> ConfigFile:
    app: str = file["app"]
    timeout = ENVIRONMENT.read({})["timeout"]
    return ConfigFile(
        app=app,
        images=build_images(file["images"], repository=app),
        migrate=build_migrate(file["migrate"]),
        services=build_services(file["services"], timeout=timeout),
        environments={
            name: build_environment(name, environment, RELEASED.read(parts[name]), app)
            for name, environment in file["environments"].items()
        },
    )


# SEG core.config.resolve
# The settings of one release: one environment's, with the variables filled in.


def resolve(config: ConfigFile, environment_name: str, variables: Mapping[str, str] | None = None) -> EnvironmentConfig:
    """What holds in the environment.

    `variables` gives `commit`, and `short_commit` unless its first seven characters will do. Without them, what is made
    of the commit (tags, build arguments, the expected version) stays as written, which suits a command that releases
    nothing. `${host}` always stays: see `verify_at`.

    Raises:
        ConfigurationError: there is no such environment.
    """
    environment = config.environments.get(environment_name)
    if environment is None:
        fix = did_you_mean(environment_name, config.environments)
        raise ConfigurationError(f'there is no environment "{environment_name}" in the configuration', fix)
    known = {"app": config.app, "environment": environment.name, "region": environment.region, **(variables or {})}
    if environment.account:
        known["account"] = environment.account
    if "commit" in known:
        known.setdefault("short_commit", known["commit"][:7])
    done = filled(environment, known)
    return EnvironmentConfig(
        app=config.app,
        environment=done.name,
        region=done.region,
        cluster=done.cluster,
        repository=done.repository,
        account=done.account,
        role_arn=done.role_arn,
        github_environment=done.github_environment,
        url=done.url,
        production=done.production,
        timeout=done.timeout,
        images=done.images,
        migrate=done.migrate,
        services=done.services,
        ledger=done.ledger,
        rollback_checkbox=done.rollback_checkbox,
        rollback_workflow=done.rollback_workflow,
        infra=done.infra,
    )
