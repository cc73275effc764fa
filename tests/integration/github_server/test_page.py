"""The pull request in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from deploytool.sandbox.github.page.html import set_task
from deploytool.sandbox.github.page.markdown import render
from tests.integration.github_server.conftest import GithubServer
from tests.support.browser import Browser
from tests.support.github_schema import CheckedApi

BODY = """<!-- deploytool:production -->
### Released

| service | took |
|---|---:|
| worker | 41 s |

<details><summary>Migration log</summary>

```
0004_versions.sql applied
```

</details>

- [ ] Roll back production
- [x] done already
"""


@pytest.fixture
def comment(api: CheckedApi) -> int:
    return int(api.made("POST", "issues/1/comments", 201, {"body": BODY})["id"])


@pytest.fixture
def page(github: GithubServer, comment: int, browser: Browser) -> Browser:
    browser.open(github.url + "/")
    browser.wait_for_text("Released")
    return browser


def test_the_page_shows_the_pull_request_and_the_comment_as_markdown(page: Browser, comment: int) -> None:
    assert page.script("return location.pathname") == "/acme/shop/pull/1"
    assert "Open the shop #1" in page.text("#title")
    assert "Merged" in page.text("#title .badge")
    shown = f"#issuecomment-{comment} .markdown"
    assert page.text(f"{shown} h3") == "Released"
    assert page.script("return getComputedStyle(document.querySelector('.markdown td[align]')).textAlign") == "right"
    assert page.script(f"return document.querySelector('{shown} details').open") is False
    assert "deploytool:production" not in page.text()


def test_blanks_and_digits_are_as_wide_as_those_of_the_letters_font(page: Browser) -> None:
    """A font of emoji has them too, as wide as a picture; where it is found first, every word stands alone."""
    wide = "const c = document.createElement('canvas').getContext('2d'); c.font = getComputedStyle(document.body).font;"
    blank, digit, letter = page.script(wide + "return [' ', '1', 'n'].map(each => c.measureText(each).width)")
    assert blank < letter
    assert digit < letter * 1.2


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("success", "deployed to production"),
        ("failure", "had a problem deploying to production"),
        ("in_progress", "requested a deployment to production"),
    ],
)
def test_the_timeline_says_of_a_deployment_what_github_says(
    page: Browser, deploy: Callable[..., int], state: str, said: str
) -> None:
    deploy(state, environment="production")
    page.wait_for_text(said)


def test_a_status_appears_without_a_reload(page: Browser, deploy: Callable[..., int], api: CheckedApi) -> None:
    page.script("window.sameDocument = true")
    number = deploy("in_progress", environment="production")
    page.wait_for_text("In progress", "#panel")
    body = {"state": "success", "description": "app 2/2, worker 1/1"}
    api.made("POST", f"deployments/{number}/statuses", 201, body)
    page.wait_for_text("app 2/2, worker 1/1", "#panel")
    assert "Active" in page.text("#side")
    assert page.script("return window.sameDocument") is True


def test_an_edited_comment_appears_and_what_the_reader_opened_stays_open(
    page: Browser, api: CheckedApi, comment: int
) -> None:
    page.click(f"#issuecomment-{comment} summary")
    api.made("PATCH", f"issues/comments/{comment}", 200, {"body": BODY.replace("### Released", "### Released again")})
    page.wait_for_text("Released again")
    assert page.script("return document.querySelector('.markdown details').open") is True


def test_ticking_a_box_edits_the_comment_as_the_developer(
    github: GithubServer, page: Browser, api: CheckedApi, comment: int
) -> None:
    page.click("input.task[data-comment]")
    # `defaultChecked` is what the GitHub server sent, not what the click did.
    page.wait("return document.querySelector('input.task[data-comment]').defaultChecked", "the box comes back ticked")
    assert api.get(f"issues/comments/{comment}")["body"] == BODY.replace("[ ] Roll back", "[x] Roll back")
    event = github.control.events()[-1]
    assert (event["action"], event["payload"]["sender"]["login"]) == ("edited", "octo-dev")
    assert event["payload"]["changes"]["body"]["from"] == BODY


def test_nothing_in_a_comment_is_carried_out(github: GithubServer, api: CheckedApi, browser: Browser) -> None:
    attacks = [
        "<script>document.title = 'owned'</script>",
        "<img src=x onerror=\"document.title = 'owned'\">",
        "<svg onload=\"document.title = 'owned'\"></svg>",
        "<details open ontoggle=\"document.title = 'owned'\"><summary>x</summary></details>",
        "[click me](javascript:document.title='owned')",
        "<a id=hit href=\"javascript:document.title='owned'\">click me</a>",
        '<input type="checkbox" class="task" data-comment="1" data-line="0">',
        "<style>body { display: none }</style><iframe srcdoc='<script>1</script>'></iframe>",
        '<form action="https://evil.example"><button>send</button></form>',
    ]
    api.made("POST", "issues/1/comments", 201, {"body": "\n\n".join(["the end is near", *attacks, "the end"])})
    browser.open(github.url + "/acme/shop/pull/1")
    browser.wait_for_text("the end is near")
    forbidden = "script, svg, input, style, iframe, form, [onerror], [onload], [ontoggle], [href^='javascript']"
    result = browser.script(
        "return [...document.querySelectorAll('.comment .markdown :is(' + arguments[0] + ')')].length", forbidden
    )
    assert result == 0
    assert "owned" not in browser.script("return document.title")


@pytest.mark.parametrize(
    "path",
    ["deployments", "actions", "actions/workflows/rollback.yml", "actions/runs/1", "commit/main", "pull/1"],
)
def test_every_link_of_a_comment_leads_to_a_page(github: GithubServer, path: str) -> None:
    answer = requests.get(f"{github.url}/acme/shop/{path}", timeout=5)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_run_is_shown_with_its_workflow_as_text(github: GithubServer) -> None:
    number = github.control.start_run("<b>roll</b>.yml", "octo-dev", github.sha("main"))
    page = requests.get(f"{github.url}/acme/shop/actions/runs/{number}", timeout=5).text
    assert "&lt;b&gt;roll&lt;/b&gt;.yml" in page


def test_the_page_is_asked_for_again_only_when_it_changed(github: GithubServer, api: CheckedApi) -> None:
    address = f"{github.url}/_page/pull/1"
    tag = requests.get(address, timeout=5).headers["etag"]
    assert requests.get(address, headers={"if-none-match": tag}, timeout=5).status_code == 304
    api.made("POST", "issues/1/comments", 201, {"body": "hello"})
    assert requests.get(address, headers={"if-none-match": tag}, timeout=5).status_code == 200


def test_a_box_is_ticked_by_the_page_alone_and_only_while_it_is_there(github: GithubServer, comment: int) -> None:
    address, line = f"{github.url}/_page/comments/{comment}/task", BODY.splitlines().index("- [ ] Roll back production")
    body, page = {"line": line, "checked": True}, {"x-requested-with": "page"}
    assert requests.post(address, json=body, timeout=5).status_code == 403
    assert requests.post(address, json=body | {"line": 0}, headers=page, timeout=5).status_code == 409
    assert requests.post(address, json=body, headers=page, timeout=5).status_code == 200
    assert requests.post(address, json=body, headers=page, timeout=5).status_code == 409


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        ("- [ ] a\n- [ ] b", 1, "- [ ] a\n- [x] b"),
        ("text\n\n1. [ ] a\r\n", 2, "text\n\n1. [x] a\r\n"),
        ("> * [ ] quoted", 0, "> * [x] quoted"),
        ("- [x] a", 0, None),
        ("no box", 0, None),
        ("- [ ] a", 7, None),
        ("- [ ] a", -1, None),
    ],
)
def test_only_the_box_of_that_line_is_ticked(before: str, line: int, after: str | None) -> None:
    assert set_task(before, line, checked=True) == after


def test_boxes_know_their_line_wherever_they_are() -> None:
    html = render("# a\n\n- x\n  - [ ] inner\n\n> 1. [X] quoted\n\n`- [ ] code`", comment=5)
    assert html.count("<input") == 2
    assert 'data-comment="5" data-line="3" aria' in html
    assert 'data-comment="5" data-line="5" checked' in html
