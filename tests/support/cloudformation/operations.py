"""The operations of AWS that a verb can call, read from the code: every module that it imports, however indirectly."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

Symbol = tuple[str, str]
"""A module and a top-level name in it."""
PACKAGE = Path(__file__).parents[3] / "deploytool"
CALLERS = ("call", "pages", "paginate", "call_once")
"""Functions whose second argument names an operation."""
_ACTIONS_OF = {"elbv2": "elasticloadbalancing"}
"""Where IAM calls a service otherwise than boto3 does."""


def actions(*verbs: str) -> frozenset[str]:
    """IAM actions of all the operations that these verbs can reach."""
    modules = [f"deploytool.cli.{verb}" for verb in verbs]
    starts = [(module, name) for module in modules for name in _symbols(module)]
    return frozenset(_action(operation) for symbol in reachable(*starts) for operation in _named(symbol))


def hidden() -> list[str]:
    """Places where a call's operation is neither written out nor handed on by a parameter called ``operation``."""
    return [
        f"{path.relative_to(PACKAGE)}:{call.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for call in _calls(path)
        if isinstance(call.func, ast.Name) and call.func.id in CALLERS and not _says_what(call)
    ]


@cache
def reachable(*symbols: Symbol) -> frozenset[Symbol]:
    """These top-level symbols, and all of the package that they name, however indirectly."""
    seen: set[Symbol] = set()
    pending = set(symbols)
    while pending:
        symbol = pending.pop()
        seen.add(symbol)
        pending |= _references(symbol) - seen
    return frozenset(seen)


def _named(symbol: Symbol) -> Iterator[str]:
    for call in _calls_in(symbol):
        if len(call.args) > 1 and isinstance(call.args[1], ast.Constant) and call.args[1].value in _operations():
            yield str(call.args[1].value)
        # A method of a client itself, a paginator, a waiter.
        if isinstance(call.func, ast.Attribute) and "client" in ast.unparse(call.func.value):
            if call.func.attr in _operations():
                yield call.func.attr
            if call.func.attr in ("get_paginator", "get_waiter"):
                assert _is_handed_on(call.args[0]), f"{symbol} hides operations in {call.func.attr}"


def _calls_in(symbol: Symbol) -> Iterator[ast.Call]:
    module, name = symbol
    for part in _symbols(module)[name]:
        yield from (node for node in ast.walk(part) if isinstance(node, ast.Call))


@cache
def _symbols(module: str) -> dict[str, tuple[ast.stmt, ...]]:
    """The statements that define each top-level name of a module; what defines none runs on import, as ``""``."""
    defined: dict[str, list[ast.stmt]] = {"": []}
    for statement in _tree(module).body:
        for name in _defines(statement) or ("",):
            defined.setdefault(name, []).append(statement)
    return {name: tuple(statements) for name, statements in defined.items()}


def _defines(statement: ast.stmt) -> list[str]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [node.id for target in targets if target for node in ast.walk(target) if isinstance(node, ast.Name)]


@cache
def _references(symbol: Symbol) -> frozenset[Symbol]:
    """What the statements of a symbol name: of its own module, imported by it, or an attribute of a module."""
    module, name = symbol
    imported = _imported(module)
    match = {(module, "")}
    for node in (node for part in _symbols(module)[name] for node in ast.walk(part)):
        if isinstance(node, ast.Name):
            if node.id in _symbols(module):
                match.add((module, node.id))
            match |= {(source, target) for source, target in imported.get(node.id, ()) if target}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            sources = [source for source, target in imported.get(node.value.id, ()) if not target]
            match |= {(source, node.attr) for source in sources if node.attr in _symbols(source)}
    return frozenset(match)


@cache
def _imported(module: str) -> dict[str, list[Symbol]]:
    """Local name → symbols of the package that an import anywhere in the module binds it to; a module has no name."""
    bound: dict[str, list[Symbol]] = {}
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("deploytool"):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                symbol = (inner, "") if _file(inner).exists() else _defined_in(node.module, alias.name)
                if symbol:
                    bound.setdefault(alias.asname or alias.name, []).append(symbol)
    return bound


def _defined_in(module: str, name: str) -> Symbol | None:
    """Where a name comes from that another module hands on."""
    if name in _symbols(module):
        return module, name
    return next((symbol for symbol in _imported(module).get(name, ()) if symbol[1]), None)


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_file(module).read_text())


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


def _file(module: str) -> Path:
    inside = PACKAGE.parent / Path(*module.split("."))
    return inside / "__init__.py" if inside.is_dir() else inside.with_suffix(".py")
