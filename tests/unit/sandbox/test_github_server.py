"""The GitHub server where the packages of the extra `sandbox` are not installed."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
sys.modules |= dict.fromkeys(("nh3", "markdown_it", "mdit_py_plugins"))
import deploytool.sandbox.github.__main__
"""


def test_the_api_is_available_when_the_packages_of_the_page_are_missing() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)
