"""Carry out a plan, and say what it came to."""

from __future__ import annotations

import sys

from deploytool.cli import git
from deploytool.cli.decide import Decided
from deploytool.cli.heard import heard_or_not
from deploytool.cli.print_text import print_document, print_text
from deploytool.cli.surroundings import interactive
from deploytool.cli.tell_github import Told
from deploytool.cli.transaction import Transaction
from deploytool.core.events import Accompanied
from deploytool.core.ledger import Kind, version_of
from deploytool.core.outcome import Outcome
from deploytool.core.way_back import taken_back, taken_over, way_back
from deploytool.report.documents import outcome_document
from deploytool.report.outcome import outcome_text
from deploytool.run.engine import run


def carry_out(open_one: Transaction, decided: Decided, github: Told) -> Outcome:
    """Run the plan to its outcome; the ledger has it before this returns, what ``github`` makes included."""
    if decided.plan.concerned and not decided.previous:
        _tell_beforehand(open_one, decided)
    github.remembered_by(open_one.on_github)
    outcome = run(decided.plan, open_one.world(decided))
    github.serves_again(open_one.serving_again(outcome))
    return outcome


def _tell_beforehand(open_one: Transaction, decided: Decided) -> None:
    """What the comments of pull requests are made of and the plan does not hold."""
    records, plan = open_one.records(), decided.plan
    if back := way_back(records, decided.restores):
        open_one.tell(back)
    commit = plan.request.commit
    if decided.kind is not Kind.ROLLBACK and (over := taken_over(records)):
        open_one.tell(over)
    taken = taken_back(records) if decided.kind is Kind.ROLLBACK else None
    if taken:
        open_one.tell(taken)
        base, head = commit.sha, taken.request.commit.sha
    else:
        version = version_of(records)
        base, head = plan.commit_before or (version.commit.sha if version else ""), commit.sha
    others = tuple(each for each in git.between(open_one.project.root, base, head) if each.sha != head)
    open_one.tell(Accompanied(others))


def say(outcome: Outcome, *, as_json: bool) -> None:
    """The outcome on standard output."""
    with heard_or_not(sys.stdout):
        if as_json:
            print_document(outcome_document(outcome))
        elif interactive():
            from rich.console import Console
            from rich.text import Text

            Console().print(Text(outcome_text(outcome)))
        else:
            print_text(outcome_text(outcome))
