"""Why it failed, in plain words, and what to change: explanations only, never verdicts."""

from deploytool.core.diagnosis.api import of_api_error
from deploytool.core.diagnosis.not_started import of_not_started
from deploytool.core.diagnosis.probe import of_probe
from deploytool.core.diagnosis.ranking import most_telling
from deploytool.core.diagnosis.service import of_service
from deploytool.core.diagnosis.task import of_task
from deploytool.core.diagnosis_model import Diagnosis

__all__ = [
    "Diagnosis",
    "most_telling",
    "of_api_error",
    "of_not_started",
    "of_probe",
    "of_service",
    "of_task",
]
