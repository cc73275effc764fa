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
    """Field ``version`` of a JSON object; ``None`` where the body is no such thing."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return None
    version = parsed.get("version") if isinstance(parsed, dict) else None
    return version if isinstance(version, str) else None
