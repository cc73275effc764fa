"""A release that never began, as GitHub Markdown for the job summary."""

from __future__ import annotations

from deploytool.report.escaping import prose


def refusal(app: str, environment: str, cause: str, fix: str) -> str:
    """Nothing was changed, why, and what to do."""
    parts = [f"### ⛔ Not released to {prose(environment, 100)}", f"{prose(app)}: {prose(cause, 4000)}"]
    if fix:
        parts.append(f"**Fix:** {prose(fix, 4000)}")
    return "\n\n".join(parts) + "\n"
