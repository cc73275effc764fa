"""cfn-lint and checkov, each in an environment of its own: both pin what would clash with ours, and with each other."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploytool.sandbox.images import cache

HERE = Path(__file__).parent
Findings = dict[str, set[tuple[str, str]]]
"""By the file's name without suffix: pairs of rule and logical id."""


def findings(directory: Path) -> Findings:
    """What both tools find in the templates (``NAME.json``) of a directory."""
    with ThreadPoolExecutor() as pool:
        lint, check = pool.submit(_cfn_lint, directory), pool.submit(_checkov, directory)
        return {name: found | check.result().get(name, set()) for name, found in lint.result().items()}


def _cfn_lint(directory: Path) -> Findings:
    files = sorted(map(str, directory.glob("*.json")))
    said = _run(environment("cfn-lint") / "python", HERE / "lint_each.py", *files)
    return {Path(name).stem: {(rule, where) for rule, where in pairs} for name, pairs in json.loads(said).items()}


def _checkov(directory: Path) -> Findings:
    # Without --skip-download it asks a server of its vendor's.
    options = (
        "--framework",
        "cloudformation",
        "--skip-download",
        "--soft-fail",
        "--quiet",
        "--compact",
        "--output",
        "json",
    )
    bin_directory = environment("checkov")
    report = json.loads(_run(bin_directory / "python", bin_directory / "checkov", "-d", directory, *options))
    assert report["summary"]["parsing_errors"] == 0, report["summary"]
    found: Findings = {}
    for each in report["results"]["failed_checks"]:
        where = each["resource"].rpartition(".")[2]
        found.setdefault(Path(each["file_path"]).stem, set()).add((each["check_id"], where))
    return found


def environment(name: str) -> Path:
    """The directory of the tool's programs; made from ``requirements/NAME.txt`` when it is missing."""
    requirements = HERE / "requirements" / f"{name}.txt"
    pinned = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    home = cache() / f"templates-{name}-{pinned}-py{sys.version_info.major}{sys.version_info.minor}"
    # Written last: an environment that has it is whole.
    whole = home / "whole"
    if not whole.exists():
        uv = _uv()
        _run(uv, "venv", "-q", "--clear", "--python", sys.executable, home)
        python = home / "bin" / "python"
        _run(
            uv,
            "pip",
            "install",
            "-q",
            "--compile-bytecode",
            "--require-hashes",
            "--python",
            python,
            "-r",
            requirements,
        )
        whole.touch()
    return home / "bin"


def _uv() -> str:
    """Where scripts/setup found it or put it."""
    found = shutil.which("uv") or shutil.which("uv", path=cache() / "uv" / "bin")
    assert found, "uv is missing; run scripts/setup"
    return found


def _run(*command: str | Path) -> str:
    words: Iterable[str] = [str(word) for word in command]
    done = subprocess.run([*words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(list(words)[:3])} failed: {done.stderr[-2000:]}"
    return done.stdout
