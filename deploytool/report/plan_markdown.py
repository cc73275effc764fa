"""A plan as GitHub Markdown: what a pull request would change, in its comment and in the job summary."""

from __future__ import annotations

from deploytool.core.observed import revision
from deploytool.core.plan_model import ImageChoice, Migrate, Plan, ServiceChange, Verify
from deploytool.report.escaping import code, fenced, prose
from deploytool.report.wording import count, short_digest

LIMIT = 60_000
"""Characters: below GitHub's limit for a comment with its marker."""


FILES = 20
"""Migration files that are named."""


def plan_markdown(plan: Plan) -> str:
    """The plan; its diffs are left out where they would not fit."""
    whole = _text(plan, diffs=True)
    return whole if len(whole) <= LIMIT else _text(plan, diffs=False)[:LIMIT]


def _text(plan: Plan, diffs: bool) -> str:
    request = plan.request
    parts = [
        f"### 🔎 Plan for {prose(request.environment, 100)}",
        f"{code(request.commit.short)} {prose(request.commit.subject, 200)}".rstrip(),
    ]
    if plan.nothing_to_do:
        parts.append("Nothing to do: every service runs it already.")
    else:
        parts += [_images(plan), _migration(plan), _services(plan), _checks(plan)]
        parts += [_diff(change) for change in plan.changes if change.diff and diffs]
    parts += [f"> ⚠️ {prose(text)}" for text in plan.warnings]
    return "\n\n".join(part for part in parts if part) + "\n"


def _images(plan: Plan) -> str:
    return "\n".join(f"- image {code(image.name)}: {_image(image)}" for image in plan.images.values())


def _image(image: ImageChoice) -> str:
    return f"already pushed, {code(short_digest(image.digest))}" if image.digest else "to be built"


def _migration(plan: Plan) -> str:
    found = [f"**runs** task {code(step.family)}" for step in plan.steps if isinstance(step, Migrate)]
    files = "".join(f"\n- adds {code(path)}" for path in plan.migration_files[:FILES])
    more = len(plan.migration_files) - FILES
    rest = f"\n- and {more} more" if more > 0 else ""
    return f"Migration: {', '.join(found) or 'none'}.{files}{rest}"


def _services(plan: Plan) -> str:
    rows = "\n".join(
        f"| {code(change.key)} | {count(change.before.desired, 'task')} | {_back(change)} |" for change in plan.changes
    )
    head = "| service | runs | goes back to, if anything fails or by a rollback |\n|---|---|---|\n"
    if plan.already_running:
        names = ", ".join(code(change.key) for change in plan.already_running)
        return f"No service moves: {names} run it already, and the ledger does not name it as live yet."
    return head + rows if rows else ""


def _back(change: ServiceChange) -> str:
    commit = f" (commit {code(change.commit_before[:7])})" if change.commit_before else ""
    return f"{code(revision(change.back_to))}{commit}"


def _checks(plan: Plan) -> str:
    found = [code(step.url) for step in plan.steps if isinstance(step, Verify)]
    return f"Verified at {', '.join(found)}." if found else ""


def _diff(change: ServiceChange) -> str:
    head = f"<details><summary>What changes in {code(change.key)}</summary>"
    return f"{head}\n\n{fenced(change.diff)}\n\n</details>"
