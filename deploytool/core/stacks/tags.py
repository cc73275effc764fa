"""Tags of a stack, which CloudFormation puts on everything in it.

None of them changes from one run to the next: a tag that does changes every resource.
"""

from __future__ import annotations

from deploytool.core.stacks.order import Stack


def tags_of(stack: Stack, app: str, environment: str) -> dict[str, str]:
    """What of the account belongs to no one environment has no tag that says so."""
    of_environment = {} if stack.of_account else {"environment": environment}
    return {"app": app, **of_environment, "managed-by": "deploytool"}
