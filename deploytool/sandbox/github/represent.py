"""Users, repository and commits as GitHub's API shows them. The other resources are shown in represent_release.py."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from deploytool.sandbox.github.git import Commit
from deploytool.sandbox.github.http import Request
from deploytool.sandbox.github.model import DEVELOPER, User
from deploytool.sandbox.github.store import now
from deploytool.sandbox.github.world import World

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


def repository_url(world: World, request: Request) -> str:
    return f"{request.api}/repos/{world.repository}"


def web_url(world: World, request: Request) -> str:
    return f"{request.web}/{world.repository}"


def user(request: Request, who: User) -> dict[str, Any]:
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
        user(request, who)
        | unknown
        | counts
        | {
            "created_at": now(),
            "updated_at": now(),
            "user_view_type": "public",
        }
    )


def collaborator(request: Request, who: User) -> dict[str, Any]:
    return user(request, who) | {"role_name": who.permission, "permissions": collaborator_permissions(who)}


def collaborator_permissions(who: User) -> dict[str, bool]:
    write = who.permission in {"write", "admin"}
    admin = who.permission == "admin"
    return {"pull": who.permission != "none", "triage": write, "push": write, "maintain": admin, "admin": admin}


def owner(world: World, request: Request) -> dict[str, Any]:
    return user(request, User(4580, world.repository.partition("/")[0], "User", "admin")) | {"type": "Organization"}


def minimal_repository(world: World, request: Request) -> dict[str, Any]:
    url = repository_url(world, request)
    return {
        "id": REPOSITORY_ID,
        "node_id": node_id("Repository", REPOSITORY_ID),
        "name": world.repository.partition("/")[2],
        "full_name": world.repository,
        "owner": owner(world, request),
        "private": False,
        "html_url": web_url(world, request),
        "description": None,
        "fork": False,
        "url": url,
    } | {f"{name}_url": f"{url}/{name.replace('_', '/')}" for name in _REPOSITORY_LINKS}


def full_repository(world: World, request: Request) -> dict[str, Any]:
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


def _for_whom(world: World, who: User | None) -> dict[str, Any]:
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


def commit(world: World, request: Request, shown: Commit) -> dict[str, Any]:
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
        "author": user(request, world.store.records.users[DEVELOPER]),
        "committer": user(request, world.store.records.users[DEVELOPER]),
        "parents": [{"sha": p, "url": f"{url}/commits/{p}", "html_url": f"{web}/commit/{p}"} for p in shown.parents],
    }
