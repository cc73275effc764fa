"""Run by the Python of cfn-lint's own environment: one process for many templates, since loading it takes a second.

    python lint_each.py FILE...

Prints a JSON object: the findings of each file, as pairs of rule and logical id.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cfnlint.api import lint_file  # type: ignore[import-not-found]  # not in this project's environment
from cfnlint.config import ManualArgs  # type: ignore[import-not-found]


def main(files: list[str]) -> None:
    # I3011, off by default: resources that hold data say what becomes of it.
    config = ManualArgs(regions=["us-east-1"], include_checks=["I3011"])
    result = {
        name: [(item.rule.id, place(item.path)) for item in lint_file(Path(name), config=config)] for name in files
    }
    json.dump(result, sys.stdout)


def place(path: list[object] | None) -> str:
    """The logical id that a finding is about; empty where it is about the whole."""
    return str(path[1]) if path and len(path) > 1 else ""


if __name__ == "__main__":
    main(sys.argv[1:])
