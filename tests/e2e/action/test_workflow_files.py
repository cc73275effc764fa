"""The action and the workflows as files: read by GitHub's own parser, pinned, with no right that they do not need."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.github_runner.job import ROOT
from tests.support.github_runner.node import parser_faults

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
COPIED = ("deploy.yml", "rollback.yml", "plan.yml")
PAGE = ROOT / "docs" / "action.md"


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())
    return document


def steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    return list(job.get("steps", []))


def examples() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_githubs_own_parser_finds_no_fault() -> None:
    assert parser_faults(ROOT / "action.yml", *WORKFLOWS) == ""


def test_githubs_own_parser_finds_a_fault_where_there_is_one(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text((ROOT / ".github/workflows/deploy.yml").read_text().replace("vars.DEPLOY_ROLE", "wars.ROLE"))
    assert "Unrecognized named-value: 'wars'" in parser_faults(broken)


def test_the_workflow_of_the_page_is_one_that_github_accepts(tmp_path: Path) -> None:
    shown = tmp_path / "shown.yml"
    shown.write_text(f"on: push\n{examples()[0]}")
    assert parser_faults(shown) == ""
    uses = yaml.safe_load(examples()[0])["jobs"]["deploy"]["steps"][1]
    assert set(uses["with"]) <= set(yaml.safe_load((ROOT / "action.yml").read_text())["inputs"])


def test_the_tables_of_the_page_are_those_of_the_action() -> None:
    written = subprocess.run([ROOT / "scripts/dev", "action-docs", "--check"], check=False)
    assert written.returncode == 0, "run scripts/dev action-docs"


@pytest.mark.parametrize("path", [ROOT / "action.yml", *WORKFLOWS], ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit_and_says_its_version(path: Path) -> None:
    uses = re.findall(r"^\s*(?:- )?uses: (.+)$", path.read_text(), re.MULTILINE)
    others = [item for item in uses if not item.startswith("$/")]
    assert [item for item in others if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", item)] == []


@pytest.mark.parametrize("name", [*COPIED, "release.yml"])
def test_a_workflow_has_no_right_that_a_job_does_not_ask_for(name: str) -> None:
    assert read(name)["permissions"] == {}


@pytest.mark.parametrize("name", ["deploy.yml", "rollback.yml"])
def test_who_deploys_waits_for_the_one_before_and_makes_no_second_deployment(name: str) -> None:
    workflow = read(name)
    job = next(iter(workflow["jobs"].values()))
    queue = workflow.get("concurrency") or job["concurrency"]
    assert (queue["queue"], queue["cancel-in-progress"]) == ("max", False)
    assert job["environment"]["deployment"] is False


def test_the_rollback_checks_out_nothing_of_a_pull_request() -> None:
    steps = read("rollback.yml")["jobs"]["rollback"]["steps"]
    checkout = next(step for step in steps if step.get("uses", "").startswith("actions/checkout@"))
    assert "ref" not in checkout["with"]


def test_the_release_of_this_project_moves_the_major_tag_last_and_by_the_api() -> None:
    jobs = read("release.yml")["jobs"]
    order = ["test", "build", "release", "pypi", "major"]
    assert list(jobs) == order
    assert [jobs[name]["needs"] for name in order[1:]] == order[:-1]
    (step,) = jobs["major"]["steps"]
    assert 'PATCH "repos/$GH_REPO/git/refs/tags/$major"' in step["run"]
    # A push of workflows that differ from every branch's is refused to GITHUB_TOKEN.
    assert "git push" not in (ROOT / ".github/workflows/release.yml").read_text()


def test_a_job_that_runs_packages_from_pypi_has_no_token_and_no_right() -> None:
    jobs = read("release.yml")["jobs"]
    installing = {name: job for name, job in jobs.items() if "pip" in str([step.get("run") for step in steps(job)])}
    assert list(installing) == ["build"]
    assert installing["build"]["permissions"] == {"contents": "read"}
    assert "token" not in str(installing["build"])
    assert installing["build"]["steps"][0]["with"]["persist-credentials"] is False
    assert all("GH_TOKEN" not in job.get("env", {}) for job in jobs.values())


def test_the_release_is_built_from_packages_with_hashes() -> None:
    script = next(step["run"] for step in steps(read("release.yml")["jobs"]["build"]) if "bin/uv" in str(step))
    assert 'pip" install --quiet --require-hashes' in script
    assert "--build-constraints action/build.txt --require-hashes" in script
    required = {
        line.partition("==")[0] for line in (ROOT / "action/build.txt").read_text().splitlines() if "==" in line
    }
    assert "hatchling" in required


def test_pypi_trusts_the_workflow_and_no_password() -> None:
    job = read("release.yml")["jobs"]["pypi"]
    assert job["permissions"] == {"id-token": "write"}
    assert job["environment"]["name"] == "pypi"
    publish = steps(job)[-1]
    assert publish["uses"].startswith("pypa/gh-action-pypi-publish@")
    assert "with" not in publish


def test_unit_tests_run_on_every_python_that_the_package_allows_and_on_macos() -> None:
    matrix = read("ci.yml")["jobs"]["fast"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert {item["os"] for item in matrix["include"]} == {"macos-15"}
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()
