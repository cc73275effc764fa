"""Users, repository and commits as GitHub's API shows them. The other resources are shown in represent_release.py."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from deploytool.sandbox.github.repository import Commit, GithubWorld
from deploytool.sandbox.github.routing import Request
from deploytool.sandbox.github.store import (
    DEVELOPER,
    Comment,
    Deployment,
    DeploymentStatus,
    PullRequest,
    Run,
    User,
    now,
)

# SEG sandbox.github.represent
# Users, repository and commits as GitHub's API shows them. The other resources are shown in represent_release.py.

REPOSITORY_ID = 4580
_USER_LINKS = (
    "followers", "following", "gists", "starred", "subscriptions", "repos", "events", "received_events"
)  # fmt: skip
_REPOSITORY_LINKS = (
    "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents",
    "contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "hooks",
    "issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones", "notifications",
    "pulls", "releases", "stargazers", "statuses", "subscribers", "subscription", "tags", "teams", "trees",
)  # fmt: skip
_COUNTS = (
    "forks", "forks_count", "open_issues", "open_issues_count", "size", "stargazers_count", "watchers",
    "watchers_count", "network_count", "subscribers_count",
)  # fmt: skip


def node_id(kind: str, number: int | str) -> str:
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def repository_url(world: GithubWorld, request: Request) -> str:
    return f"{request.api}/repos/{world.repository}"


def web_url(world: GithubWorld, request: Request) -> str:
    return f"{request.web}/{world.repository}"


def user_object(request: Request, who: User) -> dict[str, Any]:
    """`simple-user`."""
    url = f"{request.api}/users/{quote(who.login)}"
    return {
        "login": who.login,
        "id": who.id,
        "node_id": node_id("User", who.id),
        "avatar_url": f"{request.web}/_page/avatar/{quote(who.login)}.svg",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{request.web}/{quote(who.login)}",
        "organizations_url": f"{url}/orgs",
        "type": who.type,
        "site_admin": False,
    } | {f"{name}_url": f"{url}/{name}" for name in _USER_LINKS}


def public_user(request: Request, who: User) -> dict[str, Any]:
    unknown = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name"))
    counts = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
    return (
        user_object(request, who)
        | unknown
        | counts
        | {
            "created_at": now(),
            "updated_at": now(),
            "user_view_type": "public",
        }
    )


def collaborator_object(request: Request, who: User) -> dict[str, Any]:
    return user_object(request, who) | {"role_name": who.permission, "permissions": collaborator_permissions(who)}


def collaborator_permissions(who: User) -> dict[str, bool]:
    write = who.permission in {"write", "admin"}
    admin = who.permission == "admin"
    return {"pull": who.permission != "none", "triage": write, "push": write, "maintain": admin, "admin": admin}


def owner_object(world: GithubWorld, request: Request) -> dict[str, Any]:
    return user_object(request, User(4580, world.repository.partition("/")[0], "User", "admin")) | {
        "type": "Organization"
    }


def minimal_repository(world: GithubWorld, request: Request) -> dict[str, Any]:
    url = repository_url(world, request)
    return {
        "id": REPOSITORY_ID,
        "node_id": node_id("Repository", REPOSITORY_ID),
        "name": world.repository.partition("/")[2],
        "full_name": world.repository,
        "owner": owner_object(world, request),
        "private": False,
        "html_url": web_url(world, request),
        "description": None,
        "fork": False,
        "url": url,
    } | {f"{name}_url": f"{url}/{name.replace('_', '/')}" for name in _REPOSITORY_LINKS}


def full_repository(world: GithubWorld, request: Request) -> dict[str, Any]:
    web = web_url(world, request)
    return (
        minimal_repository(world, request)
        | dict.fromkeys(_COUNTS, 0)
        | dict.fromkeys(("homepage", "language", "mirror_url", "license"))
        | dict.fromkeys(("has_projects", "has_wiki", "has_pages", "has_discussions", "archived", "disabled"), False)
        | dict.fromkeys(("created_at", "updated_at", "pushed_at"), "2026-01-01T00:00:00Z")
        | {
            "has_issues": True,
            "has_downloads": False,
            "default_branch": world.default_branch,
            "created_at": world.store.records.settings.created_at,
            "clone_url": f"{web}.git",
            "svn_url": web,
            "git_url": f"git://{request.web.partition('//')[2]}/{world.repository}.git",
            "ssh_url": f"git@{request.web.partition('//')[2]}:{world.repository}.git",
        }
        | _for_whom(world, request.user)
    )


def _for_whom(world: GithubWorld, who: User | None) -> dict[str, Any]:
    """A person is told what they may do, an administrator how the repository is protected; a workflow neither."""
    if who is None or who.type == "Bot":
        return {}
    told: dict[str, Any] = {"permissions": collaborator_permissions(who)}
    if who.permission == "admin":
        kept = world.store.records.settings
        told["security_and_analysis"] = {
            "secret_scanning": {"status": "enabled" if kept.secret_scanning else "disabled"},
            "secret_scanning_push_protection": {"status": "enabled" if kept.push_protection else "disabled"},
        }
    return told


def commit_object(world: GithubWorld, request: Request, shown: Commit) -> dict[str, Any]:
    url, web = repository_url(world, request), web_url(world, request)
    return {
        "url": f"{url}/commits/{shown.sha}",
        "sha": shown.sha,
        "node_id": node_id("Commit", shown.sha),
        "html_url": f"{web}/commit/{shown.sha}",
        "comments_url": f"{url}/commits/{shown.sha}/comments",
        "commit": {
            "url": f"{url}/git/commits/{shown.sha}",
            "author": {"name": shown.author_name, "email": shown.author_email, "date": shown.authored_at},
            "committer": {"name": shown.committer_name, "email": shown.committer_email, "date": shown.committed_at},
            "message": shown.message,
            "comment_count": 0,
            "tree": {"sha": shown.tree, "url": f"{url}/git/trees/{shown.tree}"},
        },
        # Every commit of the checkout is the developer's: GitHub finds the account by the e-mail address.
        "author": user_object(request, world.store.records.users[DEVELOPER]),
        "committer": user_object(request, world.store.records.users[DEVELOPER]),
        "parents": [{"sha": p, "url": f"{url}/commits/{p}", "html_url": f"{web}/commit/{p}"} for p in shown.parents],
    }


# SEG sandbox.github.represent_release
# Pull requests, deployments, their statuses, comments and runs as GitHub's API shows them.


def _user(world: GithubWorld, request: Request, login: str) -> dict[str, Any]:
    return user_object(request, world.store.records.users.get(login, User(10137, login, "User", "none")))


def association(world: GithubWorld, login: str) -> str:
    known = world.store.records.users.get(login)
    return "COLLABORATOR" if known and known.type == "User" and known.permission in {"write", "admin"} else "NONE"


def pull_simple(world: GithubWorld, request: Request, pull: PullRequest) -> dict[str, Any]:
    """`pull-request-simple`."""
    url = f"{repository_url(world, request)}/pulls/{pull.number}"
    issue = f"{repository_url(world, request)}/issues/{pull.number}"
    web = f"{web_url(world, request)}/pull/{pull.number}"
    statuses = f"{repository_url(world, request)}/statuses/{pull.head_sha}"
    links = {
        "self": url, "html": web, "issue": issue, "comments": f"{issue}/comments", "commits": f"{url}/commits",
        "statuses": statuses, "review_comments": f"{url}/comments", "review_comment": f"{url}/comments{{/number}}",
    }  # fmt: skip
    return {
        "id": pull.number,
        "node_id": node_id("PullRequest", pull.number),
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


def pull_full(world: GithubWorld, request: Request, pull: PullRequest) -> dict[str, Any]:
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


def _side(world: GithubWorld, request: Request, ref: str, sha: str) -> dict[str, Any]:
    owner = owner_object(world, request)
    repository = full_repository(world, request)
    return {"label": f"{owner['login']}:{ref}", "ref": ref, "sha": sha, "user": owner, "repo": repository}


def deployment_object(world: GithubWorld, request: Request, shown: Deployment) -> dict[str, Any]:
    repository = repository_url(world, request)
    return {
        "url": f"{repository}/deployments/{shown.id}",
        "id": shown.id,
        "node_id": node_id("Deployment", shown.id),
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


def status_object(world: GithubWorld, request: Request, shown: DeploymentStatus) -> dict[str, Any]:
    repository = repository_url(world, request)
    url = f"{repository}/deployments/{shown.deployment_id}"
    return {
        "url": f"{url}/statuses/{shown.id}",
        "id": shown.id,
        "node_id": node_id("DeploymentStatus", shown.id),
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


def comment_object(world: GithubWorld, request: Request, shown: Comment) -> dict[str, Any]:
    repository = repository_url(world, request)
    return {
        "url": f"{repository}/issues/comments/{shown.id}",
        "html_url": f"{web_url(world, request)}/pull/{shown.issue}#issuecomment-{shown.id}",
        "issue_url": f"{repository}/issues/{shown.issue}",
        "id": shown.id,
        "node_id": node_id("IssueComment", shown.id),
        "user": _user(world, request, shown.author),
        "created_at": shown.created_at,
        "updated_at": shown.updated_at,
        "author_association": association(world, shown.author),
        "body": shown.body,
    }


def run_object(world: GithubWorld, request: Request, shown: Run) -> dict[str, Any]:
    """`workflow-run`."""
    url = f"{repository_url(world, request)}/actions/runs/{shown.id}"
    head = world.checkout.commit(shown.sha)
    return {
        "id": shown.id,
        "node_id": node_id("WorkflowRun", shown.id),
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
        "html_url": f"{web_url(world, request)}/actions/runs/{shown.id}",
        "created_at": shown.created_at,
        "updated_at": shown.updated_at,
        "run_started_at": shown.created_at,
        "workflow_url": f"{repository_url(world, request)}/actions/workflows/1",
        "check_suite_url": f"{repository_url(world, request)}/check-suites/{shown.id}",
        "pull_requests": [],
        "repository": minimal_repository(world, request),
        "head_repository": minimal_repository(world, request),
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
