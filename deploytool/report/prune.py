"""What can go and why the rest stays, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploytool.core.prune import HeldImage, Judged
from deploytool.report.layout import columns
from deploytool.report.wording import clean, count


def prune_text(judged: Sequence[Judged]) -> str:
    """One line for each, what goes first."""
    going, staying = _split(judged)
    told = [_section(f"can go: {count(len(going), 'thing')}", going)]
    told.append(_section(f"stays: {count(len(staying), 'thing')}", staying))
    return "\n".join(told)


def prune_document(judged: Sequence[Judged], *, carried_out: bool) -> dict[str, Any]:
    """``deploytool prune --output json``."""
    return {"schema": 1, "carried_out": carried_out, "things": [_thing(each) for each in judged]}


def _split(judged: Sequence[Judged]) -> tuple[list[Judged], list[Judged]]:
    return [each for each in judged if each.goes], [each for each in judged if not each.goes]


def _section(head: str, judged: Sequence[Judged]) -> str:
    rows = [(kind(each), clean(each.what.name), clean("; ".join(each.reasons))) for each in judged]
    return "\n".join((f"{head}:" if rows else head, *columns(rows)))


def kind(judged: Judged) -> str:
    """``image`` or ``revision``."""
    return "image" if isinstance(judged.what, HeldImage) else "revision"


def _thing(judged: Judged) -> dict[str, Any]:
    name = judged.what.digest if isinstance(judged.what, HeldImage) else judged.what.arn
    repository = {"repository": judged.what.repository} if isinstance(judged.what, HeldImage) else {}
    return {"kind": kind(judged), "name": name, **repository, "goes": judged.goes, "reasons": list(judged.reasons)}
