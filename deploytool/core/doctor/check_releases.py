"""What the ledger says: was it ever released from CI, did its migration run."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.core.doctor.facts import Facts
from deploytool.core.doctor.finding import CannotTell, Reason, bad, good, known, unseen, verdict
from deploytool.core.ledger import Record, StepState, last_successful
from deploytool.core.ledger_notes import MIGRATE


def pipeline(facts: Facts) -> Iterator[Reason]:
    """A workflow has released it."""
    releases = known(facts.releases)
    found = next((each for each in releases if each.successful and each.run_url), None)
    if found is not None:
        yield good(f"release {found.release_id} of {found.commit.short} came from {found.run_url}")
        return
    by_hand = last_successful(releases)
    told = f"; {by_hand.release_id} was released by hand" if by_hand else ""
    yield bad(
        f"no workflow has released to {facts.scope.environment} yet{told}",
        "run the workflow deploy.yml of docs/action.md",
    )


def migrations(facts: Facts) -> Iterator[Reason]:
    """The last migration that was started ended well."""
    environment = facts.scope.environment
    if not facts.scope.migrate:
        yield good("deploytool.yml has no migration")
        return
    if facts.migrate is None:
        yield bad(
            f"the task definition {facts.scope.migrate} of the migration does not exist",
            "create the stack service: deploytool infra apply",
        )
    last = next((record for record in known(facts.releases) if record.migration.ran), None)
    if last is None:
        yield bad(
            f"no release to {environment} has run the migration", f"deploytool release --environment {environment}"
        )
        return
    state = _migrated(last)
    yield verdict(
        state is StepState.ENDED,
        f"release {last.release_id} ran the migration",
        f"the migration of release {last.release_id} {'failed' if state is StepState.FAILED else 'did not end'}",
        f"deploytool logs --environment {environment} migrate",
    )


def _migrated(record: Record) -> StepState:
    return next((step.state for step in reversed(record.steps) if step.name == MIGRATE), StepState.BEGAN)


def seeds(facts: Facts) -> Iterator[Reason]:
    """No API shows what is in a database; a seed task can at least be seen."""
    found = known(facts.seeds)
    if found:
        told = f"there is a seed task ({', '.join(found)}); whether it ran is not kept by AWS"
    else:
        told = f"no task definition of {facts.scope.app} is called after seeding, and no API looks into a database"
    yield unseen(CannotTell(told, "if the application needs data to begin with, look in the database"))
