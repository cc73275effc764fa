"""Names in one part of the configuration that must exist in another, and what only shows when both are seen."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from deploytool.core.config.faults import did_you_mean
from deploytool.core.config.variables import variables_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploytool.core.config.document import Document, Path
    from deploytool.core.config.faults import Found


def check_references(document: Document, found: Found) -> None:
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


def check_account(value: object, path: Path, found: Found) -> None:
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
    found: Found

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
