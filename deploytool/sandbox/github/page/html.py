"""GitHub-flavoured Markdown to HTML that cannot harm whoever reads it, with task boxes that can be ticked."""

from __future__ import annotations

import re
import secrets
from functools import cache
from html import escape
from urllib.parse import quote

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.gfm_autolink import gfm_autolink_plugin

from deploytool.sandbox.github.store import BOT, DeploymentStatus

# SEG sandbox.github.page.markdown
# GitHub-flavoured Markdown to HTML that cannot harm whoever reads it, with task boxes that can be ticked.

_TASK = re.compile(r"\[([ xX])\](?=\s)")
_TASK_LINE = re.compile(r"^((?:\s|>)*(?:[-*+]|\d+[.)])\s+\[)([ xX])(\]\s)")
_TAGS = {
    "a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p", "picture", "pre", "s", "samp", "source", "span", "strike",
    "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"align", "title"},
    "a": {"href"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "source": {"media", "srcset"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_ALERTS = {"markdown-alert", *(f"markdown-alert-{k}" for k in ("note", "tip", "important", "warning", "caution"))}


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": False}).disable("linkify")
    parser.use(gfm_autolink_plugin)
    parser.options["alerts"] = True
    parser.core.ruler.push("survive", _survive)
    return parser


def _survive(state: StateCore) -> None:
    """Prepare for sanitising what it would take away.

    Where a box belongs comes a word that nobody can guess, since no `input` of a comment may live.
    """
    for token in state.tokens:
        aligned = str(token.attrs.pop("style", "")).partition("text-align:")[2]
        if aligned:
            token.attrs["align"] = aligned  # a style would not survive, and rightly so
    for opened, _, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        found = _TASK.match(inline.content) if inline.type == "inline" and opened.type == "list_item_open" else None
        if not found or not opened.map or not inline.children:
            continue
        first = inline.children[0]
        first.content = first.content[found.end() :]
        box = Token("text", "", 0, content=f"{state.env['word']}:{opened.map[0]}:{int(found[1] != ' ')};")
        inline.children.insert(0, box)


def render(text: str, comment: int | None = None) -> str:
    """The text as HTML. With a comment's id its boxes are alive; without, they are there to be seen."""
    word = secrets.token_hex(16)
    safe = nh3.clean(
        _parser().render(text, {"word": word}),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes={"div": _ALERTS, "p": {"markdown-alert-title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noreferrer",
    )
    alive = "disabled" if comment is None else f'data-comment="{comment}"'

    def box(found: re.Match[str]) -> str:
        checked = " checked" if found[2] == "1" else ""
        return f'<input type="checkbox" class="task" {alive} data-line="{found[1]}"{checked} aria-label="task">'

    return re.sub(rf"{word}:(\d+):([01]);", box, safe)


def ticked(text: str, line: int, *, checked: bool) -> str | None:
    """The text with that line's box set; None where the line has no box in the other state (someone was faster)."""
    lines = text.splitlines(keepends=True)
    found = _TASK_LINE.match(lines[line]) if 0 <= line < len(lines) else None
    if not found or (found[2] != " ") == checked:
        return None
    lines[line] = _TASK_LINE.sub(rf"\g<1>{'x' if checked else ' '}\g<3>", lines[line])
    return "".join(lines)


# SEG sandbox.github.page.parts
# Pieces of HTML that every page is made of. What is not ours goes through `text`.

text = escape

STATES = {
    "success": ("Active", "good"),
    "inactive": ("Inactive", "quiet"),
    "failure": ("Failure", "bad"),
    "error": ("Error", "bad"),
    "in_progress": ("In progress", "busy"),
    "queued": ("Queued", "busy"),
    "pending": ("Pending", "busy"),
}
# Drawn here, as strokes on a square of 16.
_ICONS = {
    "merge": "M4 5v6M4 5c.5 3 3 4 6 4",
    "open": "M4 5.5v5M12 10.5V6a2 2 0 0 0-2-2H8M9.5 2 7.5 4l2 2",
    "commit": "M1 8h4M11 8h4M5 8a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    "rocket": "M6 10 C6.5 5 10 2 14 2c0 4-3 7.5-8 8zM6 10 3.5 8.5 5.5 6M6 10l1.5 2.5L10 10.5M2.5 13.5 4.5 11.5",
    "play": "M6.5 5.5v5l4-2.5zM1.5 8a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0-13 0",
}
_RINGS = {"merge": ((4, 3.5), (4, 12.5), (12, 9)), "open": ((4, 3.5), (4, 12.5), (12, 12.5))}


def icon(name: str) -> str:
    rings = "".join(f'<circle cx="{x}" cy="{y}" r="1.6"/>' for x, y in _RINGS.get(name, ()))
    drawn = f'<path d="{_ICONS[name]}"/>{rings}'
    return f'<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{drawn}</svg>'


def avatar(name: str, size: int = 40) -> str:
    kind = "avatar bot" if name.endswith("[bot]") else "avatar"
    return f'<img class="{kind}" src="/_page/avatar/{quote(name)}.svg" width="{size}" height="{size}" alt="">'


def login(name: str) -> str:
    """The account as GitHub writes it: a bot without brackets and with a label."""
    if name.endswith("[bot]"):
        return f'<strong>{text(name.removesuffix("[bot]"))}</strong> <span class="pill">bot</span>'
    return f"<strong>{text(name)}</strong>"


def when(moment: str) -> str:
    return f'<time datetime="{text(moment)}">{text(moment)}</time>'


def sha(repository: str, value: str) -> str:
    return f'<a class="sha" href="/{repository}/commit/{value}">{value[:7]}</a>'


def label(state: str) -> str:
    name, kind = STATES[state]
    return f'<span class="state {kind}"><i class="dot"></i>{name}</span>'


def state_of(statuses: list[DeploymentStatus]) -> str:
    """The state of a deployment is its newest status's; without any it is pending."""
    return statuses[0].state if statuses else "pending"


def document(repository: str, title: str, tab: str, main: str, count: int = 0) -> bytes:
    """A whole page."""
    owner, _, short = repository.partition("/")
    counted = f' <span class="count">{count}</span>' if count else ""
    tabs = (
        ("Pull requests", "/", counted),
        ("Actions", f"/{repository}/actions", ""),
        ("Deployments", f"/{repository}/deployments", ""),
    )
    bar = "".join(f'<a href="{to}"{" class=here" if name == tab else ""}>{name}{more}</a>' for name, to, more in tabs)
    page = f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>{text(title)} · {text(repository)}</title>
<link rel="icon" href="/_page/avatar/{quote(BOT)}.svg"><link rel="stylesheet" href="/_page/style.css">
<script src="/_page/page.js" defer></script></head><body>
<header><div class="crumbs"><span class="brand">{icon("rocket")}</span> <a href="/">{text(owner)}</a>
<span class="dim">/</span>
<a href="/"><strong>{text(short)}</strong></a> <span class="pill">Public</span>
<span class="sandbox">sandbox · not github.com</span></div><nav>{bar}</nav></header>
<main>{main}</main></body></html>"""
    return page.encode()
