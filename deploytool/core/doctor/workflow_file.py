"""A workflow file, reduced to its events and to the jobs that use deploytool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.core.doctor.facts_github import Job, Workflow

_ACTION = re.compile(r"(^|/)archdeck-deploy(@|$)|^(\$|\.)/$")
"""The action by its repository, or by its own path where a workflow of its own repository uses it."""
_COMMAND = re.compile(r"(?:^|[\s;&|(])deploytool\s+([a-z]+)")


def workflow(name: str, document: Any) -> Workflow:
    """``document`` is the parsed YAML; what is no mapping is a workflow without events and jobs."""
    if not isinstance(document, Mapping):
        return Workflow(name)
    jobs = document.get("jobs")
    found = tuple(_jobs(name, document, jobs if isinstance(jobs, Mapping) else {}))
    return Workflow(
        name=name,
        # YAML 1.1 reads the word `on` as true.
        events=_events(document.get("on", document.get(True))),
        jobs=found,
        responds=any("respond" in job.commands for job in found),
    )


def _jobs(name: str, document: Mapping[Any, Any], jobs: Mapping[Any, Any]) -> Iterator[Job]:
    for key, job in jobs.items():
        if not isinstance(job, Mapping):
            continue
        commands = {command for step in job.get("steps") or () for command in _commands(step)}
        if commands:
            given = job.get("permissions", document.get("permissions"))
            yield Job(name, str(key), _permissions(given), tuple(sorted(commands)))


def _commands(step: Any) -> Iterator[str]:
    if not isinstance(step, Mapping):
        return
    if _ACTION.search(str(step.get("uses", ""))):
        given = step.get("with")
        yield str(given.get("command", "release")) if isinstance(given, Mapping) else "release"
    yield from _COMMAND.findall(str(step.get("run", "")))


def _permissions(given: Any) -> dict[str, str] | None:
    if isinstance(given, Mapping):
        return {str(name): str(level) for name, level in given.items()}
    level = {"write-all": "write", "read-all": "read"}.get(str(given))
    return {"*": level} if level else None


def _events(on: Any) -> tuple[str, ...]:
    if isinstance(on, str):
        return (on,)
    return tuple(str(event) for event in on) if isinstance(on, Mapping | list) else ()
