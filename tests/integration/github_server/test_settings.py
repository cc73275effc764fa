"""What an administrator sets, and who is told of it; files as the contents API shows them."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from tests.integration.github_server.conftest import GithubServer
from tests.support.github_schema import CheckedApi


def test_an_environment_is_there_once_it_is_made_or_deployed_to(
    github: GithubServer, api: CheckedApi, deploy: Callable[..., int]
) -> None:
    def names(**query: int) -> list[str]:
        return [item["name"] for item in api.get("environments", **query)["environments"]]

    assert names() == []
    github.control.settings(environments=["production"])
    assert names() == ["production"]
    deploy(environment="staging")
    assert names() == ["production", "staging"]
    assert names(per_page=1, page=2) == ["staging"]


def test_the_form_of_the_subject_is_told_as_it_was_set(github: GithubServer, api: CheckedApi) -> None:
    path = "actions/oidc/customization/sub"
    assert api.get(path) == {"use_default": True}
    github.control.settings(subject_claims=["repo", "context"], immutable_subject=True)
    assert api.get(path) == {
        "use_default": False,
        "include_claim_keys": ["repo", "context"],
        "use_immutable_subject": True,
    }
    assert github.api(None).call("GET", path).status_code == 401


def test_a_person_is_told_what_they_may_do_and_an_administrator_how_it_is_protected(github: GithubServer) -> None:
    github.control.add_token("admin-token", "boss", permission="admin")
    github.control.settings(secret_scanning=True)

    workflow, developer, admin = (
        github.api(token).get("") for token in ("sandbox-token", "developer-token", "admin-token")
    )
    assert "permissions" not in workflow
    assert developer["permissions"]["push"] is True
    assert "security_and_analysis" not in developer
    assert admin["security_and_analysis"]["secret_scanning"] == {"status": "enabled"}
    assert admin["security_and_analysis"]["secret_scanning_push_protection"] == {"status": "disabled"}


def test_settings_outlive_a_restart(github: GithubServer) -> None:
    github.control.settings(environments=["production"], created_at="2026-08-01T00:00:00Z")
    github.stop()
    github.start()

    (environment,) = github.api().get("environments")["environments"]
    assert environment["created_at"] == "2026-08-01T00:00:00Z"


@pytest.mark.parametrize("path", ["shop.py", ".github%2Fworkflows%2Frollback.yml"])
def test_a_file_comes_with_its_content(github: GithubServer, api: CheckedApi, path: str) -> None:
    result = api.get(f"contents/{path}", ref="main")

    name = path.replace("%2F", "/")
    assert (result["path"], result["type"]) == (name, "file")
    assert base64.b64decode(result["content"]) == (github.workdir / name).read_bytes()


def test_a_directory_is_told_by_what_is_in_it(api: CheckedApi) -> None:
    (item,) = api.get("contents/.github%2Fworkflows")
    assert (item["name"], item["path"]) == ("rollback.yml", ".github/workflows/rollback.yml")
    assert item["type"] == "file"


@pytest.mark.parametrize(("path", "ref"), [("nowhere", "main"), ("shop.py", "no-branch"), ("shop.py", "main~2")])
def test_what_is_not_on_the_branch_is_not_found(api: CheckedApi, path: str, ref: str) -> None:
    assert api.call("GET", f"contents/{path}", ref=ref).status_code == 404
