"""Where what is slow to make is kept between sandboxes."""

from __future__ import annotations

import os
from pathlib import Path


def cache() -> Path:
    """The directory, which is there from now on. scripts/setup keeps things in it too."""
    home = os.environ.get("XDG_CACHE_HOME")
    directory = (Path(home) if home else Path.home() / ".cache") / "deploytool"
    directory.mkdir(parents=True, exist_ok=True)
    return directory
