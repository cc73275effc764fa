"""A release as GitHub Markdown: the sticky comment of the pull request, and the job summary."""

from __future__ import annotations

from dataclasses import dataclass

from deploytool.core.outcome import Result
from deploytool.report.escaping import code, link, marker, prose
from deploytool.report.markdown_parts import reasons, services, steps
from deploytool.report.story import Story
from deploytool.report.way_back import block, box

LIMIT = 65_536
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
    Result.ROLLED_BACK: ("↩️", "Failed in {} and put back"),
    Result.NOT_ROLLED_BACK: ("🚨", "Failed in {} and NOT put back"),
    Result.SUPERSEDED: ("⏭️", "Superseded in {}"),
    Result.OUT_OF_TIME: ("⏱️", "Out of time in {}"),
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


def comment(story: Story, links: Links) -> str:
    """The pull request's comment, below GitHub's limit; its first line is the hidden marker.

    Raises ``ValueError`` for a story without a plan: nothing is known yet that could be told.
    """
    if story.plan is None:
        raise ValueError("a story without a plan has nothing to tell")
    first = marker(story.plan.request.app, story.plan.request.environment)
    return _fitting(story, links, f"{first}\n")


def summary(story: Story, links: Links) -> str:
    """The job summary: the same, without the marker. Empty for a story without a plan."""
    return _fitting(story, links, "") if story.plan else ""


def length(text: str) -> int:
    """Characters as GitHub's browsers and servers count them at most: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def _fitting(story: Story, links: Links, first: str) -> str:
    whole = ""
    for lines in LOG_LINES:
        whole = first + _body(story, links, lines, notice="" if lines == LOG_LINES[0] else _notice(links))
        if length(whole) < LIMIT:
            return whole
    tail = f"\n\n{_notice(links)}\n"
    kept: list[str] = []
    room = LIMIT - 1 - length(tail)
    for line in whole.splitlines(keepends=True):
        room -= length(line)
        if room < 0:
            break
        kept.append(line)
    return "".join(kept).rstrip() + tail


def _body(story: Story, links: Links, log_lines: int, notice: str) -> str:
    parts = [
        _heading(story),
        _about(story, links),
        _sentence(story),
        services(story),
        steps(story),
        *(f"> ⚠️ {prose(text)}" for text in story.warnings),
        reasons(story.diagnoses, log_lines),
        _way_back(story, links) if story.outcome and story.outcome.result is Result.RELEASED else "",
        notice,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(story: Story) -> str:
    environment = prose(story.plan.request.environment if story.plan else "", 100)
    going_on = "Migrating in {}" if story.plan and story.plan.only_migrates else "Releasing to {}"
    sign, words = _HEADINGS[story.outcome.result] if story.outcome else ("🚀", going_on)
    return f"### {sign} {words.format(environment)}"


def _about(story: Story, links: Links) -> str:
    if story.plan is None:
        return ""
    commit = story.plan.request.commit
    shown = link(code(commit.short), f"{links.repository}/commit/{commit.sha}" if links.repository else "")
    parts = [f"{shown} {prose(commit.subject, 200)}".rstrip()]
    if links.run:
        parts.append(link("run", links.run))
    if story.plan.url and _went_live(story):
        parts.append(link("open", story.plan.url))
    return " · ".join(parts)


def _sentence(story: Story) -> str:
    if story.outcome:
        return prose(story.outcome.sentence, 2000)
    current = story.current
    return f"Now: {prose(current.step)}." if current else "Starting."


def _went_live(story: Story) -> bool:
    return story.outcome is not None and story.outcome.live


def _way_back(story: Story, links: Links) -> str:
    """Offered where there is a release to go back to, and this one is what is live in the ledger."""
    if story.way_back is None:
        return ""
    commands = [links.rollback_command] if links.rollback_command else []
    if story.plan and links.deployments and links.rollback_workflow:
        environment = story.plan.request.environment
        inputs = f"-f environment={environment} -f deployment-id={links.deployments[0]}"
        commands.append(f"gh workflow run {links.rollback_workflow} {inputs}")
    offered = box(story.way_back, links.deployments) if links.checkbox and links.deployments else ""
    return block(links.rollback_page, commands, offered)


def _notice(links: Links) -> str:
    return f"_Shortened to fit GitHub's limit; everything is in {link('the log of the run', links.run)}._"
