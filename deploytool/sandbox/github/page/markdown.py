"""GitHub-flavoured Markdown to HTML that cannot harm whoever reads it, with task boxes that can be ticked."""

from __future__ import annotations

import re
import secrets
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.gfm_autolink import gfm_autolink_plugin

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
