"""What the page of `infra` says is allowed, and what is called."""

from __future__ import annotations

import ast
import json

from tests.unit.docs.documents import ROOT

CALLERS = {"call", "call_once", "call_or_none", "pages", "paginate", "paginate_or_none"}


def test_the_policy_of_the_page_is_what_the_driver_calls_and_nothing_else() -> None:
    text = (ROOT / "docs/infrastructure-commands.md").read_text()
    policy = json.loads(text.rpartition("```json\n")[2].partition("```")[0])
    allowed = {action.partition(":")[2] for statement in policy["Statement"] for action in statement["Action"]}
    calls = set()
    for path in [ROOT / "deploytool/infra/client.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {*CALLERS, "_sent"}:
                operation = node.args[1]
                if isinstance(operation, ast.Constant):
                    calls.add("".join(part.capitalize() for part in str(operation.value).split("_")))
    calls = {name.replace("Db", "DB") for name in calls}
    assert len(calls) > 15
    # Tags of a stack are set with CreateChangeSet, which IAM wants allowed apart.
    assert calls ^ allowed == {"TagResource"}
