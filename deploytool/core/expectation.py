"""Does an HTTP answer show the new version, healthy?"""

from __future__ import annotations

import json

from deploytool.core.plan_model import Verify
from deploytool.core.probe import Answer, NoAnswer


def met(step: Verify, answer: Answer | NoAnswer) -> bool:
    """Status, body and version are all as configured."""
    return (
        isinstance(answer, Answer)
        and answer.status == step.status
        and (step.body is None or step.body in answer.body)
        and (step.version is None or version_of(answer.body) == step.version)
    )


def version_of(body: str) -> str | None:
    """Field ``version`` of a JSON object, a number as it is written; ``None`` where the body is no such thing.

    A short commit may be all digits, or digits around an ``e``: an app's own JSON may make a number of it.
    """
    try:
        parsed = json.loads(body, parse_int=str, parse_float=str)
    except ValueError:
        return None
    version = parsed.get("version") if isinstance(parsed, dict) else None
    return version if isinstance(version, str) else None
