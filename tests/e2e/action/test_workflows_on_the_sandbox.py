"""What a user sees of the workflows: outputs, summary, comment, deployments; and what is left where one is killed."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from tests.e2e.action.conftest import Repository, sandbox_command
from tests.e2e.action.github_side import Github
from tests.support.github_runner.job import JobResult
from tests.support.github_runner.step import Interruption
from tests.support.json_documents import valid_document


@pytest.fixture
def github(repository: Repository) -> Github:
    sandbox = repository.sandbox
    return Github(sandbox.github_api_url, sandbox.repository)


pytestmark = pytest.mark.timeout(900)
TRIES = 3
"""On a machine with much else to do a new version may miss the check's 20 s, and is put back."""


def pushed(repository: Repository) -> JobResult:
    """A push of what is committed, released."""
    for _ in range(TRIES):
        job = repository.run("deploy.yml", "push")
        if job.steps["deploy"].outputs.get("result") != "rolled_back":
            break
    assert job.status == "success", job.log
    return job


def released(repository: Repository, title: str) -> dict[str, str]:
    """Release a new commit; the action's outputs."""
    repository.commit(title)
    return pushed(repository).steps["deploy"].outputs


def test_a_push_releases_and_tells_outputs_summary_comment_and_deployment(
    repository: Repository, github: Github
) -> None:
    sha = repository.commit("Faster diagrams (#41)")
    pull = repository.control().create_pull_request("Faster diagrams", sha, number=41, merge_commit_sha=sha)
    job = pushed(repository)
    outputs = job.steps["deploy"].outputs
    assert (outputs["result"], outputs["reason-code"], outputs["rolled-back-to"]) == ("released", "", "")
    assert outputs["image-digest"].startswith("sha256:")
    assert outputs["comment-url"].startswith(f"{repository.sandbox.github_web_url}/{github.repository}/pull/{pull}#")
    assert outputs["environment-url"].startswith("http")
    assert github.states(int(outputs["deployment-id"]))[0] == "success"
    outcome = valid_document(outputs["json"])
    assert (outcome["schema"], outcome["commit"]["sha"], outcome["release_id"]) == (1, sha, outputs["release-id"])
    assert "Live in production" in job.summary
    assert (job.environment, job.concurrency) == ("production", "deploy-production")
    assert repository.oidc.asked, "AWS was reached with the role"
    assert job.steps["deploy"].inner[-1].outcome == "skipped", "there is nothing to settle"


def test_a_rollback_by_hand_goes_to_the_deployment_that_is_named(repository: Repository, github: Github) -> None:
    first = released(repository, "Good")
    second = released(repository, "Not so good")
    assert first["release-id"] != second["release-id"]
    job = repository.run(
        "rollback.yml",
        "workflow_dispatch",
        inputs={"environment": "production", "release": "", "deployment-id": first["deployment-id"]},
    )
    assert job.status == "success", job.log
    outputs = job.steps["deploy"].outputs
    assert (outputs["result"], outputs["rolled-back-to"]) == ("released", first["release-id"])
    assert github.states(int(outputs["deployment-id"]))[0] == "success"
    assert job.concurrency == "deploy-production", "it waits for a release, and a release for it"


@pytest.mark.parametrize(
    ("payload", "environment", "why"),
    [
        ({"type": "somebody-else", "release": "20261123-010203-abcd"}, "production", "not made by deploytool"),
        ({"type": "archdeck-deploy", "release": "20261123-010203-abcd"}, "staging", "of environment staging"),
        ({"type": "archdeck-deploy", "release": "20261123-010203-abcd"}, "production", "20261123-010203-abcd"),
    ],
    ids=["of somebody else", "of another environment", "of a release that never was"],
)
def test_a_deployment_that_is_no_release_of_this_environment_is_refused(
    repository: Repository, github: Github, payload: dict[str, str], environment: str, why: str
) -> None:
    number = github.deploy(repository.git("rev-parse", "HEAD"), environment, payload)
    before = len(github.deployments())
    job = repository.run(
        "rollback.yml",
        "workflow_dispatch",
        inputs={"environment": "production", "release": "", "deployment-id": str(number)},
    )
    assert job.status == "failure"
    assert job.steps["deploy"].outputs["result"] == "refused", job.log
    assert why in job.log
    assert len(github.deployments()) == before


def test_a_tick_in_the_comment_goes_back_through_the_workflow(repository: Repository, github: Github) -> None:
    first = released(repository, "The one to go back to")
    sha = repository.commit("The one with a box")
    number = repository.control().create_pull_request("With a box", sha, merge_commit_sha=sha)
    pushed(repository)
    (comment,) = github.comments(number)
    ticked = comment["body"].replace("- [ ]", "- [x]")
    assert ticked != comment["body"], "the comment of a live release has a box"
    github.edit(comment["id"], ticked)
    payload = {
        "action": "edited", "comment": {**comment, "body": ticked}, "changes": {"body": {"from": comment["body"]}},
        "issue": {"number": number, "pull_request": {"html_url": "x"}}, "sender": {"login": "octo-dev", "type": "User"},
        "repository": {"full_name": github.repository, "default_branch": "main"},
    }  # fmt: skip
    job = repository.run("rollback.yml", "issue_comment", payload)
    assert job.status == "success", job.log
    outputs = job.steps["handle-comment"].outputs
    assert (outputs["result"], outputs["rolled-back-to"]) == ("released", first["release-id"]), job.log
    assert job.steps["deploy"].outcome == "skipped"


def test_a_release_that_fails_says_why_and_what_serves_again(repository: Repository, github: Github) -> None:
    before = released(repository, "Before the worker breaks")
    sandbox_command(repository.sandbox.root, "break", "worker")
    try:
        job = repository.run("deploy.yml", "push")
    finally:
        sandbox_command(repository.sandbox.root, "fix")
    outputs = job.steps["deploy"].outputs
    assert (job.status, outputs["result"]) == ("failure", "rolled_back"), job.log
    assert outputs["reason-code"]
    assert outputs["rolled-back-to"] == before["release-id"]
    assert github.states(int(outputs["deployment-id"]))[0] == "failure"
    assert job.steps["deploy"].inner[-1].outcome == "skipped", "it put everything back itself"


def test_a_step_that_is_killed_is_settled_by_the_last_one(repository: Repository, github: Github) -> None:
    released(repository, "Before the machine stumbled")
    repository.commit("While the machine stumbles")
    job = repository.run("deploy.yml", "push", interruption=Interruption(" deploy: ", signal.SIGKILL))
    assert job.status == "cancelled", job.log
    settle = job.steps["deploy"].inner[-1]
    assert settle.outcome == "success", settle.log
    newest = github.deployments()[0]
    assert github.states(newest["id"])[0] in {"success", "failure"}, "GitHub shows nothing as under way"


def test_a_cancelled_job_ends_by_itself_and_leaves_nothing_to_settle(repository: Repository, github: Github) -> None:
    released(repository, "Before somebody changed her mind")
    repository.commit("She changes her mind")
    job = repository.run("deploy.yml", "push", interruption=Interruption(" deploy: ", signal.SIGINT))
    assert job.status == "cancelled", job.log
    deploy, settle = job.steps["deploy"].inner[-2:]
    assert deploy.outputs.get("result") == "cancelled", (deploy.outputs, deploy.log)
    assert settle.outcome == "skipped"
    assert github.states(github.deployments()[0]["id"])[0] == "failure"
    repository.come_to_rest()


def pull_request(repository: Repository, number: int, sha: str, head: str) -> dict[str, Any]:
    return {"pull_request": {"number": number, "head": {"sha": sha, "repo": {"full_name": head}}}}


def test_a_pull_request_gets_its_plan_as_a_comment(repository: Repository, github: Github) -> None:
    sha = repository.commit("A change that is not merged yet")
    number = repository.control().create_pull_request("A change", sha)
    repository.oidc.subject = f"repo:{github.repository}:environment:production"
    job = repository.run("plan.yml", "pull_request", pull_request(repository, number, sha, github.repository))
    assert job.status == "success", job.log
    outputs = job.steps["plan"].outputs
    assert outputs["result"] == "planned"
    assert valid_document(outputs["json"])["kind"] == "plan"
    assert f"/pull/{number}#" in outputs["comment-url"]
    assert "Plan for production" in job.summary


def test_a_pull_request_of_a_fork_runs_nothing(repository: Repository) -> None:
    sha = repository.git("rev-parse", "HEAD")
    job = repository.run("plan.yml", "pull_request", pull_request(repository, 7, sha, "stranger/architecturedeck"))
    assert job.status == "skipped"


def test_an_edited_comment_of_a_bot_by_a_bot_starts_nothing(repository: Repository) -> None:
    comment = {"body": "<!-- deploytool:architecturedeck:production -->", "user": {"type": "Bot"}}
    payload = {"comment": comment, "issue": {"pull_request": {}}, "sender": {"type": "Bot"}}
    assert repository.run("rollback.yml", "issue_comment", payload).status == "skipped"


def test_a_plan_that_github_does_not_take_is_printed_all_the_same(repository: Repository, github: Github) -> None:
    sha = repository.commit("A plan that nobody hears of")
    number = repository.control().create_pull_request("A plan", sha)
    repository.control().faults({"method": "POST", "path": ".*/comments", "status": 403})
    try:
        job = repository.run("plan.yml", "pull_request", pull_request(repository, number, sha, github.repository))
    finally:
        repository.control().clear_faults()
    assert job.status == "success", job.log
    assert "note: the plan is not in the pull request" in job.log
    assert job.steps["plan"].outputs["comment-url"] == ""
    assert "Plan for production" in job.summary


HOSTILE = (
    "::set-env name=LD_PRELOAD::/tmp/evil.so ##[add-path]/tmp/evil $(touch owned) `touch owned` '; touch owned; ' "
    "::stop-commands::x [click](https://evil.example) @everyone <img src=x> <!-- deploytool:x:y --> ${{ github.token }}"
)


def test_a_commit_message_and_a_title_that_hold_orders_are_words_and_nothing_else(
    repository: Repository, github: Github
) -> None:
    sha = repository.commit(HOSTILE)
    number = repository.control().create_pull_request(HOSTILE, sha, head_ref="x$(touch${IFS}owned)")
    payload = pull_request(repository, number, sha, github.repository)
    payload["pull_request"]["title"] = HOSTILE
    job = repository.run(
        "plan.yml", "pull_request", payload, ref="refs/heads/x$(touch owned)", head_ref="x;touch owned"
    )
    assert job.status == "success", job.log
    step = job.steps["plan"].inner[-2]
    masks = [command for command in step.commands if command.name == "add-mask"]
    assert step.commands == masks, "the runner finds no command of the title's in what the step prints"
    assert step.environ == {}
    assert step.path == []
    assert list(repository.runs.rglob("owned")) == []
    for words in ("[click](", "<img", "<!-- deploytool:x", "@everyone"):
        assert words not in job.summary
    assert "sandbox-token" not in job.log + job.summary, "an expression in a title is not evaluated"
