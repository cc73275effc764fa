"""The doctor's page, its policy, and the calls that it makes: one and the same."""

from __future__ import annotations

import ast
import json
import re

from deploytool.doctor.checks import CHECKS
from deploytool.doctor.collect.reader import action_of
from tests.unit.docs.documents import ROOT

PAGE = (ROOT / "docs/doctor.md").read_text()
OTHER_CALLS = {"dynamodb:Query", "pricing:GetProducts"}
"""The ledger's and the price list's, which `doctor/collect` does not make."""


def called() -> set[str]:
    """Every action that `doctor/collect` calls."""
    actions = set()
    for path in (ROOT / "deploytool/doctor/collect").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                path.name != "reader.py"
                and isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("ask", "every", "pages")
            ):
                service, operation = (ast.literal_eval(word) for word in node.args[:2])
                actions.add(action_of(service, operation))
    return actions


def allowed() -> set[str]:
    """The doctor's policy of docs/permissions.md."""
    text = (ROOT / "docs/permissions.md").read_text().partition("## For `deploytool doctor`")[2]
    policy = json.loads(text.partition("```json\n")[2].partition("```")[0])
    listed = [statement["Action"] for statement in policy["Statement"]]
    return {action for actions in listed for action in ([actions] if isinstance(actions, str) else actions)}


def test_the_policy_allows_what_the_doctor_calls_and_nothing_else() -> None:
    assert len(called()) > 40
    assert allowed() == called() | OTHER_CALLS


def test_the_policy_only_reads() -> None:
    verbs = {action.partition(":")[2] for action in allowed()}

    assert [verb for verb in verbs if not verb.startswith(("Describe", "Get", "List", "Query"))] == [
        "GenerateCredentialReport"
    ]


def test_the_page_has_every_check_in_order() -> None:
    assert re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE, re.MULTILINE) == [check.id for check in CHECKS]


def test_the_page_says_which_check_needs_each_permission() -> None:
    named = set(re.findall(r"`([a-z0-9-]+:[A-Z]\w+)`", PAGE))

    assert named == allowed() - {"pricing:GetProducts"}
