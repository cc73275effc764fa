"""Ask the new version over HTTP as its users do, then watch its tasks and alarms while it bakes."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.app_log import diagnose_log
from deploytool.ecs.deployment_model import Rollout
from deploytool.errors import DeployError
from deploytool.redaction import mask_credentials
from deploytool.release.events import OutputLine, WarningIssued
from deploytool.release.failures import LOG_LINES
from deploytool.release.model import HttpResponse, NoResponse, Plan, StepName, Verify
from deploytool.release.ports import Dependencies
from deploytool.release.steady import TaskWatch

REQUEST_TIMEOUT = 5.0
FIRST_RETRY = 0.1
"""Seconds before the second request, doubled up to ``verify.interval``: the load balancer comes a moment after ECS."""
_QUOTE_LENGTH = 200
_NO_RESPONSE = {
    "timeout": (
        "did not respond in time",
        "see whether the app hangs (a database?), and whether the load balancer's security group lets this machine in",
    ),
    "connection": (
        "could not be reached",
        "check the host and port of verify.url, the load balancer's listener, and whether it can be reached from here",
    ),
    "tls": (
        "has no valid TLS certificate",
        "check that the listener's certificate is for the host of verify.url and has not expired",
    ),
    "redirects": (
        "redirects without end",
        "set verify.url to the final address; an app behind a load balancer must trust X-Forwarded-Proto",
    ),
    "url": ("is not a valid address", "correct verify.url in deploytool.yml"),
}
_OTHER = ("did not respond", "check verify.url and the load balancer")


def verify(step: Verify, plan: Plan, deps: Dependencies, tasks: TaskWatch) -> Diagnosis | None:
    """``None`` where the new version responds as configured, the user's own check passes and no alarm is in ALARM; else
    why not.

    Raises TaskStopped where a new task stops meanwhile.
    """
    return (
        (_request(step, deps, tasks) if step.url else None)
        or (_command(step, plan, deps, tasks) if step.command else None)
        or _bake(step, deps, tasks)
    )


_NOT_RUN = {126: "is not executable", 127: "does not exist"}
"""What a shell, and the port, answer for a program that cannot be run."""


def _command(step: Verify, plan: Plan, deps: Dependencies, tasks: TaskWatch) -> Diagnosis | None:
    variables = {
        "DEPLOYTOOL_URL": step.url or plan.url,
        "DEPLOYTOOL_SERVICE": step.service,
        "DEPLOYTOOL_ENVIRONMENT": plan.request.environment,
        "DEPLOYTOOL_COMMIT": plan.request.commit.sha,
        "DEPLOYTOOL_RELEASE": plan.request.release_id,
    }
    last = deque[str](maxlen=LOG_LINES)

    def write_line(line: str) -> None:
        last.append(line)
        deps.emit(OutputLine(StepName.VERIFY, line))

    def pause(seconds: float) -> None:
        tasks.look()
        deps.lease.raise_if_lost()
        deps.clock.sleep(seconds)

    code = deps.commands.run(step.command, variables, step.command_timeout, write_line, pause)
    if code == 0:
        return None
    how = f"did not end within {step.command_timeout:.0f} s" if code is None else f"ended with exit code {code}"
    return Diagnosis(
        code="verify-command",
        cause=f"the check {step.command[0]} of {step.service} {_NOT_RUN.get(code or 0, how)}",
        fix="see its output, then correct the app, or verify.command in deploytool.yml",
        subject=step.service,
        quote=mask_credentials(next((line for line in reversed(last) if line.strip()), ""))[:_QUOTE_LENGTH],
        quoted="its last line",
    )


def _request(step: Verify, deps: Dependencies, tasks: TaskWatch) -> Diagnosis | None:
    deadline = deps.clock.monotonic() + step.timeout
    last_cause, pause = "", min(FIRST_RETRY, step.interval)
    while True:
        remaining = deadline - deps.clock.monotonic()
        response = deps.web.get(step.url, min(REQUEST_TIMEOUT, max(remaining, 1.0)))
        if response_matches(step, response):
            deps.emit(OutputLine(StepName.VERIFY, f"{step.url} responds as configured"))
            return None
        diagnosis = diagnose_http_response(step, response)
        if diagnosis.cause != last_cause:
            last_cause = diagnosis.cause
            deps.emit(OutputLine(StepName.VERIFY, last_cause))
        if deps.clock.monotonic() + pause >= deadline:
            return diagnosis
        tasks.look()
        deps.lease.raise_if_lost()
        deps.clock.sleep(pause)
        pause = min(2 * pause, step.interval)


def _bake(step: Verify, deps: Dependencies, tasks: TaskWatch) -> Diagnosis | None:
    deadline = deps.clock.monotonic() + step.bake
    while True:
        if ringing := step.alarms and deps.alarms.ringing(step.alarms):
            return Diagnosis(
                code="alarm-ringing",
                cause=f"while {step.service} was watched, CloudWatch alarm {', '.join(ringing)} went to ALARM",
                fix="check the alarm's metric since the release began: the new version made it cross its threshold",
                subject=step.service,
            )
        remaining = deadline - deps.clock.monotonic()
        if step.bake:
            tasks.look(now=remaining <= 0)
        if remaining <= 0:
            return None
        deps.lease.raise_if_lost()
        deps.clock.sleep(min(10.0, remaining))


def response_matches(step: Verify, response: HttpResponse | NoResponse) -> bool:
    """Status, body and version are all as configured."""
    return (
        isinstance(response, HttpResponse)
        and response.status == step.status
        and (step.body is None or step.body in response.body)
        and (step.version is None or version_of(response.body) == step.version)
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


def diagnose_http_response(step: Verify, response: HttpResponse | NoResponse) -> Diagnosis:
    """Why a response is not what ``step`` expects; status first, then version, then body."""
    if isinstance(response, NoResponse):
        what, fix = _NO_RESPONSE.get(response.reason, _OTHER)
        return _diagnosis(step, f"verify-{response.reason}", f"{step.url} {what}", fix, response.detail)
    if response.status != step.status:
        cause = f"{step.url} returned status {response.status} instead of {step.status}"
        return _diagnosis(step, "verify-status", cause, _fix_for(response.status), response.body)
    version = version_of(response.body)
    if step.version is not None and version is None:
        cause = f"the response of {step.url} has no version"
        fix = "let it return JSON with a field version, or remove expect.version from deploytool.yml"
        return _diagnosis(step, "verify-no-version", cause, fix, response.body)
    if step.version is not None and version != step.version:
        cause = f"{step.url} still runs version {version} instead of {step.version}"
        fix = "see whether old tasks are still draining, a cache is in front, or the image has another version built in"
        return _diagnosis(step, "verify-old-version", cause, fix, response.body)
    cause, fix = f"the response of {step.url} lacks {step.body!r}", "fix the app's response, or correct expect.body"
    return _diagnosis(step, "verify-body", cause, fix, response.body)


_UNANSWERED = "the load balancer has no healthy target or the app does not answer it: see the task's log and health"
_APP_FAILED = "the app itself failed: read its log"


def explained_by_log(diagnosis: Diagnosis, lines: Sequence[str]) -> Diagnosis:
    """With the log's last ``lines``, and with the reason that they give where the response gives none."""
    diagnosis = replace(diagnosis, log=tuple(lines))
    reason = diagnose_log(diagnosis.log) if diagnosis.fix in (_UNANSWERED, _APP_FAILED) else None
    return replace(diagnosis, cause=f"{diagnosis.cause}: {reason.cause}", fix=reason.fix) if reason else diagnosis


def _fix_for(status: int) -> str:
    if status in (502, 503, 504):
        return _UNANSWERED
    if status >= 500:
        return _APP_FAILED
    if status in (401, 403):
        return "let the health path be reached without a login"
    if status == 404:
        return "correct the path of verify.url, or the listener rule that leads to the service"
    return "correct expect.status in deploytool.yml, or the app's response"


def _diagnosis(step: Verify, code: str, cause: str, fix: str, quote: str) -> Diagnosis:
    line = " ".join(quote.split())
    quote = line if len(line) <= _QUOTE_LENGTH else line[:_QUOTE_LENGTH] + "…"
    return Diagnosis(code=code, cause=cause, fix=fix, subject=step.service, quote=quote, quoted="the response")


def last_log_lines(rollout: Rollout, deps: Dependencies) -> tuple[str, ...]:
    """The end of the new version's log, from a task that runs it: the response alone seldom says why."""
    try:
        tasks = deps.ecs.running_tasks(rollout.service)
    except DeployError as error:  # an explanation less; the check has failed all the same
        deps.emit(WarningIssued(f"the log of {rollout.service} cannot be found: {error.cause}. {error.fix}"))
        return ()
    ours = (task for task in tasks if task.task_definition == rollout.task_definition)
    stream = next((container.log for task in ours for container in task.containers if container.log), None)
    return deps.logs.tail(stream, LOG_LINES) if stream else ()
