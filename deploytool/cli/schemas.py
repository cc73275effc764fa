"""Every document that ``--output json`` may print, by kind, for the published schemas and their tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploytool.doctor.output import DoctorDocument
from deploytool.infra import documents as infra
from deploytool.output import documents
from deploytool.output.json_schema import document_schema
from deploytool.scaffold.output import InitDocument

DOCUMENTS: Mapping[str, type] = {
    "comment_ignored": documents.CommentIgnoredDocument,
    "config_check": documents.ConfigCheckDocument,
    "doctor": DoctorDocument,
    "error": documents.ErrorDocument,
    "explanation": documents.ExplanationDocument,
    "history": documents.HistoryDocument,
    "infra_cost": infra.InfraCostDocument,
    "infra_drift": infra.InfraDriftDocument,
    "infra_outcome": infra.InfraOutcomeDocument,
    "infra_plan": infra.InfraPlanDocument,
    "infra_status": infra.InfraStatusDocument,
    "init": InitDocument,
    "lock": documents.LockDocument,
    "log_line": documents.LogLine,
    "outcome": documents.OutcomeDocument,
    "plan": documents.PlanDocument,
    "prune": documents.PruneDocument,
    "recovery": documents.RecoveryDocument,
    "release": documents.ReleaseDocument,
    "run": documents.RunDocument,
    "sandbox": documents.SandboxDocument,
    "sandbox_down": documents.SandboxDownDocument,
    "sandbox_env": documents.SandboxEnvDocument,
    "sandbox_fault": documents.SandboxFaultDocument,
    "sandbox_status": documents.SandboxStatusDocument,
    "stats": documents.StatsDocument,
    "status": documents.StatusDocument,
}
"""Each has its schema in ``docs/schemas/KIND.json``."""


def schema_of(kind: str, *, strict: bool = False) -> dict[str, Any]:
    """The JSON Schema of one kind; ``strict`` allows no field that is not declared. Raises KeyError."""
    return document_schema(DOCUMENTS[kind], strict=strict)
