"""What `deploytool init` wrote, and what comes next, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploytool.core.init.fate import Fate, Settled
from deploytool.report.layout import columns
from deploytool.report.wording import clean, count


def init_text(
    settled: Sequence[Settled], facts: Sequence[str], notes: Sequence[str], commands: Sequence[str], *, diff: bool
) -> str:
    """Facts found, files with their fate, notes, and the next commands."""
    rows = [(_word(each.fate), clean(each.file.path), _remark(each)) for each in settled]
    parts = [tuple(f"found: {clean(fact)}" for fact in facts), columns(rows, "")]
    if diff:
        parts += [tuple(clean(line) for line in each.difference) for each in settled if each.difference]
    parts.append(tuple(f"note: {clean(note)}" for note in notes))
    if not diff:
        parts.append(("next:", *(f"  {command}" for command in commands)))
    else:
        parts.append(("nothing was written; leave out --diff to write",))
    return "\n\n".join("\n".join(part) for part in parts if part)


def init_document(
    settled: Sequence[Settled],
    facts: Sequence[str],
    notes: Sequence[str],
    commands: Sequence[str],
    *,
    diff: bool = False,
) -> dict[str, Any]:
    """``deploytool init --output json``; ``preview`` is whether nothing was written (``--diff``)."""
    return {
        "schema": 1,
        "kind": "init",
        "preview": diff,
        "files": [
            {"path": each.file.path, "fate": each.fate.value, "difference": "\n".join(each.difference)}
            for each in settled
        ],
        "found": list(facts),
        "notes": list(notes),
        "next": list(commands),
    }


def _word(fate: Fate) -> str:
    return {Fate.WRITTEN: "written", Fate.NEW: "would be written"}.get(fate, "kept")


def _remark(settled: Settled) -> str:
    if settled.fate in (Fate.WRITTEN, Fate.NEW):
        return ""
    if settled.fate is Fate.SAME:
        return "as it would be written"
    own, ours = settled.lines
    return f"differs: {count(own, 'line')} of yours, {count(ours, 'line')} of init's"
