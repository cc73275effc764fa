"""GitHub-flavored Markdown to sanitized HTML with task boxes that can be ticked.

Its packages are the extra `sandbox`: only what shows a comment imports this module, and does so late.
"""

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
    parser.core.ruler.push("mark_boxes", _mark_boxes)
    return parser


def _mark_boxes(state: StateCore) -> None:
    """Replace what sanitizing would remove.

    Each box becomes a word that cannot be guessed, since no `input` of a comment may stay.
    """
    for token in state.tokens:
        alignment = str(token.attrs.pop("style", "")).partition("text-align:")[2]
        if alignment:
            token.attrs["align"] = alignment
    for opening, _, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        is_item = inline.type == "inline" and opening.type == "list_item_open"
        match = _TASK.match(inline.content) if is_item else None
        if not match or not opening.map or not inline.children:
            continue
        text = inline.children[0]
        text.content = text.content[match.end() :]
        box = Token("text", "", 0, content=f"{state.env['word']}:{opening.map[0]}:{int(match[1] != ' ')};")
        inline.children.insert(0, box)


def render(text: str, comment: int | None = None) -> str:
    """The text as HTML. With a comment's id its boxes can be ticked."""
    word = secrets.token_hex(16)
    safe = nh3.clean(
        _parser().render(text, {"word": word}),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes={"div": _ALERTS, "p": {"markdown-alert-title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noreferrer",
    )
    state = "disabled" if comment is None else f'data-comment="{comment}"'

    def box(match: re.Match[str]) -> str:
        checked = " checked" if match[2] == "1" else ""
        return f'<input type="checkbox" class="task" {state} data-line="{match[1]}"{checked} aria-label="task">'

    return re.sub(rf"{word}:(\d+):([01]);", box, safe)
