"""Which of several diagnoses to show first."""

from __future__ import annotations

from collections.abc import Iterable

from deploytool.core.diagnosis_model import Diagnosis

_CONSEQUENCES = frozenset(
    {
        "container-ended",
        "container-killed",
        "container-never-started",
        "container-terminated",
        "deployment-explained",
        "deployment-failed",
        "start-throttled",
        "stopped-by-request",
        "stopped-by-service",
        "task-stopped",
        "tasks-failed",
    }
)
"""What follows from something else, and so explains least."""


def most_telling(diagnoses: Iterable[Diagnosis]) -> Diagnosis | None:
    """The root cause: what cannot pass by itself, then what is no mere consequence, then what has a log to show."""
    return min(diagnoses, key=_rank, default=None)


def _rank(diagnosis: Diagnosis) -> tuple[bool, bool, bool]:
    return not diagnosis.fatal, diagnosis.code in _CONSEQUENCES, not diagnosis.log
