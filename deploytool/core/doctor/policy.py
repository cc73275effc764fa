"""IAM policy documents, reduced to grants and to whom GitHub's token service may come as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.core.doctor.facts_account import Grant, Trust

ISSUER = "token.actions.githubusercontent.com"


def grants(name: str, document: Mapping[str, Any]) -> tuple[Grant, ...]:
    """The Allow statements. ``NotAction`` and ``NotResource`` allow all but a few: told as ``*``."""
    return tuple(
        Grant(
            policy=name,
            actions=_listed(statement.get("Action")) or ("*",),
            resources=_listed(statement.get("Resource")) or ("*",),
            conditional=bool(statement.get("Condition")),
        )
        for statement in _allowing(document)
    )


def trusts(document: Mapping[str, Any]) -> tuple[Trust, ...]:
    """The Allow statements of a trust policy that name GitHub's provider, whatever server it is of."""
    return tuple(
        _trust(statement)
        for statement in _allowing(document)
        if any(ISSUER in provider for provider in _federated(statement))
    )


def _trust(statement: Mapping[str, Any]) -> Trust:
    audiences: list[str] = []
    subjects: list[str] = []
    patterns: list[str] = []
    for operator, conditions in (statement.get("Condition") or {}).items():
        for key, values in conditions.items():
            if key.endswith(":aud"):
                audiences += _listed(values)
            elif key.endswith(":sub"):
                # ForAnyValue:StringLike and the like compare with wildcards too.
                (patterns if "Like" in operator else subjects).extend(_listed(values))
    return Trust(tuple(audiences), tuple(subjects), tuple(patterns))


def _federated(statement: Mapping[str, Any]) -> tuple[str, ...]:
    principal = statement.get("Principal")
    return _listed(principal.get("Federated")) if isinstance(principal, Mapping) else ()


def _allowing(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    statements = document.get("Statement", ())
    for statement in (statements,) if isinstance(statements, Mapping) else statements:
        if statement.get("Effect") == "Allow":
            yield statement


def _listed(value: Any) -> tuple[str, ...]:
    """IAM writes a list of one as the one."""
    if value is None:
        return ()
    return (str(value),) if isinstance(value, str) else tuple(str(each) for each in value)
