"""Errors by script: the n-th call of an operation fails, with its effect or without."""

from __future__ import annotations

from dataclasses import dataclass

from deploytool.errors import CloudUnreachable, DeployError, PermissionMissing

CHANGING = frozenset({"RegisterTaskDefinition", "UpdateService", "RunTask", "StopTask", "StopServiceDeployment"})


@dataclass(frozen=True)
class Call:
    """One call of the engine."""

    operation: str
    about: str
    """Service, family, task or task definition, as fits the operation."""
    at: float


@dataclass(frozen=True)
class Fault:
    """Calls number ``first`` to ``last`` of ``operation`` (about ``about``, where given) raise ``error``.

    With ``lost`` AWS does what it was asked and only the answer is lost.
    """

    operation: str
    error: DeployError
    about: str = ""
    first: int = 1
    last: int = 10**9
    lost: bool = False


def denied(operation: str) -> DeployError:
    """IAM said no: nothing was done."""
    return PermissionMissing(f"ecs:{operation}", "*", "arn:aws:iam::123456789012:role/release")


def unanswered(operation: str) -> DeployError:
    """Retries are used up and nobody knows what AWS did."""
    return CloudUnreachable(f"ecs:{operation} got no answer from AWS for 60 s: read timeout", "run it again")
