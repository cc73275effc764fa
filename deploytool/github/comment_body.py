"""The blocks a comment is made of: table of services, line of steps, reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.model import revision
from deploytool.github.comment_edits import block, checkbox_line, mark_recovered, mark_replaced, mark_rolled_back
from deploytool.output.markup import (
    code,
    container_prefix,
    count,
    duration,
    fenced,
    link,
    marker,
    progress_text,
    prose,
    short_digest,
)
from deploytool.output.outcome import served_versions
from deploytool.output.progress import Phase, ReleaseView, apply
from deploytool.release.events import Event, Recovered
from deploytool.release.model import ImageChoice, Migrate, Outcome, Plan, Result, ServiceUpdate, Verify

# The blocks a comment is made of: table of services, line of steps, reasons.

TABLE_HEAD = "| service | status | version before → now | tasks |\n|---|---|---|---|\n"
_SIGNS = {"rolled back": "↩️", "not changed": "➖"}


def services(story: ReleaseView) -> str:
    """The table of services; empty where the plan changes none."""
    rows = _ended(story, story.outcome) if story.outcome else _going(story)
    return TABLE_HEAD + "\n".join(f"| {' | '.join(row)} |" for row in rows) if rows else ""


def steps(story: ReleaseView) -> str:
    """Every step in one line, with its time; bold while it goes on."""
    return " · ".join(_step(phase, over=story.outcome is not None) for phase in story.phases)


def reasons(diagnoses: Iterable[Diagnosis], log_lines: int) -> str:
    """Why it failed: cause, fix, AWS's words and the last lines of the log, per reason."""
    parts = [_reason(diagnosis, log_lines) for diagnosis in diagnoses]
    return "\n\n".join(["#### Why", *parts]) if parts else ""


def _going(story: ReleaseView) -> list[tuple[str, ...]]:
    before = {change.key: revision(change.previous_revision) for change in story.plan.changes} if story.plan else {}
    return [
        (
            code(row.key),
            prose(progress_text(row.status, row.running, row.desired, row.reverting)) if row.moved else "not begun",
            f"{code(before.get(row.key, ''))} → …",
            f"{row.running if row.counted else '–'}/{row.desired}",
        )
        for row in story.services
    ]


def _ended(story: ReleaseView, outcome: Outcome) -> list[tuple[str, ...]]:
    tasks = {row.key: f"{row.running}/{row.desired}" for row in story.services if row.counted}
    return [
        (
            code(row.key),
            f"{'✅' if row.succeeded else _SIGNS.get(row.status, '❌')} {prose(row.status)}",
            f"{code(row.before)} → {code(row.now)}{f' ({code(row.version)})' if row.version else ''}",
            tasks.get(row.key, "–"),
        )
        for row in served_versions(outcome)
    ]


def _step(phase: Phase, over: bool) -> str:
    name = prose(phase.step, 50)
    if phase.succeeded is None:
        return f"{name} ✗" if over else f"**{name} …**"
    return f"{name} {'✓' if phase.succeeded else '✗'} {duration(phase.seconds)}"


def _reason(diagnosis: Diagnosis, log_lines: int) -> str:
    about = f"{code(subject)}: " if (subject := container_prefix(diagnosis)) else ""
    parts = [f"{about}{prose(diagnosis.cause)}"]
    if diagnosis.fix:
        parts.append(f"**Fix**: {prose(diagnosis.fix)}")
    if diagnosis.more:
        parts.append(f"> {prose(diagnosis.quoted)} says: {prose(diagnosis.more)}")
    shown = diagnosis.log[-log_lines:] if log_lines else ()
    if shown:
        last = "Last line" if len(shown) == 1 else f"Last {len(shown)} lines"
        head = f"<details><summary>{last} of its log</summary>"
        parts.append(f"{head}\n\n{fenced(shown)}\n\n</details>")
    return "\n\n".join(parts)


# A release as GitHub Markdown: the sticky comment of the pull request, and the job summary.

COMMENT_LIMIT = 65_536
"""Longest comment GitHub takes, in characters (422 "Body is too long")."""

LOG_LINES = (50, 25, 10, 5, 0)
"""How many last lines of each log to show: the first of these with which the whole fits."""

_HEADINGS = {
    Result.RELEASED: ("✅", "Live in {}"),
    Result.MIGRATED: ("✅", "Migrated in {}"),
    Result.NOTHING_TO_DO: ("✅", "Already live in {}"),
    Result.REFUSED: ("⛔", "Not released to {}"),
    Result.BUILD_FAILED: ("❌", "Build failed, {} is unchanged"),
    Result.MIGRATION_FAILED: ("❌", "Migration failed, the services of {} are unchanged"),
    Result.ROLLED_BACK: ("↩️", "Failed in {} and was rolled back"),
    Result.ROLLBACK_INCOMPLETE: ("🚨", "Failed in {}: ROLLBACK INCOMPLETE"),
    Result.SUPERSEDED: ("⏭️", "Superseded in {}"),
    Result.TIMED_OUT: ("⏱️", "Timed out in {}"),
    Result.CANCELLED: ("🛑", "Cancelled in {}"),
    Result.FAILED: ("❌", "Failed in {}"),
}


@dataclass(frozen=True)
class Links:
    """What a comment may point to. Whatever is empty is not shown: nothing printed may be untrue."""

    repository: str = ""
    """URL of the repository's page, without a slash at its end."""
    run: str = ""
    """URL of the workflow run."""
    rollback_page: str = ""
    """URL of the rollback workflow's page."""
    rollback_command: str = ""
    """``deploytool rollback …``, ready to copy."""
    rollback_workflow: str = ""
    """Its file's name, for ``gh workflow run``."""
    checkbox: bool = False
    """A tick in the comment is acted on."""
    deployments: tuple[int, int] | None = None
    """Ids on GitHub: of the deployment to go back to, and of this release's own."""


def comment(story: ReleaseView, links: Links) -> str:
    """The pull request's comment, below GitHub's limit; its first line is the hidden marker.

    Raises ``ValueError`` for a story without a plan: nothing is known yet that could be told.
    """
    if story.plan is None:
        raise ValueError("a story without a plan has nothing to tell")
    first = marker(story.plan.request.app, story.plan.request.environment)
    return _fitting(story, story.plan, links, f"{first}\n")


def summary(story: ReleaseView, links: Links) -> str:
    """The job summary: the same, without the marker. Empty for a story without a plan."""
    return _fitting(story, story.plan, links, "") if story.plan else ""


def length(text: str) -> int:
    """Characters as GitHub's browsers and servers count them at most: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def _fitting(story: ReleaseView, plan: Plan, links: Links, first: str) -> str:
    whole = ""
    for lines in LOG_LINES:
        whole = first + _body(story, plan, links, lines, notice="" if lines == LOG_LINES[0] else _notice(links))
        if length(whole) < COMMENT_LIMIT:
            return whole
    tail = f"\n\n{_notice(links)}\n"
    parts = whole.splitlines(keepends=True)
    ends = accumulate(map(length, parts))
    kept = [part for part, end in zip(parts, ends, strict=True) if end + length(tail) < COMMENT_LIMIT]
    return "".join(kept).rstrip() + tail


def _body(story: ReleaseView, plan: Plan, links: Links, log_lines: int, notice: str) -> str:
    parts = [
        _heading(story, plan),
        _about(story, plan, links),
        _summary(story),
        services(story),
        steps(story),
        *(f"> ⚠️ {prose(text)}" for text in story.warnings),
        reasons(story.diagnoses, log_lines),
        _rollback_block(story, plan, links) if story.outcome and story.outcome.result is Result.RELEASED else "",
        notice,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(story: ReleaseView, plan: Plan) -> str:
    environment = prose(plan.request.environment, 100)
    going_on = "Migrating in {}" if plan.only_migrates else "Releasing to {}"
    sign, words = _HEADINGS[story.outcome.result] if story.outcome else ("🚀", going_on)
    return f"### {sign} {words.format(environment)}"


def _about(story: ReleaseView, plan: Plan, links: Links) -> str:
    commit = plan.request.commit
    shown = link(code(commit.short), f"{links.repository}/commit/{commit.sha}" if links.repository else "")
    parts = [f"{shown} {prose(commit.subject, 200)}".rstrip()]
    if links.run:
        parts.append(link("run", links.run))
    if plan.url and _live_since(story):
        parts.append(link("open", plan.url))
    return " · ".join(parts)


def _summary(story: ReleaseView) -> str:
    if story.outcome:
        return prose(story.outcome.summary, 2000)
    current = story.current
    return f"Now: {prose(current.step)}." if current else "Starting."


def _live_since(story: ReleaseView) -> bool:
    return story.outcome is not None and story.outcome.live


def _rollback_block(story: ReleaseView, plan: Plan, links: Links) -> str:
    """Offered where there is a release to go back to, and this one is what is live in the ledger."""
    if story.way_back is None:
        return ""
    commands = [links.rollback_command] if links.rollback_command else []
    if links.deployments and links.rollback_workflow:
        inputs = f"-f environment={plan.request.environment} -f deployment-id={links.deployments[0]}"
        commands.append(f"gh workflow run {links.rollback_workflow} {inputs}")
    offered = checkbox_line(story.way_back, links.deployments) if links.checkbox and links.deployments else ""
    return block(links.rollback_page, commands, offered)


def _notice(links: Links) -> str:
    return f"_Shortened to fit GitHub's limit; everything is in {link('the log of the run', links.run)}._"


# The comment's text, kept up to date by the events of one release.


class CommentBody:
    """What github.reporter publishes and what the job summary repeats."""

    def __init__(self, app: str, environment: str, links: Links, now: Callable[[], datetime]) -> None:
        self._marker = marker(app, environment)
        self._environment = environment
        self._links = links
        self._now = now
        self._story = ReleaseView()

    def add(self, event: Event) -> None:
        """Take the event into the text."""
        self._story = apply(self._story, event, self._now())

    def text(self) -> str:
        """The comment as it should read now. Raises ValueError before the plan is known."""
        return comment(self._story, self._links)

    def summary(self) -> str:
        """The job summary; empty before the plan is known."""
        return summary(self._story, self._links)

    def offer(self, goal: int, current: int) -> None:
        """The deployments, on GitHub, that the way back is between."""
        self._links = replace(self._links, deployments=(goal, current))

    def settled(self, event: Recovered, body: str) -> str:
        """The comment of a release that was killed; as it is, where it does not say any more that it goes on."""
        return mark_recovered(body, self._environment, event.summary, succeeded=event.succeeded)

    def taken_back(self, body: str) -> str:
        """The comment of the release that this one, a rollback, takes back."""
        plan = self._story.plan
        return mark_rolled_back(body, self._environment, self._release(plan, "to ")) if plan else body

    def replaced(self, body: str) -> str:
        """The comment of the release that this one takes the place of."""
        plan = self._story.plan
        return mark_replaced(body, self._environment, self._release(plan), self._now()) if plan else body

    def marker(self) -> str:
        """The comment's first line, by which it is found again."""
        return self._marker

    def _release(self, plan: Plan, to: str = "") -> str:
        request, links = plan.request, self._links
        shown = f"{links.repository}/commit/{request.commit.sha}" if links.repository else ""
        line = f"release {code(request.release_id)}, {to}{link(code(request.commit.short), shown)}"
        return f"{line} · {link('run', links.run)}" if links.run else line


# A plan as GitHub Markdown: what a pull request would change, in its comment and in the job summary.

PLAN_LIMIT = 60_000
"""As ``length`` counts: below GitHub's limit for a comment with its marker."""


FILES = 20
"""Migration files that are named."""


def plan_markdown(plan: Plan) -> str:
    """The plan; its diffs are left out where they would not fit."""
    whole = _text(plan, diffs=True)
    if length(whole) > PLAN_LIMIT:
        whole = _text(plan, diffs=False)
    return whole if length(whole) <= PLAN_LIMIT else whole[: PLAN_LIMIT // 2]


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
    tasks = [f"**runs** task {code(step.family)}" for step in plan.steps if isinstance(step, Migrate)]
    files = "".join(f"\n- adds {code(path)}" for path in plan.migration_files[:FILES])
    more = len(plan.migration_files) - FILES
    rest = f"\n- and {more} more" if more > 0 else ""
    return f"Migration: {', '.join(tasks) or 'none'}.{files}{rest}"


def _services(plan: Plan) -> str:
    rows = "\n".join(
        f"| {code(change.key)} | {count(change.before.desired, 'task')} | {_rollback_cell(change)} |"
        for change in plan.changes
    )
    head = "| service | runs | goes back to, if anything fails or by a rollback |\n|---|---|---|\n"
    if plan.already_running:
        names = ", ".join(code(change.key) for change in plan.already_running)
        return f"No service moves: {names} run it already, and the ledger does not name it as live yet."
    return head + rows if rows else ""


def _rollback_cell(change: ServiceUpdate) -> str:
    commit = f" (commit {code(change.commit_before[:7])})" if change.commit_before else ""
    return f"{code(revision(change.previous_revision))}{commit}"


def _checks(plan: Plan) -> str:
    urls = [code(step.url) for step in plan.steps if isinstance(step, Verify) and step.url]
    return f"Verified at {', '.join(urls)}." if urls else ""


def _diff(change: ServiceUpdate) -> str:
    head = f"<details><summary>What changes in {code(change.key)}</summary>"
    return f"{head}\n\n{fenced(change.diff)}\n\n</details>"


# A release that never began, as GitHub Markdown for the job summary.


def refusal(app: str, environment: str, cause: str, fix: str) -> str:
    """Nothing was changed, why, and what to do."""
    parts = [f"### ⛔ Not released to {prose(environment, 100)}", f"{prose(app)}: {prose(cause, 4000)}"]
    if fix:
        parts.append(f"**Fix:** {prose(fix, 4000)}")
    return "\n\n".join(parts) + "\n"
