"""A plan as text: what a release would do. Printing it is the dry run."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from deploytool.ecs.model import revision
from deploytool.ledger.record import Kind
from deploytool.output.markup import clean, columns, count, duration, short_digest
from deploytool.release.model import Migrate, Plan, ServiceUpdate, Steady, Verify


def plan_text(plan: Plan, operation: Kind = Kind.RELEASE, restores: str = "") -> str:
    """The plan for a person, ending with a newline; wraps nothing. ``restores``: the release that is brought back."""
    parts: list[tuple[str, ...]] = [_head(plan, operation, restores)]
    if plan.nothing_to_do:
        parts.append((f"Nothing to do: {plan.request.commit.short} already runs in every service.",))
    else:
        parts += [_images(plan), _migration(plan), _services(plan.changes) or _already_running(plan), _checks(plan)]
        parts.append(_rollback_line(plan.changes))
    parts.append(tuple(f"warning: {clean(text)}" for text in plan.warnings))
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _head(plan: Plan, operation: Kind, restores: str) -> tuple[str, ...]:
    request = plan.request
    title = f"{request.app} {request.commit.short} to {request.environment}"
    if operation is Kind.ROLLBACK:
        release = f" (release {restores})" if restores else ""
        title = f"rollback of {request.app} in {request.environment} to {request.commit.short}{release}"
    elif operation is Kind.PROMOTE:
        title = f"promotion of {title}"
    subject = clean(request.commit.subject)
    return (f"{title}: {subject}" if subject else title, f"  cluster {plan.cluster}, {plan.region}")


def _images(plan: Plan) -> tuple[str, ...]:
    rows = [
        (
            image.name,
            "reuse" if image.digest else "build",
            f"{image.reference} ({short_digest(image.digest)}, already pushed)" if image.digest else image.reference,
        )
        for image in plan.images.values()
    ]
    return ("Images", *columns(rows)) if rows else ()


def _migration(plan: Plan) -> tuple[str, ...]:
    migrations = [step for step in plan.steps if isinstance(step, Migrate)]
    if not migrations:
        return ("Migrate: no",)
    files = (f"  new: {clean(path)}" for path in plan.migration_files)
    return ("Migrate", *(f"  {line}" for line in map(_migrate_line, migrations)), *files)


def _migrate_line(step: Migrate) -> str:
    what = f"yes: task {step.family}, container {step.container}, image {step.image}"
    command = f", runs {shlex.join(step.command)}" if step.command else ""
    return f"{what}{command}, at most {duration(step.timeout)}; no service moves unless it ends with exit code 0"


def _services(changes: Iterable[ServiceUpdate]) -> tuple[str, ...]:
    lines: list[str] = []
    for change in changes:
        lines.append(f"  {change.key}: {change.name}, {count(change.before.desired, 'task')}")
        lines.extend(f"    {clean(line)}" for line in change.diff)
    return ("Services", *lines) if lines else ()


def _already_running(plan: Plan) -> tuple[str, ...]:
    request = plan.request
    return (
        "Services",
        *(f"  {change.key}: {change.name} runs {request.commit.short} already" for change in plan.already_running),
        f"  none moves; the ledger does not name {request.commit.short} as live in {request.environment} yet",
    )


def _checks(plan: Plan) -> tuple[str, ...]:
    lines = [_verify_line(step) for step in plan.steps if isinstance(step, Verify)]
    for step in plan.steps:
        if isinstance(step, Steady):
            lines += [f"{change.key}: each new task runs for {duration(change.steady)}" for change in step.services]
    return ("Verify", *(f"  {line}" for line in lines)) if lines else ()


def _verify_line(step: Verify) -> str:
    parts = []
    if step.url:
        expected = [str(step.status)]
        if step.version:
            expected.append(f"version {step.version}")
        if step.body:
            expected.append(f"text {step.body!r}")
        parts.append(f"{step.url} answers {' and '.join(expected)} within {duration(step.timeout)}")
    if step.command:
        parts.append(f"{'then ' if parts else ''}{clean(' '.join(step.command))} passes")
    if step.bake:
        alarms = f" and no alarm ({', '.join(step.alarms)})" if step.alarms else ""
        parts.append(f"{'then ' if parts else ''}{duration(step.bake)} without a stopped task{alarms}")
    return f"{step.service}: {'; '.join(parts) or 'nothing is checked'}"


def _rollback_line(changes: Iterable[ServiceUpdate]) -> tuple[str, ...]:
    lines = tuple(f"  {change.key} goes back to {revision(change.previous_revision)}" for change in changes)
    return ("If anything fails", *lines) if lines else ()
