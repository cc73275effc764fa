"""The workflows that users copy: this project's own, with the names of theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from deploytool.scaffold.model import main_environment
from deploytool.scaffold.new_infrastructure import NOT_TEXT

WORKFLOWS = ("deploy.yml", "rollback.yml", "plan.yml")
ENVIRONMENT = "{environment}"
"""Stands for the environment's name in the ARN of a role."""
_COPY = re.compile(r"\A# Copy this file\. [^\n]*\n#\n")
_USES = "uses: $/\n        with:\n"
_CHOSEN = "(contains(github.event.comment.body, ':staging -->') && 'staging') || 'production'"
_SET_ROLE = re.compile(r"# Set the variable DEPLOY_ROLE [^\n]*\n(?:# [^\n]*\n)*")
_ROLE_OF_EACH = "# The variable DEPLOY_ROLE of each environment (Settings, Environments) is the ARN of its role.\n"
_CHOOSES = "# The same group as deploy.yml. The comment's text chooses between these two names and nothing else.\n"


@dataclass(frozen=True)
class Action:
    """How a workflow names this action."""

    uses: str
    """`owner/name@commit`"""
    version: str = ""
    """What stands behind it as a comment; empty for none."""

    @property
    def is_pinned(self) -> bool:
        """At a commit, which nobody can move."""
        return bool(re.fullmatch(r"[0-9a-f]{40}", self.uses.rpartition("@")[2]))

    def __str__(self) -> str:
        return f"{self.uses} # {self.version}" if self.version else self.uses


@dataclass(frozen=True)
class WorkflowContext:
    """What the workflows of one project say that others do not."""

    action: Action
    branch: str
    environments: tuple[str, ...]
    config: str
    """Path of `deploytool.yml` from the top of the checkout."""
    role: str = ""
    """ARN, with `{environment}` where it names that; empty leaves it to the variable DEPLOY_ROLE."""
    plan_role: str = ""
    """ARN; empty leaves it to the variable PLAN_ROLE."""


class WorkflowChanged(Exception):
    """A fault of ours: a text that is to be replaced is not in the workflow."""


def workflow(name: str, text: str, told: WorkflowContext) -> str:
    """The text of this project's own `.github/workflows/NAME`, made the user's. Raises WorkflowChanged."""
    of_this_one = {"deploy.yml": _deploy, "rollback.yml": _rollback, "plan.yml": _plan}[name]
    text = _SET_ROLE.sub("" if told.role else _ROLE_OF_EACH, _COPY.sub("", text))
    for old, new in (*_action(told), *of_this_one(told, main_environment(told.environments))):
        if old not in text:
            raise WorkflowChanged(f"{name} lacks {old!r}")
        text = text.replace(old, new)
    return text


def _action(told: WorkflowContext) -> Iterator[tuple[str, str]]:
    config = "" if told.config == "deploytool.yml" else f"          config: {json.dumps(told.config)}\n"
    yield _USES, _USES.replace("$/", str(told.action)) + config


def _deploy(told: WorkflowContext, main: str) -> Iterator[tuple[str, str]]:
    yield _branches(told)
    yield from _inputs(told, main)
    yield "inputs.environment || 'production'", f"inputs.environment || '{main}'"
    # Of the variables of an environment a job's `if` knows nothing; the action says when there is no role.
    yield "    if: vars.DEPLOY_ROLE != ''\n", ""
    several = f"${{{{ inputs.environment || '{main}' }}}}"
    yield from _role("DEPLOY_ROLE", told.role, several if len(told.environments) > 1 else main)


def _rollback(told: WorkflowContext, main: str) -> Iterator[tuple[str, str]]:
    others = [name for name in told.environments if name != main]
    choice = [f"(contains(github.event.comment.body, ':{name} -->') && '{name}') || " for name in others]
    yield from _inputs(told, main)
    yield f"${{{{ {_CHOSEN} }}}}", f"${{{{ {''.join(choice)}'{main}' }}}}" if others else main
    yield _CHOSEN, f"{''.join(choice)}'{main}'"
    between = "The comment's text chooses between these names and nothing else." if others else ""
    yield _CHOOSES, f"# The same group as deploy.yml. {between}".rstrip() + "\n"
    yield "vars.DEPLOY_ROLE != '' && (", "("
    chosen = f"${{{{ inputs.environment || {''.join(choice)}'{main}' }}}}" if others else main
    yield from _role("DEPLOY_ROLE", told.role, chosen)


def _plan(told: WorkflowContext, main: str) -> Iterator[tuple[str, str]]:
    yield _branches(told)
    yield "environment: production", f"environment: {main}"
    if told.plan_role:
        yield "vars.PLAN_ROLE != '' && ", ""
        yield "# PLAN_ROLE may only read", "# The role may only read"
    yield from _role("PLAN_ROLE", told.plan_role, main)


def _role(variable: str, arn: str, environment: str) -> Iterator[tuple[str, str]]:
    if arn:
        yield f"${{{{ vars.{variable} }}}}", arn.replace(ENVIRONMENT, environment)


def _branches(told: WorkflowContext) -> tuple[str, str]:
    plain = re.fullmatch(r"[A-Za-z][\w./-]*", told.branch) and told.branch.lower() not in NOT_TEXT
    return "branches: [main]", f"branches: [{told.branch if plain else json.dumps(told.branch)}]"


def _inputs(told: WorkflowContext, main: str) -> Iterator[tuple[str, str]]:
    yield "options: [production, staging]", f"options: [{', '.join(told.environments)}]"
    yield "default: production", f"default: {main}"
