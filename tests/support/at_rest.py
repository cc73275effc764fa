"""Wait for the sandbox's services: MiniStack calls a rollout complete a moment before the last old task is gone."""

from __future__ import annotations

from deploytool.sandbox.account import PRODUCTION, Account, is_steady
from deploytool.sandbox.process import wait_until
from deploytool.sandbox.state import SandboxState


def await_rest(state: SandboxState, seconds: float = 30) -> None:
    """Return once nothing rolls in production any more. Raises SandboxError after ``seconds``."""
    account = Account(state.aws_endpoint_url, state.region)
    wait_until("the services", lambda: is_steady(account, PRODUCTION.cluster), seconds=seconds)
