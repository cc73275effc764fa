"""What came back when the new version was asked over HTTP."""

from __future__ import annotations

import json

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import Rollout
from deploytool.errors import DeployError
from deploytool.release.events import OutputLine, WarningIssued
from deploytool.release.failures import LOG_LINES
from deploytool.release.model import HttpResponse, NoResponse, StepName, Verify
from deploytool.release.ports import Dependencies

# SEG core.probe
# What came back when the new version was asked over HTTP.


# SEG core.expectation
# Does an HTTP answer show the new version, healthy?


def response_matches(step: Verify, answer: HttpResponse | NoResponse) -> bool:
    """Status, body and version are all as configured."""
    return (
        isinstance(answer, HttpResponse)
        and answer.status == step.status
        and (step.body is None or step.body in answer.body)
        and (step.version is None or version_of(answer.body) == step.version)
    )


def version_of(body: str) -> str | None:
    """Field ``version`` of a JSON object, a number as it is written; ``None`` where the body is no such thing.

    A short commit may be all digits, or digits around an ``e``: an app's own JSON may make a number of it.
    """
    try:
        parsed = json.loads(body, parse_int=str, parse_float=str)
    except ValueError:
        return None
    version = parsed.get("version") if isinstance(parsed, dict) else None
    return version if isinstance(version, str) else None


# SEG core.diagnosis.probe
# Why the new version did not answer as it should.

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


def diagnose_http_response(step: Verify, answer: HttpResponse | NoResponse) -> Diagnosis:
    """What is wrong with an answer that is not what ``step`` expects; status first, then version, then body."""
    if isinstance(answer, NoResponse):
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


# SEG run.verify
# Ask the new version as its users do, then watch alarms while it bakes.

ONE_ANSWER = 5.0
"""Seconds that a single request may take."""
SOON = 0.1
"""Seconds before the second question, doubled up to ``verify.interval``: the load balancer comes a moment after ECS."""


def verify(step: Verify, deps: Dependencies) -> Diagnosis | None:
    """``None`` where the new version answers as it should and no alarm rings; else why not."""
    return (_asked(step, deps) if step.url else None) or _baked(step, deps)


def last_log_lines(rollout: Rollout, deps: Dependencies) -> tuple[str, ...]:
    """The end of the new version's log, from a task that runs it: the answer alone seldom says why."""
    try:
        tasks = deps.ecs.running_tasks(rollout.service)
    except DeployError as error:  # an explanation less; the check has failed all the same
        deps.emit(WarningIssued(f"the log of {rollout.service} cannot be found: {error.cause}. {error.fix}"))
        return ()
    ours = (task for task in tasks if task.task_definition == rollout.task_definition)
    place = next((container.log for task in ours for container in task.containers if container.log), None)
    return deps.logs.tail(place, LOG_LINES) if place else ()


def _asked(step: Verify, deps: Dependencies) -> Diagnosis | None:
    deadline = deps.clock.monotonic() + step.timeout
    told, pause = "", min(SOON, step.interval)
    while True:
        left = deadline - deps.clock.monotonic()
        answer = deps.web.get(step.url, min(ONE_ANSWER, max(left, 1.0)))
        if response_matches(step, answer):
            deps.emit(OutputLine(StepName.VERIFY, f"{step.url} answers as it should"))
            return None
        why = diagnose_http_response(step, answer)
        if why.cause != told:
            told = why.cause
            deps.emit(OutputLine(StepName.VERIFY, told))
        if deps.clock.monotonic() + pause >= deadline:
            return why
        deps.lease.raise_if_lost()
        deps.clock.sleep(pause)
        pause = min(2 * pause, step.interval)


def _baked(step: Verify, deps: Dependencies) -> Diagnosis | None:
    deadline = deps.clock.monotonic() + step.bake
    while True:
        if ringing := step.alarms and deps.alarms.ringing(step.alarms):
            return Diagnosis(
                code="alarm-ringing",
                cause=f"while {step.service} was watched, CloudWatch alarm {', '.join(ringing)} went to ALARM",
                fix="look at the alarm's metric since the release began: the new version made it cross its threshold",
                subject=step.service,
            )
        left = deadline - deps.clock.monotonic()
        if left <= 0:
            return None
        deps.lease.raise_if_lost()
        deps.clock.sleep(min(10.0, left))
