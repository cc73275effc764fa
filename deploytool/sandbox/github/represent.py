"""Records and commits as GitHub's API shows them; the names in backquotes are the schemas of its OpenAPI document."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from deploytool.sandbox.github.repository import Commit
from deploytool.sandbox.github.routing import Request
from deploytool.sandbox.github.store import (
    DEVELOPER,
    Comment,
    Deployment,
    DeploymentStatus,
    PullRequest,
    User,
    now,
)

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
_FEATURES_OFF = ("has_projects", "has_wiki", "has_pages", "has_discussions", "has_downloads", "archived", "disabled")


def node_id(kind: str, number: int | str) -> str:
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def _pick(record: Any, *names: str) -> dict[str, Any]:
    """Those fields that GitHub shows under the same name."""
    return {name: getattr(record, name) for name in names}


def user_object(request: Request, user: User) -> dict[str, Any]:
    """`simple-user`."""
    url = f"{request.api}/users/{quote(user.login)}"
    return _pick(user, "id", "login", "type") | {
        "node_id": node_id("User", user.id),
        "avatar_url": f"{request.web}/_page/avatar/{quote(user.login)}.svg",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{request.web}/{quote(user.login)}",
        "organizations_url": f"{url}/orgs",
        "site_admin": False,
        **{f"{name}_url": f"{url}/{name}" for name in _USER_LINKS},
    }


def public_user(request: Request, user: User) -> dict[str, Any]:
    """`public-user`."""
    return {
        **user_object(request, user),
        **dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name")),
        **dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0),
        **dict.fromkeys(("created_at", "updated_at"), now()),
        "user_view_type": "public",
    }


def collaborator_object(request: Request, user: User) -> dict[str, Any]:
    return user_object(request, user) | {"role_name": user.permission, "permissions": _permissions(user)}


def _permissions(user: User) -> dict[str, bool]:
    write, admin = user.is_writer, user.permission == "admin"
    return {"pull": user.permission != "none", "triage": write, "push": write, "maintain": admin, "admin": admin}


def _owner(request: Request) -> dict[str, Any]:
    owner = User(REPOSITORY_ID, request.repository.full_name.partition("/")[0], "User", "admin")
    return user_object(request, owner) | {"type": "Organization"}


def minimal_repository(request: Request) -> dict[str, Any]:
    """`minimal-repository`."""
    url, full_name = request.repository_url, request.repository.full_name
    return {
        "id": REPOSITORY_ID,
        "node_id": node_id("Repository", REPOSITORY_ID),
        "name": full_name.partition("/")[2],
        "full_name": full_name,
        "owner": _owner(request),
        "private": False,
        "html_url": request.web_url,
        "description": None,
        "fork": False,
        "url": url,
        **{f"{name}_url": f"{url}/{name.replace('_', '/')}" for name in _REPOSITORY_LINKS},
    }


def full_repository(request: Request) -> dict[str, Any]:
    """`full-repository`. A person sees their permissions, an administrator the protection; a workflow neither."""
    host, full_name = request.web.partition("//")[2], request.repository.full_name
    document = minimal_repository(request) | {
        **dict.fromkeys(_COUNTS, 0),
        **dict.fromkeys(("homepage", "language", "mirror_url", "license")),
        **dict.fromkeys(_FEATURES_OFF, False),
        "has_issues": True,
        "default_branch": request.repository.default_branch,
        **dict.fromkeys(("updated_at", "pushed_at"), "2026-01-01T00:00:00Z"),
        "created_at": request.records.settings.created_at,
        "clone_url": f"{request.web_url}.git",
        "svn_url": request.web_url,
        "git_url": f"git://{host}/{full_name}.git",
        "ssh_url": f"git@{host}:{full_name}.git",
    }
    user, settings = request.user, request.records.settings
    if user and user.type != "Bot":
        document["permissions"] = _permissions(user)
        if user.permission == "admin":
            document["security_and_analysis"] = {
                "secret_scanning": _enabled(settings.secret_scanning),
                "secret_scanning_push_protection": _enabled(settings.push_protection),
            }
    return document


def _enabled(value: bool) -> dict[str, str]:
    return {"status": "enabled" if value else "disabled"}


def commit_object(request: Request, commit: Commit) -> dict[str, Any]:
    """`commit`."""
    api, web, sha = request.repository_url, request.web_url, commit.sha
    # Every commit of the checkout is the developer's: GitHub finds the account by the e-mail address.
    developer = user_object(request, request.records.users[DEVELOPER])
    return {
        "url": f"{api}/commits/{sha}",
        "sha": sha,
        "node_id": node_id("Commit", sha),
        "html_url": f"{web}/commit/{sha}",
        "comments_url": f"{api}/commits/{sha}/comments",
        "commit": {
            "url": f"{api}/git/commits/{sha}",
            "author": {"name": commit.author_name, "email": commit.author_email, "date": commit.authored_at},
            "committer": {"name": commit.committer_name, "email": commit.committer_email, "date": commit.committed_at},
            "message": commit.message,
            "comment_count": 0,
            "tree": {"sha": commit.tree, "url": f"{api}/git/trees/{commit.tree}"},
        },
        "author": developer,
        "committer": developer,
        "parents": [{"sha": p, "url": f"{api}/commits/{p}", "html_url": f"{web}/commit/{p}"} for p in commit.parents],
    }


def _user(request: Request, login: str) -> dict[str, Any]:
    return user_object(request, request.records.users.get(login, User(10137, login, "User", "none")))


def _association(request: Request, login: str) -> str:
    user = request.records.users.get(login)
    return "COLLABORATOR" if user and user.type == "User" and user.is_writer else "NONE"


def pull_simple(request: Request, pull: PullRequest) -> dict[str, Any]:
    """`pull-request-simple`."""
    url = f"{request.repository_url}/pulls/{pull.number}"
    issue = f"{request.repository_url}/issues/{pull.number}"
    web = f"{request.web_url}/pull/{pull.number}"
    links = {
        "comments": f"{issue}/comments", "commits": f"{url}/commits", "review_comments": f"{url}/comments",
        "review_comment": f"{url}/comments{{/number}}", "issue": issue,
        "statuses": f"{request.repository_url}/statuses/{pull.head_sha}",
    }  # fmt: skip
    same = ("number", "title", "body", "created_at", "updated_at", "merged_at", "merge_commit_sha")
    base_sha = request.repository.checkout.sha(pull.base) or pull.head_sha
    return {
        **_pick(pull, *same),
        "id": pull.number,
        "node_id": node_id("PullRequest", pull.number),
        "state": "closed" if pull.merged_at else "open",
        "user": _user(request, pull.author),
        "url": url,
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        **{f"{name}_url": href for name, href in links.items()},
        "closed_at": pull.merged_at,
        **dict.fromkeys(("assignee", "milestone", "auto_merge")),
        "labels": [],
        "draft": False,
        "locked": False,
        "author_association": _association(request, pull.author),
        "head": _side(request, pull.head_ref, pull.head_sha),
        "base": _side(request, pull.base, base_sha),
        "_links": {name: {"href": href} for name, href in (links | {"self": url, "html": web}).items()},
    }


def pull_full(request: Request, pull: PullRequest) -> dict[str, Any]:
    """`pull-request`."""
    commits = request.repository.commits_of(pull)
    files, additions, deletions = request.repository.checkout.changes(f"{commits[0]}^1", commits[-1])
    return pull_simple(request, pull) | {
        "merged": pull.merged_at is not None,
        "merged_by": _user(request, pull.merged_by) if pull.merged_by else None,
        "mergeable": None if pull.merged_at else True,
        "mergeable_state": "unknown" if pull.merged_at else "clean",
        "maintainer_can_modify": False,
        "comments": len(request.records.comments_of(pull.number)),
        "review_comments": 0,
        "commits": len(commits),
        "changed_files": files,
        "additions": additions,
        "deletions": deletions,
    }


def _side(request: Request, ref: str, sha: str) -> dict[str, Any]:
    owner = _owner(request)
    label = f"{owner['login']}:{ref}"
    return {"label": label, "ref": ref, "sha": sha, "user": owner, "repo": full_repository(request)}


def deployment_object(request: Request, deployment: Deployment) -> dict[str, Any]:
    """`deployment`."""
    url = f"{request.repository_url}/deployments/{deployment.id}"
    return asdict(deployment) | {
        "url": url,
        "node_id": node_id("Deployment", deployment.id),
        "original_environment": deployment.environment,
        "creator": _user(request, deployment.creator),
        "statuses_url": f"{url}/statuses",
        "repository_url": request.repository_url,
    }


def status_object(request: Request, status: DeploymentStatus) -> dict[str, Any]:
    """`deployment-status`."""
    deployment_url = f"{request.repository_url}/deployments/{status.deployment_id}"
    same = ("id", "state", "description", "environment", "environment_url", "log_url", "created_at")
    return _pick(status, *same) | {
        "url": f"{deployment_url}/statuses/{status.id}",
        "node_id": node_id("DeploymentStatus", status.id),
        "creator": _user(request, status.creator),
        "target_url": status.log_url,
        "updated_at": status.created_at,
        "deployment_url": deployment_url,
        "repository_url": request.repository_url,
    }


def comment_object(request: Request, comment: Comment) -> dict[str, Any]:
    """`issue-comment`."""
    return _pick(comment, "id", "body", "created_at", "updated_at") | {
        "url": f"{request.repository_url}/issues/comments/{comment.id}",
        "html_url": f"{request.web_url}/pull/{comment.issue}#issuecomment-{comment.id}",
        "issue_url": f"{request.repository_url}/issues/{comment.issue}",
        "node_id": node_id("IssueComment", comment.id),
        "user": _user(request, comment.author),
        "author_association": _association(request, comment.author),
    }
