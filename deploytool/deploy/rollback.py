"""A rollback from the lock to the report: for the verb, and for the checkbox in a comment."""

from __future__ import annotations

from deploytool.deploy.context import Context, Run
from deploytool.deploy.github import github_reporting
from deploytool.ledger.lock import LockConflictPolicy
from deploytool.ledger.rollback_target import RollbackRequest
from deploytool.release.model import Outcome


def run_rollback(
    context: Context, run: Run, request: RollbackRequest, conflict: LockConflictPolicy, *, as_json: bool
) -> Outcome:
    """Raises DeployError where the rollback is refused."""
    with github_reporting(context, run.id) as github:
        # Imported here: boto3 loads while GitHub is connected.
        from deploytool.deploy.plans import plan_rollback
        from deploytool.deploy.session import execute, finish, open_session, print_outcome

        with open_session(context, run, github, conflict, reason="rollback", as_json=as_json) as session:
            planned = plan_rollback(session, request)
            outcome = execute(session, planned, github)
        if not as_json:
            print_outcome(outcome)
    finish(session, planned, outcome, github, as_json=as_json)
    return outcome
