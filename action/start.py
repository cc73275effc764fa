"""Starts deploytool from the action's own directory, in the action's own environment.

Run with ``python -I``: neither the caller's directory nor the caller's ``PYTHON…`` variables decide what is imported.
"""

from __future__ import annotations

import sys
from pathlib import Path


def start() -> None:
    """Hand over to ``deploytool.cli.action``; its exit code is the step's."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from deploytool.cli.action import main

    main()


if __name__ == "__main__":
    start()
