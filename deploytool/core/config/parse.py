"""From a document to a `Config`, or to every fault in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from deploytool.core.config.build import build_environment, build_images, build_migrate, build_services
from deploytool.core.config.document import Document
from deploytool.core.config.faults import ConfigFaults, Found
from deploytool.core.config.keys import ENVIRONMENT, FILE, RELEASED
from deploytool.core.config.model import Config
from deploytool.core.config.overrides import overridden
from deploytool.core.config.references import check_account, check_references

if TYPE_CHECKING:
    from deploytool.core.config.faults import Fault


def parse(document: Document) -> Config:
    """The configuration that the document describes.

    Raises:
        ConfigFaults: something is wrong with it; has all that is.
    """
    found = Found(document)
    FILE.check(document.data, (), found)
    check_references(document, found)
    faults = [*document.faults, *found.faults]
    parts: dict[str, Any] = {}
    for name, environment in _environments(document.data):
        merged = _merged(document, name, environment)
        faults += _own_faults(merged, name, environment, found.faults)
        parts[name] = merged.data
    if faults:
        raise ConfigFaults(faults)
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


def _own_faults(merged: Document, name: str, environment: dict[str, Any], of_base: list[Fault]) -> list[Fault]:
    """What is wrong only in the environment; says which, as its place may be in another part of the file."""
    found = Found(merged)
    RELEASED.check(merged.data, (), found)
    check_references(merged, found)
    if "account" not in environment:
        own = {key: value for key, value in environment.items() if key != "overrides"}
        check_account(own, ("environments", name), found)
        check_account(merged.data, (), found)
    own_faults = [fault for fault in (*merged.faults, *found.faults) if fault not in of_base]
    return [replace(fault, problem=f"in environment {name}, {fault.problem}") for fault in own_faults]


def _config(file: dict[str, Any], parts: dict[str, Any]) -> Config:
    app: str = file["app"]
    timeout = ENVIRONMENT.read({})["timeout"]
    return Config(
        app=app,
        images=build_images(file["images"], repository=app),
        migrate=build_migrate(file["migrate"]),
        services=build_services(file["services"], timeout=timeout),
        environments={
            name: build_environment(name, environment, RELEASED.read(parts[name]), app)
            for name, environment in file["environments"].items()
        },
    )
