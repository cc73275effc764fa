"""The tables of inputs and outputs of docs/action.md, from action.yml."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from scripts.tools.between_marks import ROOT, write

BEGIN = "<!-- inputs and outputs: written by scripts/dev action-docs -->"
END = "<!-- end of inputs and outputs -->"


def tables(action: Mapping[str, Any]) -> Iterator[str]:
    yield from ("| input | default | meaning |", "|---|---|---|")
    for name, told in action["inputs"].items():
        default = f"`{told['default']}`" if told.get("default") else ""
        yield f"| `{name}` | {default} | {told['description']} |"
    yield ""
    yield from ("| output | meaning |", "|---|---|")
    for name, told in action["outputs"].items():
        yield f"| `{name}` | {told['description']} |"


if __name__ == "__main__":
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    sys.exit(write("action-docs", ROOT / "docs/action.md", BEGIN, END, tables(action)))
