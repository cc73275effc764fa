"""The sandbox's account is made as any other: by `infra apply`, with a stand-in for the first image."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from deploytool.deploy.context import SystemClock, context_of, point_to
from deploytool.infra.apply import apply
from deploytool.infra.events import InfraEvent, InfraOutcome, StackEnded
from deploytool.infra.session import InfraOptions, infra_dependencies, stack_targets
from deploytool.infra.templates import Prepare, Resource, Template, as_json, describe_omitted
from deploytool.ledger.lock import LockConflictPolicy
from deploytool.release.events import Event, WarningIssued
from deploytool.release.ports import LineWriter
from deploytool.sandbox.account import with_master_secrets
from deploytool.sandbox.errors import SandboxError
from deploytool.sandbox.lifecycle import Apply
from deploytool.sandbox.state import SandboxState
from deploytool.sandbox.unsupported_resources import without_unsupported

Push = Callable[[], str]


class Placeholder:
    """Port ``run.stacks.ports.Images`` of an account in which nothing runs: ``push`` pushes the stand-in."""

    def __init__(self, push: Push) -> None:
        self._push = push

    def running(self) -> Mapping[str, str]:
        """Nothing yet."""
        return {}

    def built(self, missing: Sequence[str], _say: LineWriter) -> Mapping[str, str]:
        """By now the repository is there."""
        return dict.fromkeys(missing, self._push())


def apply_example_stacks(write_line: Callable[[str], None]) -> Apply:
    """What ``sandbox.up`` makes the account with; ``say`` hears of each stack."""

    def emit(event: InfraEvent | Event) -> None:
        match event:
            case StackEnded(end):
                write_line(f"stack {end.name}: {end.outcome.replace('_', ' ')} ({end.seconds:.1f} s)")
            case WarningIssued(text):
                write_line(f"warning: {text}")

    def applied(state: SandboxState, environment: str, push: Push) -> str:
        read: list[Template] = []

        def prepare(template: Template) -> Template:
            read.append(filtered(template))
            # Told once, at the end, not for each environment.
            return replace(read[-1], left_out=())

        point_to(state)
        found, clock = context_of(str(state.workdir / "deploytool.yml"), environment), SystemClock()
        target = stack_targets(found, InfraOptions(), prepare)
        deps = infra_dependencies(found, clock, emit, target.run_id, LockConflictPolicy(), "sandbox up")
        _require_success(apply(target, replace(deps, images=Placeholder(push))))
        return describe_omitted(read)

    return applied


def _require_success(outcome: InfraOutcome) -> None:
    if outcome.succeeded:
        return
    cause = outcome.diagnoses[0].cause if outcome.diagnoses else outcome.result
    raise SandboxError(
        f"the stacks of {outcome.environment} were not made: {cause}", "run `deploytool sandbox up` again"
    )


def sandbox_template_filter() -> Prepare:
    """What is done to templates here: ``enter_sandbox`` sets the variable that tells."""
    return filtered if os.environ.get("DEPLOYTOOL_SANDBOX") else _as_it_is


def filtered(template: Template) -> Template:
    """Without what MiniStack lacks, with what it does not make by itself."""
    reduced = without_unsupported(template.document)
    document = with_master_secrets(reduced.template)
    left_out = tuple(Resource(each.logical_id, each.type) for each in reduced.left_out)
    return replace(template, body=as_json(document), document=document, left_out=left_out)


def _as_it_is(template: Template) -> Template:
    return template
