"""The ledger and the lock of a project, where it has them."""

from __future__ import annotations

from deploytool.aws.ledger import Ledger
from deploytool.aws.lock import Lock
from deploytool.cli.project import Project
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


def lock_of(project: Project) -> Lock:
    """Raises NoLedger."""
    settings = project.settings
    return Lock(project.session, _table(project), settings.app, settings.environment)


def _table(project: Project) -> str:
    if project.settings.ledger is None:
        raise NoLedger(project.settings.environment)
    return project.settings.ledger
