"""Comments of a pull request, which GitHub files under issues."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deploytool.sandbox.github import represent
from deploytool.sandbox.github.http import NOT_FOUND, Answer, ApiError, invalid
from deploytool.sandbox.github.repository import GithubWorld
from deploytool.sandbox.github.represent import comment_object
from deploytool.sandbox.github.routes.repository import REPOSITORY
from deploytool.sandbox.github.routing import Request, Routes, page_of
from deploytool.sandbox.github.store import Comment, User, now

routes = Routes()
LONGEST_BODY = 65_536
OF_ISSUE = f"{REPOSITORY}/issues/{{number}}/comments"
ONE = f"{REPOSITORY}/issues/comments/{{id}}"


def _body(request: Request) -> str:
    body = request.fields().get("body")
    if not isinstance(body, str):
        raise ApiError(422, 'Invalid request.\n\n"body" wasn\'t supplied.')
    if not body.strip():
        raise invalid("IssueComment", "data", "unprocessable", "Body can not be blank")
    if len(body) > LONGEST_BODY:
        raise invalid(
            "IssueComment", "data", "unprocessable", f"Body is too long (maximum is {LONGEST_BODY} characters)"
        )
    return body


def _commenter(request: Request) -> User:
    """Anybody may comment on a public repository, but not with a token that was given no permission to write."""
    user = request.who()
    if request.token is None or request.token.access != "write":
        raise ApiError(403, "Resource not accessible by integration")
    return user


def _event(
    world: GithubWorld, request: Request, action: str, comment: Comment, by: User, changes: dict[str, Any]
) -> None:
    payload = {
        "action": action,
        "comment": comment_object(world, request, comment),
        "issue": {
            "number": comment.issue,
            "pull_request": {"html_url": f"{represent.web_url(world, request)}/pull/{comment.issue}"},
        },
        "sender": represent.user_object(request, by),
        "repository": {"full_name": world.repository, "default_branch": world.default_branch},
    }
    world.record("issue_comment", action, payload | ({"changes": changes} if changes else {}))


def edit(world: GithubWorld, request: Request, comment: Comment, body: str, by: User) -> Comment:
    """Change the text, and say so to whoever listens for `issue_comment`."""
    edited = replace(comment, body=body, updated_at=now())
    world.store.records.comments[comment.id] = edited
    _event(world, request, "edited", edited, by, {"body": {"from": comment.body}})
    return edited


@routes.add("POST", OF_ISSUE)
def create(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    author = _commenter(request)
    issue = world.pull(path["number"]).number
    made = Comment(world.store.next_id(), issue, author.login, _body(request), now(), now())
    world.store.records.comments[made.id] = made
    _event(world, request, "created", made, author, {})
    return Answer(201, comment_object(world, request, made))


@routes.add("GET", OF_ISSUE)
def listed(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    """Oldest first."""
    world.check(path)
    issue = world.pull(path["number"]).number
    since = request.query.get("since", "")
    found = [c for c in world.store.records.comments.values() if c.issue == issue and c.updated_at >= since]
    shown, headers = page_of(request, found)
    return Answer(200, [comment_object(world, request, c) for c in shown], headers)


def comment_named(world: GithubWorld, number: str) -> Comment:
    """Raises ApiError (404)."""
    found = world.store.records.comments.get(int(number)) if number.isdecimal() else None
    if found is None:
        raise ApiError(*NOT_FOUND)
    return found


def _may_edit(request: Request, comment: Comment) -> User:
    """The author, and those who may write to the repository. Raises ApiError (403)."""
    user = _commenter(request)
    if user.login != comment.author and user.permission not in {"write", "admin"}:
        raise ApiError(403, "Must have admin rights to Repository.")
    return user


@routes.add("GET", ONE)
def one(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    return Answer(200, comment_object(world, request, comment_named(world, path["id"])))


@routes.add("PATCH", ONE)
def update(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    comment = comment_named(world, path["id"])
    by = _may_edit(request, comment)
    return Answer(200, comment_object(world, request, edit(world, request, comment, _body(request), by)))


@routes.add("DELETE", ONE)
def delete(world: GithubWorld, request: Request, path: dict[str, str]) -> Answer:
    world.check(path)
    comment = comment_named(world, path["id"])
    _event(world, request, "deleted", comment, _may_edit(request, comment), {})
    del world.store.records.comments[comment.id]
    return Answer(204)
