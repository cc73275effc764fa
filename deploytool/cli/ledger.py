"""The ledger and the lock of a project, where it has them."""

from __future__ import annotations

from deploytool.aws.conditional import LedgerMissing
from deploytool.aws.ledger import Ledger
from deploytool.aws.lock import Lock
from deploytool.cli.project import Project
from deploytool.core.ledger import Record
from deploytool.errors import ConfigurationError


class NoLedger(ConfigurationError):
    """The configuration says ``ledger: false``."""

    def __init__(self, environment: str) -> None:
        super().__init__(
            f"{environment} has no ledger: deploytool.yml says `ledger: false`",
            f"take `ledger` out of environments.{environment}, or name a DynamoDB table there",
        )


def ledger_of(project: Project) -> Ledger:
    """Raises NoLedger."""
    settings = project.settings
    return Ledger(project.session, _table(project), settings.app, settings.environment)


def live_version(project: Project) -> Record | None:
    """The release whose version should be live now; ``None`` where none is known, or no ledger is there yet.

    Raises CloudError.
    """
    if project.settings.ledger is None:
        return None
    try:
        return ledger_of(project).version()
    except LedgerMissing:
        return None


def lock_of(project: Project) -> Lock:
    """Raises NoLedger."""
    settings = project.settings
    return Lock(project.session, _table(project), settings.app, settings.environment)


def _table(project: Project) -> str:
    if project.settings.ledger is None:
        raise NoLedger(project.settings.environment)
    return project.settings.ledger
