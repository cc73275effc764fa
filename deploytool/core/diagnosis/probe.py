"""Why the new version did not answer as it should."""

from __future__ import annotations

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.expectation import version_of
from deploytool.core.plan_model import Verify
from deploytool.core.probe import Answer, NoAnswer

_NO_ANSWER = {
    "timeout": (
        "did not answer in time",
        "see whether the app hangs (a database?), and whether the load balancer's security group lets this machine in",
    ),
    "connection": (
        "could not be connected to",
        "check the host and port of verify.url, the load balancer's listener, and whether it can be reached from here",
    ),
    "tls": (
        "has no valid TLS certificate",
        "check that the listener's certificate is for the host of verify.url and has not expired",
    ),
    "redirects": (
        "redirects without end",
        "set verify.url to the address that answers itself; an app behind a load balancer must trust X-Forwarded-Proto",
    ),
    "url": ("is not a valid address", "correct verify.url in deploytool.yml"),
}
_OTHER = ("did not answer", "check verify.url and the load balancer")
_SHOWN = 200


def of_probe(step: Verify, answer: Answer | NoAnswer) -> Diagnosis:
    """What is wrong with an answer that is not what ``step`` expects; status first, then version, then body."""
    if isinstance(answer, NoAnswer):
        what, fix = _NO_ANSWER.get(answer.reason, _OTHER)
        return _diagnosis(step, f"verify-{answer.reason}", f"{step.url} {what}", fix, answer.detail)
    if answer.status != step.status:
        cause = f"{step.url} answered status {answer.status} instead of {step.status}"
        return _diagnosis(step, "verify-status", cause, _for_status(answer.status), answer.body)
    version = version_of(answer.body)
    if step.version is not None and version is None:
        cause = f"{step.url} does not say which version serves"
        fix = "let it answer JSON with a field version, or take expect.version out of deploytool.yml"
        return _diagnosis(step, "verify-no-version", cause, fix, answer.body)
    if step.version is not None and version != step.version:
        cause = f"{step.url} is still served by version {version} instead of {step.version}"
        fix = "see whether old tasks are still draining, a cache is in front, or the image has another version built in"
        return _diagnosis(step, "verify-old-version", cause, fix, answer.body)
    cause = f"the answer of {step.url} lacks {step.body!r}"
    return _diagnosis(step, "verify-body", cause, "see what the app answers, or correct expect.body", answer.body)


def _for_status(status: int) -> str:
    if status in (502, 503, 504):
        return "the load balancer has no healthy target or the app does not answer it: see the task's log and health"
    if status >= 500:
        return "the app itself failed: read its log"
    if status in (401, 403):
        return "let the health path be reached without a login"
    if status == 404:
        return "correct the path of verify.url, or the listener rule that leads to the service"
    return "correct expect.status in deploytool.yml, or what the app answers"


def _diagnosis(step: Verify, code: str, cause: str, fix: str, quote: str) -> Diagnosis:
    line = " ".join(quote.split())
    shown = line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
    return Diagnosis(code=code, cause=cause, fix=fix, subject=step.service, quote=shown, quoted="the answer")
