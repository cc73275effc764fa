"""The operations of AWS that a verb can call, read from the code: every module that it imports, however indirectly."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

PACKAGE = Path(__file__).parents[2] / "deploytool"
_ACTIONS_OF = {"elbv2": "elasticloadbalancing"}
"""Where IAM calls a service otherwise than boto3 does."""


def actions(*verbs: str) -> frozenset[str]:
    """IAM actions of all the operations that these verbs' modules name."""
    named = [each for module in reachable(*(f"deploytool.cli.{verb}" for verb in verbs)) for each in _named(module)]
    return frozenset(_action(operation) for operation in named)


def hidden() -> list[str]:
    """Places where a call's operation is neither written out nor handed on by a parameter called ``operation``."""
    return [
        f"{path.relative_to(PACKAGE)}:{call.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for call in _calls(path)
        if isinstance(call.func, ast.Name) and call.func.id in ("call", "call_all", "once") and not _says_what(call)
    ]


@cache
def reachable(*modules: str) -> frozenset[str]:
    """These modules, and all of the package that they import, also inside functions."""
    found: set[str] = set()
    wanted = set(modules)
    while wanted:
        module = wanted.pop()
        found.add(module)
        wanted |= {each for each in _imports(module) if each not in found}
    return frozenset(found)


def _named(module: str) -> Iterator[str]:
    for call in _calls(_file(module)):
        if len(call.args) > 1 and isinstance(call.args[1], ast.Constant) and call.args[1].value in _operations():
            yield str(call.args[1].value)
        # A method of a client itself, a paginator, a waiter.
        if isinstance(call.func, ast.Attribute) and "client" in ast.unparse(call.func.value):
            if call.func.attr in _operations():
                yield call.func.attr
            if call.func.attr in ("get_paginator", "get_waiter"):
                assert _is_handed_on(call.args[0]), f"{module} hides operations in {call.func.attr}"


def _says_what(call: ast.Call) -> bool:
    what = call.args[1]
    return isinstance(what, ast.Constant) or _is_handed_on(what)


def _is_handed_on(what: ast.expr) -> bool:
    return isinstance(what, ast.Name) and what.id == "operation"


def _action(operation: str) -> str:
    service = _operations()[operation]
    camel = "".join(part.capitalize() for part in operation.split("_"))
    return f"{_ACTIONS_OF.get(service, service)}:{camel}"


@cache
def _operations() -> dict[str, str]:
    """The service by operation (snake case), for the services that the package has clients of."""
    services = {
        str(call.args[0].value)
        for path in PACKAGE.rglob("*.py")
        if "sandbox" not in path.parts
        for call in _calls(path)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "client"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
    session = botocore.session.Session()
    return {
        xform_name(operation): service
        for service in sorted(services)
        for operation in session.get_service_model(service).operation_names
    }


@cache
def _calls(path: Path) -> tuple[ast.Call, ...]:
    return tuple(node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def _imports(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(_file(module).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("deploytool"):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("deploytool")]
        else:
            continue
        yield from (name for name in names if _file(name).exists())


def _file(module: str) -> Path:
    inside = PACKAGE.parent / Path(*module.split("."))
    return inside / "__init__.py" if inside.is_dir() else inside.with_suffix(".py")
