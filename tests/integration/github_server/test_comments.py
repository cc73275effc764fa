from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.integration.github_server.conftest import GithubServer
from tests.support.github_schema import CheckedApi


def comment(api: CheckedApi, body: str = "hello") -> int:
    return int(api.made("POST", "issues/1/comments", 201, {"body": body})["id"])


def test_a_comment_is_edited_in_place_and_deleted(api: CheckedApi) -> None:
    number = comment(api)
    assert api.made("PATCH", f"issues/comments/{number}", 200, {"body": "better"})["id"] == number
    assert api.get(f"issues/comments/{number}")["body"] == "better"
    api.made("DELETE", f"issues/comments/{number}", 204)
    assert api.call("GET", f"issues/comments/{number}").status_code == 404


def test_comments_are_listed_oldest_first_through_linked_pages(api: CheckedApi) -> None:
    made = [comment(api, f"comment {n}") for n in range(7)]
    seen: list[int] = []
    query: dict[str, Any] = {"per_page": 3}
    while query:
        answer = api.call("GET", "issues/1/comments", **query)
        seen += [c["id"] for c in answer.json()]
        following = answer.links.get("next")
        query = dict(re.findall(r"[?&](\w+)=(\d+)", following["url"])) if following else {}
    assert seen == made
    assert {"prev", "first"} == answer.links.keys()


def test_a_page_holds_at_most_a_hundred(api: CheckedApi) -> None:
    for number in range(101):
        comment(api, str(number))
    answer = api.call("GET", "issues/1/comments", per_page=500)
    assert len(answer.json()) == 100
    assert answer.links["last"]["url"].endswith("page=2")


def test_a_comment_may_have_65536_characters_and_no_more(api: CheckedApi) -> None:
    number = comment(api, "ü" * 65_536)
    for method, path in (("POST", "issues/1/comments"), ("PATCH", f"issues/comments/{number}")):
        answer = api.call(method, path, {"body": "ü" * 65_537})
        assert answer.status_code == 422
        assert "Body is too long" in answer.text


def test_a_comment_is_refused_when_it_says_nothing(api: CheckedApi) -> None:
    assert api.call("POST", "issues/1/comments", {"body": " "}).status_code == 422
    assert api.call("POST", "issues/1/comments", {}, valid=False).status_code == 422


def test_a_stranger_may_comment_but_not_edit_what_others_wrote(github: GithubServer, api: CheckedApi) -> None:
    ours, stranger = comment(api), github.api("stranger-token")
    theirs = comment(stranger)
    for method, body in (("PATCH", {"body": "mine now"}), ("DELETE", None)):
        assert stranger.call(method, f"issues/comments/{ours}", body).status_code == 403
    stranger.made("PATCH", f"issues/comments/{theirs}", 200, {"body": "mine"})
    assert api.get(f"issues/comments/{ours}")["body"] == "hello"


def test_who_may_write_to_the_repository_may_edit_any_comment(github: GithubServer) -> None:
    theirs = comment(github.api("stranger-token"))
    github.api("developer-token").made("PATCH", f"issues/comments/{theirs}", 200, {"body": "moderated"})


def test_an_edit_is_told_to_whoever_listens_for_issue_comment(github: GithubServer, api: CheckedApi) -> None:
    number = comment(api, "before")
    seen = github.control.events()[-1]
    api.made("PATCH", f"issues/comments/{number}", 200, {"body": "after"})
    (event,) = github.control.events(after=seen["id"])
    payload = event["payload"]
    assert (event["event"], event["action"]) == ("issue_comment", "edited")
    assert (payload["changes"]["body"]["from"], payload["comment"]["body"]) == ("before", "after")
    assert payload["sender"]["login"] == "github-actions[bot]"
    assert payload["issue"]["number"] == 1


def test_an_unknown_pull_request_takes_no_comment(api: CheckedApi) -> None:
    assert api.call("POST", "issues/9/comments", {"body": "hello"}).status_code == 404


def test_comments_made_at_once_are_all_kept_with_ids_of_their_own(github: GithubServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda n: comment(github.api(), str(n)), range(24)))
    assert len(set(numbers)) == 24
    assert {c["body"] for c in github.api().get("issues/1/comments")} == {str(n) for n in range(24)}
