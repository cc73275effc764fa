"""cfn-lint and checkov, each in an environment of its own: both pin what would clash with ours, and with each other."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploytool.sandbox.process import run
from deploytool.sandbox.venv import venv

HERE = Path(__file__).parent
PATIENCE = 1200
"""Seconds that a tool may take over all templates with faults, on a machine that has other work too."""
Findings = dict[str, set[tuple[str, str]]]
"""By the file's name without suffix: pairs of rule and logical id."""


def findings(directory: Path) -> Findings:
    """What both tools find in the templates (``NAME.json``) of a directory."""
    with ThreadPoolExecutor() as pool:
        lint, check = pool.submit(_cfn_lint, directory), pool.submit(_checkov, directory)
        return {name: result | check.result().get(name, set()) for name, result in lint.result().items()}


def _cfn_lint(directory: Path) -> Findings:
    files = sorted(map(str, directory.glob("*.json")))
    output = run([_programs("cfn-lint") / "python", HERE / "lint_each.py", *files], timeout=PATIENCE)
    return {Path(name).stem: {(rule, where) for rule, where in pairs} for name, pairs in json.loads(output).items()}


def _checkov(directory: Path) -> Findings:
    # Without --skip-download it asks a server of its vendor's.
    options = [
        "--framework",
        "cloudformation",
        "--skip-download",
        "--soft-fail",
        "--quiet",
        "--compact",
        "--output",
        "json",
    ]
    programs = _programs("checkov")
    command: list[str | Path] = [programs / "python", programs / "checkov", "-d", directory, *options]
    report = json.loads(run(command, timeout=PATIENCE))
    assert report["summary"]["parsing_errors"] == 0, report["summary"]
    result: Findings = {}
    for item in report["results"]["failed_checks"]:
        where = item["resource"].rpartition(".")[2]
        result.setdefault(Path(item["file_path"]).stem, set()).add((item["check_id"], where))
    return result


def _programs(name: str) -> Path:
    return venv(name, HERE / "requirements" / f"{name}.txt", print)
