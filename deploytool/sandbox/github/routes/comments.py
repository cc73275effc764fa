"""Comments of a pull request, which GitHub files under issues."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deploytool.sandbox.github.http import ApiError, Response, invalid, not_found
from deploytool.sandbox.github.represent import comment_object, user_object
from deploytool.sandbox.github.routing import REPOSITORY, Request, Routes, page_of
from deploytool.sandbox.github.store import Comment, User, now

routes = Routes()
LONGEST_BODY = 65_536
OF_ISSUE = f"{REPOSITORY}/issues/{{number}}/comments"
ONE = f"{REPOSITORY}/issues/comments/{{number}}"


def _body(request: Request) -> str:
    body = request.fields().get("body")
    if not isinstance(body, str):
        raise ApiError(422, 'Invalid request.\n\n"body" wasn\'t supplied.')
    if not body.strip():
        raise invalid("IssueComment", "data", "unprocessable", "Body can not be blank")
    if len(body) > LONGEST_BODY:
        message = f"Body is too long (maximum is {LONGEST_BODY} characters)"
        raise invalid("IssueComment", "data", "unprocessable", message)
    return body


def _commenter(request: Request) -> User:
    """Anyone may comment on a public repository, but not with a token that has no permission to write."""
    user = request.caller()
    if request.token is None or request.token.access != "write":
        raise ApiError(403, "Resource not accessible by integration")
    return user


def _add_event(request: Request, action: str, comment: Comment, sender: User, **changes: Any) -> None:
    repository = request.repository
    payload = {
        "action": action,
        "comment": comment_object(request, comment),
        "issue": {
            "number": comment.issue,
            "pull_request": {"html_url": f"{request.web_url}/pull/{comment.issue}"},
        },
        "sender": user_object(request, sender),
        "repository": {"full_name": repository.full_name, "default_branch": repository.default_branch},
    }
    repository.add_event("issue_comment", action, payload | ({"changes": changes} if changes else {}))


def edit(request: Request, comment: Comment, body: str, sender: User) -> Comment:
    """Change the text and trigger `issue_comment`."""
    edited = replace(comment, body=body, updated_at=now())
    request.records.comments[comment.id] = edited
    _add_event(request, "edited", edited, sender, body={"from": comment.body})
    return edited


@routes.add("POST", OF_ISSUE)
def create(request: Request, number: str) -> Response:
    author = _commenter(request)
    issue = request.repository.pull(number).number
    comment = Comment(request.repository.store.next_id(), issue, author.login, _body(request), now(), now())
    request.records.comments[comment.id] = comment
    _add_event(request, "created", comment, author)
    return Response(201, comment_object(request, comment))


@routes.add("GET", OF_ISSUE)
def list_comments(request: Request, number: str) -> Response:
    """Oldest first."""
    since = request.query.get("since", "")
    comments = request.records.comments_of(request.repository.pull(number).number)
    page, headers = page_of(request, [comment for comment in comments if comment.updated_at >= since])
    return Response(200, [comment_object(request, comment) for comment in page], headers)


def find_comment(request: Request, number: str) -> Comment:
    """Raises ApiError (404)."""
    comment = request.records.comments.get(int(number)) if number.isdecimal() else None
    if comment is None:
        raise not_found()
    return comment


def _editor(request: Request, comment: Comment) -> User:
    """The author, or anyone who may write to the repository. Raises ApiError (403)."""
    user = _commenter(request)
    if user.login != comment.author and not user.is_writer:
        raise ApiError(403, "Must have admin rights to Repository.")
    return user


@routes.add("GET", ONE)
def get(request: Request, number: str) -> Response:
    return Response(200, comment_object(request, find_comment(request, number)))


@routes.add("PATCH", ONE)
def update(request: Request, number: str) -> Response:
    comment = find_comment(request, number)
    editor = _editor(request, comment)
    return Response(200, comment_object(request, edit(request, comment, _body(request), editor)))


@routes.add("DELETE", ONE)
def delete(request: Request, number: str) -> Response:
    comment = find_comment(request, number)
    _add_event(request, "deleted", comment, _editor(request, comment))
    del request.records.comments[comment.id]
    return Response(204)
