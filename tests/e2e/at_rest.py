"""Wait for the sandbox's services: MiniStack calls a rollout complete a moment before the last old task is gone."""

from __future__ import annotations

from deploytool.sandbox.cloud import settled
from deploytool.sandbox.cloud.account import Account
from deploytool.sandbox.cloud.example import PRODUCTION
from deploytool.sandbox.state import SandboxState
from deploytool.sandbox.wait import until


def await_rest(state: SandboxState, seconds: float = 30) -> None:
    """Return once nothing rolls in production any more. Raises SandboxError after so many seconds."""
    account = Account(state.aws_endpoint_url, state.region)
    until("the services", lambda: settled(account, PRODUCTION.cluster), seconds=seconds)
