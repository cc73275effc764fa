"""The workflows of this project, adapted to the user's project."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from deploytool.scaffold.model import main_environment
from deploytool.scaffold.new_infrastructure import NOT_TEXT

WORKFLOWS = ("deploy.yml", "rollback.yml", "plan.yml")
ENVIRONMENT = "{environment}"
"""Placeholder for the environment's name in the ARN of a role."""
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
    """Written behind it as a comment, unless empty."""

    @property
    def is_pinned(self) -> bool:
        """At a commit, which cannot be moved."""
        return bool(re.fullmatch(r"[0-9a-f]{40}", self.uses.rpartition("@")[2]))

    def __str__(self) -> str:
        return f"{self.uses} # {self.version}" if self.version else self.uses


@dataclass(frozen=True)
class WorkflowContext:
    """The parts of the workflows that depend on the project."""

    action: Action
    branch: str
    environments: tuple[str, ...]
    config: str
    """Path of `deploytool.yml` from the top of the checkout."""
    role: str = ""
    """ARN, with `{environment}` where it names that; empty leaves it to the variable DEPLOY_ROLE."""
    plan_role: str = ""
    """ARN; empty leaves it to the variable PLAN_ROLE."""
    variables: tuple[str, ...] = ()
    """Variables of the GitHub environment that a build needs."""


class WorkflowChanged(Exception):
    """Internal error: a text to replace is not in the workflow."""


def workflow(name: str, text: str, context: WorkflowContext) -> str:
    """``text`` of this project's `.github/workflows/NAME`, adapted. Raises WorkflowChanged."""
    replacements = {"deploy.yml": _deploy, "rollback.yml": _rollback, "plan.yml": _plan}[name]
    text = _SET_ROLE.sub("" if context.role else _ROLE_OF_EACH, _COPY.sub("", text))
    for old, new in (*_action(context), *replacements(context, main_environment(context.environments))):
        if old not in text:
            raise WorkflowChanged(f"{name} lacks {old!r}")
        text = text.replace(old, new)
    return text


def _action(context: WorkflowContext) -> Iterator[tuple[str, str]]:
    config = "" if context.config == "deploytool.yml" else f"          config: {json.dumps(context.config)}\n"
    yield _USES, _USES.replace("$/", str(context.action)) + config


def _deploy(context: WorkflowContext, main: str) -> Iterator[tuple[str, str]]:
    yield _branches(context)
    yield from _inputs(context, main)
    if context.variables:
        lines = "".join(f"          {name}: ${{{{ vars.{name} }}}}\n" for name in context.variables)
        yield (
            f"uses: {context.action}\n        with:\n",
            f"uses: {context.action}\n        env:\n{lines}        with:\n",
        )
    yield "inputs.environment || 'production'", f"inputs.environment || '{main}'"
    # A job's `if` cannot read variables of an environment; the action reports a missing role.
    yield "    if: vars.DEPLOY_ROLE != ''\n", ""
    several = f"${{{{ inputs.environment || '{main}' }}}}"
    yield from _role("DEPLOY_ROLE", context.role, several if len(context.environments) > 1 else main)


def _rollback(context: WorkflowContext, main: str) -> Iterator[tuple[str, str]]:
    others = [name for name in context.environments if name != main]
    choice = [f"(contains(github.event.comment.body, ':{name} -->') && '{name}') || " for name in others]
    yield from _inputs(context, main)
    yield f"${{{{ {_CHOSEN} }}}}", f"${{{{ {''.join(choice)}'{main}' }}}}" if others else main
    yield _CHOSEN, f"{''.join(choice)}'{main}'"
    between = "The comment's text chooses between these names and nothing else." if others else ""
    yield _CHOOSES, f"# The same group as deploy.yml. {between}".rstrip() + "\n"
    yield "vars.DEPLOY_ROLE != '' && (", "("
    chosen = f"${{{{ inputs.environment || {''.join(choice)}'{main}' }}}}" if others else main
    yield from _role("DEPLOY_ROLE", context.role, chosen)


def _plan(context: WorkflowContext, main: str) -> Iterator[tuple[str, str]]:
    yield _branches(context)
    yield "environment: production", f"environment: {main}"
    if context.plan_role:
        yield "vars.PLAN_ROLE != '' && ", ""
        yield "# PLAN_ROLE may only read", "# The role may only read"
    yield from _role("PLAN_ROLE", context.plan_role, main)


FOREIGN = "deploytool-"
"""Begins the name of a workflow of ours where the project has another of that name."""


def is_foreign(text: str) -> bool:
    """An existing workflow that does not use the action."""
    return "archdeck-deploy" not in text


def _role(variable: str, arn: str, environment: str) -> Iterator[tuple[str, str]]:
    if arn:
        yield f"${{{{ vars.{variable} }}}}", arn.replace(ENVIRONMENT, environment)


def _branches(context: WorkflowContext) -> tuple[str, str]:
    plain = re.fullmatch(r"[A-Za-z][\w./-]*", context.branch) and context.branch.lower() not in NOT_TEXT
    return "branches: [main]", f"branches: [{context.branch if plain else json.dumps(context.branch)}]"


def _inputs(context: WorkflowContext, main: str) -> Iterator[tuple[str, str]]:
    yield "options: [production, staging]", f"options: [{', '.join(context.environments)}]"
    yield "default: production", f"default: {main}"
