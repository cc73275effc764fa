"""Faults of templates that CloudFormation, cfn-lint and checkov let pass, seen before they are applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.infra.checks import compute, data, network, security, updates
from deploytool.infra.checks.model import CHECKS, Resource, TemplateFault, TemplateSet, check, template_set
from deploytool.ledger.store import TABLE, UNFINISHED

__all__ = ["CHECKS", "compute", "data", "find_faults", "network", "security", "template_problems", "updates"]
_KEYS = ("KeySchema", "LocalSecondaryIndexes", "AttributeDefinitions")
_EVALUATION_ERRORS = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What a check meets where a template has another shape than any of ours."""


@check("AWS::DynamoDB::Table")
def ledger_table_schema(_: TemplateSet, table: Resource) -> Iterator[tuple[str, str]]:
    """Keys and index of a table with the ledger's partition key: they can never be changed later."""
    keys = table.properties.get("KeySchema") or [{}]
    is_ledger = keys[0].get("AttributeName") == TABLE["KeySchema"][0]["AttributeName"]
    if is_ledger and any(table.properties.get(key) != TABLE[key] for key in _KEYS):
        yield (
            "its keys are not the ones that releases and locks are written with",
            f"key it by pk and sk, with the local index {UNFINISHED}",
        )


def import_exists(templates: TemplateSet) -> Iterator[TemplateFault]:
    """Every export that is imported is made by one of the stacks: else the change set fails when its turn comes."""
    for imported in templates.imports:
        if isinstance(imported.export, str) and imported.export not in templates.exports:
            yield TemplateFault(
                imported.stack,
                imported.where,
                f"imports {imported.export}, which no stack exports",
                "correct the name, or add the export to the stack that has the value",
            )


CHECKS.append(import_exists)


def find_faults(templates: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> tuple[TemplateFault, ...]:
    """Every fault of the stacks' templates under these parameters, in the order of the checks.

    ``templates`` are mappings by stack, intrinsic functions in their long form. ``values`` are parameters and, where
    they are known, pseudo parameters; others have their defaults.
    """
    stacks = template_set(templates, values)
    return tuple(fault for run in CHECKS for fault in run(stacks))


def template_problems(templates: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> tuple[str, ...]:
    """The same for people, of any templates: a check that cannot read them is named, and stops nothing."""
    try:
        stacks = template_set(templates, values)
    except _EVALUATION_ERRORS:
        return ("the templates were not checked: their structure is unknown",)
    problems, unread = [], []
    for run in CHECKS:
        try:
            problems += [str(fault) for fault in run(stacks)]
        except _EVALUATION_ERRORS:
            unread.append(run.__name__)
    if unread:
        problems.append(f"these checks could not read the templates: {', '.join(unread)}")
    return tuple(problems)
