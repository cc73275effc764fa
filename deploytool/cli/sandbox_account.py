"""The sandbox's stacks, created as any others by `infra apply`, with a placeholder for the first image."""

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
from deploytool.sandbox.errors import SandboxError
from deploytool.sandbox.lifecycle import Apply
from deploytool.sandbox.state import SandboxState
from deploytool.sandbox.unsupported_resources import with_master_secrets, without_unsupported

Push = Callable[[], str]


class Placeholder:
    """The image of a new account, in which nothing runs; ``push`` pushes the placeholder."""

    def __init__(self, push: Push) -> None:
        self._push = push

    def running(self) -> Mapping[str, str]:
        """Nothing yet."""
        return {}

    def built(self, missing: Sequence[str], _write_line: LineWriter) -> Mapping[str, str]:
        """By now the repository exists."""
        return dict.fromkeys(missing, self._push())


def apply_example_stacks(write_line: Callable[[str], None]) -> Apply:
    """What ``sandbox.up`` creates the account with; ``write_line`` gets a line for each stack."""

    def emit(event: InfraEvent | Event) -> None:
        match event:
            case StackEnded(end):
                write_line(f"stack {end.name}: {end.outcome.replace('_', ' ')} ({end.seconds:.1f} s)")
            case WarningIssued(text):
                write_line(f"warning: {text}")

    def apply_stacks(state: SandboxState, environment: str, push: Push) -> str:
        templates: list[Template] = []

        def prepare(template: Template) -> Template:
            templates.append(sandbox_template(template))
            # Reported once, at the end, not for each environment.
            return replace(templates[-1], left_out=())

        point_to(state)
        context, clock = context_of(str(state.workdir / "deploytool.yml"), environment), SystemClock()
        target = stack_targets(context, InfraOptions(), prepare)
        deps = infra_dependencies(context, clock, emit, target.run_id, LockConflictPolicy(), "sandbox up")
        _require_success(apply(target, replace(deps, images=Placeholder(push))))
        return describe_omitted(templates)

    return apply_stacks


def _require_success(outcome: InfraOutcome) -> None:
    if outcome.succeeded:
        return
    cause = outcome.diagnoses[0].cause if outcome.diagnoses else outcome.result
    raise SandboxError(
        f"the stacks of {outcome.environment} were not created: {cause}", "run `deploytool sandbox up` again"
    )


def sandbox_template_filter() -> Prepare:
    """How templates are changed before they are deployed; ``enter_sandbox`` sets the variable."""
    return sandbox_template if os.environ.get("DEPLOYTOOL_SANDBOX") else lambda template: template


def sandbox_template(template: Template) -> Template:
    """Without what MiniStack does not support, with what it does not create by itself."""
    reduced, omitted = without_unsupported(template.document)
    document = with_master_secrets(reduced)
    left_out = tuple(Resource(logical_id, type_) for logical_id, type_ in omitted.items())
    return replace(template, body=as_json(document), document=document, left_out=left_out)
