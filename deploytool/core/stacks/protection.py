"""What keeps a stack and the data in it from being deleted by mistake.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from deploytool.core.stacks.change import STATEFUL

TERMINATION, POLICY = "termination protection", "stack policy"


def stack_policy(except_for: Sequence[str] = ()) -> str:
    """Updates may replace or delete nothing that holds data, but for these logical ids."""
    deny = {
        "Effect": "Deny",
        "Action": ["Update:Replace", "Update:Delete"],
        "Principal": "*",
        "Condition": {"StringEquals": {"ResourceType": sorted(STATEFUL)}},
    }
    where = {"NotResource": [f"LogicalResourceId/{name}" for name in except_for]} if except_for else {"Resource": "*"}
    allow = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    return json.dumps({"Statement": [allow, {**deny, **where}]}, sort_keys=True)


def lacking(protected: bool, policy: str) -> tuple[str, ...]:
    """Which protections a stack lacks; ``policy`` is what GetStackPolicy tells, empty where there is none."""
    found = [] if protected else [TERMINATION]
    return (*found, *([] if same_policy(policy, stack_policy()) else [POLICY]))


def same_policy(one: str, other: str) -> bool:
    """However they are written."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False
