"""Pull requests, deployments, their statuses, comments and runs as GitHub's API shows them."""

from __future__ import annotations

from typing import Any

from deploytool.sandbox.github import represent
from deploytool.sandbox.github.http import Request
from deploytool.sandbox.github.model import Comment, Deployment, DeploymentStatus, PullRequest, Run, User
from deploytool.sandbox.github.world import World


def _user(world: World, request: Request, login: str) -> dict[str, Any]:
    return represent.user(request, world.store.records.users.get(login, User(10137, login, "User", "none")))


def association(world: World, login: str) -> str:
    known = world.store.records.users.get(login)
    return "COLLABORATOR" if known and known.type == "User" and known.permission in {"write", "admin"} else "NONE"


def pull_simple(world: World, request: Request, pull: PullRequest) -> dict[str, Any]:
    """`pull-request-simple`."""
    url = f"{represent.repository_url(world, request)}/pulls/{pull.number}"
    issue = f"{represent.repository_url(world, request)}/issues/{pull.number}"
    web = f"{represent.web_url(world, request)}/pull/{pull.number}"
    statuses = f"{represent.repository_url(world, request)}/statuses/{pull.head_sha}"
    links = {
        "self": url, "html": web, "issue": issue, "comments": f"{issue}/comments", "commits": f"{url}/commits",
        "statuses": statuses, "review_comments": f"{url}/comments", "review_comment": f"{url}/comments{{/number}}",
    }  # fmt: skip
    return {
        "id": pull.number,
        "node_id": represent.node_id("PullRequest", pull.number),
        "number": pull.number,
        "state": "closed" if pull.merged_at else "open",
        "locked": False,
        "title": pull.title,
        "body": pull.body,
        "user": _user(world, request, pull.author),
        "url": url,
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": issue,
        "comments_url": f"{issue}/comments",
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{url}/comments{{/number}}",
        "statuses_url": statuses,
        "created_at": pull.created_at,
        "updated_at": pull.updated_at,
        "closed_at": pull.merged_at,
        "merged_at": pull.merged_at,
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": None,
        "milestone": None,
        "auto_merge": None,
        "labels": [],
        "draft": False,
        "author_association": association(world, pull.author),
        "head": _side(world, request, pull.head_ref, pull.head_sha),
        "base": _side(world, request, pull.base, world.checkout.sha(pull.base) or pull.head_sha),
        "_links": {name: {"href": href} for name, href in links.items()},
    }


def pull_full(world: World, request: Request, pull: PullRequest) -> dict[str, Any]:
    """`pull-request`."""
    commits = world.commits_of(pull)
    files, added, deleted = world.checkout.changed(f"{commits[0]}^1", commits[-1])
    comments = [c for c in world.store.records.comments.values() if c.issue == pull.number]
    return pull_simple(world, request, pull) | {
        "merged": pull.merged_at is not None,
        "merged_by": _user(world, request, pull.merged_by) if pull.merged_by else None,
        "mergeable": None if pull.merged_at else True,
        "mergeable_state": "unknown" if pull.merged_at else "clean",
        "maintainer_can_modify": False,
        "comments": len(comments),
        "review_comments": 0,
        "commits": len(commits),
        "changed_files": files,
        "additions": added,
        "deletions": deleted,
    }


def _side(world: World, request: Request, ref: str, sha: str) -> dict[str, Any]:
    owner = represent.owner(world, request)
    repository = represent.full_repository(world, request)
    return {"label": f"{owner['login']}:{ref}", "ref": ref, "sha": sha, "user": owner, "repo": repository}


def deployment(world: World, request: Request, shown: Deployment) -> dict[str, Any]:
    repository = represent.repository_url(world, request)
    return {
        "url": f"{repository}/deployments/{shown.id}",
        "id": shown.id,
        "node_id": represent.node_id("Deployment", shown.id),
        "sha": shown.sha,
        "ref": shown.ref,
        "task": shown.task,
        "payload": shown.payload,
        "original_environment": shown.environment,
        "environment": shown.environment,
        "description": shown.description,
        "creator": _user(world, request, shown.creator),
        "created_at": shown.created_at,
        "updated_at": shown.updated_at,
        "statuses_url": f"{repository}/deployments/{shown.id}/statuses",
        "repository_url": repository,
        "transient_environment": shown.transient,
        "production_environment": shown.production,
    }


def status(world: World, request: Request, shown: DeploymentStatus) -> dict[str, Any]:
    repository = represent.repository_url(world, request)
    url = f"{repository}/deployments/{shown.deployment_id}"
    return {
        "url": f"{url}/statuses/{shown.id}",
        "id": shown.id,
        "node_id": represent.node_id("DeploymentStatus", shown.id),
        "state": shown.state,
        "creator": _user(world, request, shown.creator),
        "description": shown.description,
        "environment": shown.environment,
        "environment_url": shown.environment_url,
        "log_url": shown.log_url,
        "target_url": shown.log_url,
        "created_at": shown.created_at,
        "updated_at": shown.created_at,
        "deployment_url": url,
        "repository_url": repository,
    }


def comment(world: World, request: Request, shown: Comment) -> dict[str, Any]:
    repository = represent.repository_url(world, request)
    return {
        "url": f"{repository}/issues/comments/{shown.id}",
        "html_url": f"{represent.web_url(world, request)}/pull/{shown.issue}#issuecomment-{shown.id}",
        "issue_url": f"{repository}/issues/{shown.issue}",
        "id": shown.id,
        "node_id": represent.node_id("IssueComment", shown.id),
        "user": _user(world, request, shown.author),
        "created_at": shown.created_at,
        "updated_at": shown.updated_at,
        "author_association": association(world, shown.author),
        "body": shown.body,
    }


def run(world: World, request: Request, shown: Run) -> dict[str, Any]:
    """`workflow-run`."""
    url = f"{represent.repository_url(world, request)}/actions/runs/{shown.id}"
    head = world.checkout.commit(shown.sha)
    return {
        "id": shown.id,
        "node_id": represent.node_id("WorkflowRun", shown.id),
        "name": shown.workflow,
        "path": f".github/workflows/{shown.workflow}",
        "display_title": shown.workflow,
        "head_branch": shown.ref,
        "head_sha": shown.sha,
        "run_number": list(world.store.records.runs).index(shown.id) + 1,
        "run_attempt": 1,
        "event": "workflow_dispatch",
        "status": shown.status,
        "conclusion": shown.conclusion,
        "workflow_id": 1,
        "actor": _user(world, request, shown.actor),
        "triggering_actor": _user(world, request, shown.actor),
        "url": url,
        "html_url": f"{represent.web_url(world, request)}/actions/runs/{shown.id}",
        "created_at": shown.created_at,
        "updated_at": shown.updated_at,
        "run_started_at": shown.created_at,
        "workflow_url": f"{represent.repository_url(world, request)}/actions/workflows/1",
        "check_suite_url": f"{represent.repository_url(world, request)}/check-suites/{shown.id}",
        "pull_requests": [],
        "repository": represent.minimal_repository(world, request),
        "head_repository": represent.minimal_repository(world, request),
        "head_commit": head
        and {
            "id": head.sha,
            "tree_id": head.tree,
            "message": head.message,
            "timestamp": head.committed_at,
            "author": {"name": head.author_name, "email": head.author_email},
            "committer": {"name": head.committer_name, "email": head.committer_email},
        },
    } | {f"{name}_url": f"{url}/{name}" for name in ("jobs", "logs", "cancel", "rerun", "artifacts")}
