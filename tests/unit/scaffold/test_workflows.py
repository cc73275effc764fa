"""This project's own workflows, made those of a user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploytool.scaffold.workflows import (
    WORKFLOWS,
    Action,
    WorkflowChanged,
    WorkflowContext,
    is_foreign,
    workflow,
)

OWN = Path(__file__).parents[3] / ".github" / "workflows"
ACTION = Action("archdeck/archdeck-deploy@" + "a" * 40, "v1.2.3")
ROLE = "arn:aws:iam::123456789012:role/shop-{environment}-deploy"


def told(*environments: str, **more: Any) -> WorkflowContext:
    return WorkflowContext(
        **{"action": ACTION, "branch": "main", "config": "deploytool.yml", **more, "environments": environments}
    )


def made(name: str, to: WorkflowContext) -> str:
    return workflow(name, (OWN / name).read_text(), to)


def inputs(name: str, to: WorkflowContext) -> dict[str, Any]:
    # YAML 1.1 reads a bare `on` as true.
    found: dict[str, Any] = yaml.safe_load(made(name, to))[True]["workflow_dispatch"]["inputs"]
    return found


def own_steps(name: str, to: WorkflowContext) -> list[dict[str, Any]]:
    job = next(iter(yaml.safe_load(made(name, to))["jobs"].values()))
    return [step for step in job["steps"] if step["uses"].startswith("archdeck/")]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_action_is_named_by_commit_and_version_and_nothing_is_told_of_copying(name: str) -> None:
    text = made(name, told("production"))
    assert f"uses: archdeck/archdeck-deploy@{'a' * 40} # v1.2.3\n" in text
    assert "$/" not in text
    assert "Copy this file" not in text


@pytest.mark.parametrize("name", ["deploy.yml", "rollback.yml"])
def test_the_environments_to_choose_from_are_those_of_the_user(name: str) -> None:
    environment = inputs(name, told("test", "live"))["environment"]
    assert (environment["options"], environment["default"]) == (["test", "live"], "test")


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_environment_is_named_that_is_not_there(name: str) -> None:
    text = made(name, told("live"))
    code = [line for line in text.splitlines() if not line.strip().startswith("#")]
    assert [line for line in code if "production" in line or "staging" in line] == []


def test_the_comment_chooses_between_the_users_environments() -> None:
    text = made("rollback.yml", told("staging", "production", "test"))
    choice = (
        "(contains(github.event.comment.body, ':staging -->') && 'staging') || "
        "(contains(github.event.comment.body, ':test -->') && 'test') || 'production'"
    )
    assert text.count(choice) == 3
    assert own_steps("rollback.yml", told("live"))[1]["with"]["environment"] == "live"


@pytest.mark.parametrize("branch", ["main", "release/1.x", "a,b", "[x]", "1.0", "1234567", "on", "Null"])
def test_the_branch_is_the_default_one(branch: str) -> None:
    for name, event in (("deploy.yml", "push"), ("plan.yml", "pull_request")):
        assert yaml.safe_load(made(name, told("production", branch=branch)))[True][event]["branches"] == [branch]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_configuration_elsewhere_is_named_to_every_step(name: str) -> None:
    for step in own_steps(name, told("production", config="apps/web/deploytool.yml")):
        assert step["with"]["config"] == "apps/web/deploytool.yml"
    for step in own_steps(name, told("production")):
        assert "config" not in step["with"]


def test_the_role_is_a_variable_of_the_environment_when_it_is_not_known() -> None:
    text = made("deploy.yml", told("production"))
    assert text.startswith("# The variable DEPLOY_ROLE of each environment")
    assert own_steps("deploy.yml", told("production"))[0]["with"]["role"] == "${{ vars.DEPLOY_ROLE }}"
    # A job's `if` does not see an environment's variables: the job would never run.
    for name in ("deploy.yml", "rollback.yml"):
        assert "vars.DEPLOY_ROLE !=" not in made(name, told("production"))
    assert "if: vars.PLAN_ROLE != '' && github" in made("plan.yml", told("production"))


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("deploy.yml", "${{ inputs.environment || 'production' }}"),
        (
            "rollback.yml",
            "${{ inputs.environment || (contains(github.event.comment.body, ':test -->') && 'test') || 'production' }}",
        ),
    ],
)
def test_the_role_is_that_of_the_environment_when_it_is_known(name: str, environment: str) -> None:
    for several, expected in ((("production", "test"), environment), (("production",), "production")):
        for step in own_steps(name, told(*several, role=ROLE)):
            assert step["with"]["role"] == ROLE.replace("{environment}", expected)
    assert "DEPLOY_ROLE" not in made(name, told("production", role=ROLE))


def test_plans_are_made_with_the_role_that_may_only_look() -> None:
    text = made("plan.yml", told("production", plan_role="arn:aws:iam::123456789012:role/plan"))
    assert "PLAN_ROLE" not in text
    assert "role: arn:aws:iam::123456789012:role/plan\n" in text
    assert "if: github.event.pull_request.head.repo.full_name == github.repository" in text


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_that_lost_what_is_filled_in_is_a_fault_of_ours(name: str) -> None:
    text = (OWN / name).read_text().replace("uses: $/", "uses: ./")
    with pytest.raises(WorkflowChanged, match=name):
        workflow(name, text, told("production"))


@pytest.mark.parametrize(
    ("uses", "pinned"), [("a/b@" + "0" * 40, True), ("a/b@v1", False), ("a/b@" + "0" * 39, False), ("a/b", False)]
)
def test_an_action_is_pinned_by_a_whole_commit_only(uses: str, pinned: bool) -> None:
    assert Action(uses).is_pinned is pinned
    assert str(Action(uses)) == uses


def test_the_values_of_a_build_are_variables_of_the_environment() -> None:
    (step,) = own_steps("deploy.yml", told("production", variables=("NEXT_PUBLIC_URL",)))
    assert step["env"] == {"NEXT_PUBLIC_URL": "${{ vars.NEXT_PUBLIC_URL }}"}
    assert "env" not in own_steps("deploy.yml", told("production"))[0]


def test_a_workflow_of_the_projects_own_is_told_from_ours() -> None:
    assert is_foreign("uses: aws-actions/amazon-ecs-deploy-task-definition@v2")
    assert not is_foreign(made("plan.yml", told("production")))
