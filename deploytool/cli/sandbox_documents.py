"""What ``deploytool sandbox`` prints with ``--output json``."""

from __future__ import annotations

from collections.abc import Sequence

from deploytool.output.documents import (
    SandboxDocument,
    SandboxDownDocument,
    SandboxEnvDocument,
    SandboxFaultDocument,
    SandboxStatusDocument,
)
from deploytool.sandbox.faults import Change
from deploytool.sandbox.lifecycle import Part
from deploytool.sandbox.state import SandboxState


def up_document(state: SandboxState, seconds: float) -> SandboxDocument:
    """``deploytool sandbox up --output json``."""
    return {
        "schema": 1,
        "kind": "sandbox",
        "exit_code": 0,
        "problems": [],
        "app_url": state.app_url,
        "github_url": state.github_web_url,
        "github_api_url": state.github_api_url,
        "aws_endpoint_url": state.aws_endpoint_url,
        "registry": state.registry,
        "region": state.region,
        "repository": state.repository,
        "workdir": str(state.workdir),
        "environments": list(state.environments),
        "seconds": round(seconds, 3),
    }


def status_document(state: SandboxState, parts: Sequence[Part], exit_code: int) -> SandboxStatusDocument:
    """``deploytool sandbox status --output json``."""
    return {
        "schema": 1,
        "kind": "sandbox_status",
        "exit_code": exit_code,
        "problems": [
            {
                "code": "sandbox-part-down",
                "cause": f"{part.name} is down: {part.detail}",
                "fix": "deploytool sandbox up",
            }
            for part in parts
            if not part.runs
        ],
        "parts": [
            {"name": part.name, "status": "up" if part.runs else "down", "detail": part.detail} for part in parts
        ],
        "app_url": state.app_url,
        "workdir": str(state.workdir),
        "faults": list(state.broken),
        "omitted": state.left_out,
    }


def env_document(variables: dict[str, str]) -> SandboxEnvDocument:
    """``deploytool sandbox env --output json``."""
    return {"schema": 1, "kind": "sandbox_env", "exit_code": 0, "problems": [], "variables": variables}


def down_document(*, stopped: bool) -> SandboxDownDocument:
    """``deploytool sandbox down --output json``."""
    return {"schema": 1, "kind": "sandbox_down", "exit_code": 0, "problems": [], "stopped": stopped}


def fault_document(state: SandboxState, change: Change) -> SandboxFaultDocument:
    """``deploytool sandbox break`` and ``fix``, ``--output json``."""
    return {
        "schema": 1,
        "kind": "sandbox_fault",
        "exit_code": 0,
        "problems": [],
        "faults": list(state.broken),
        "commit": change.commit or None,
        "url": change.page or None,
        "expected": change.outcome,
        "workdir": str(state.workdir),
    }
