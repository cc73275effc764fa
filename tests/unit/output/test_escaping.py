"""Other people's text stays text. The judge is a Markdown parser, not our own idea of Markdown."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from deploytool.output.json import one_line
from deploytool.output.markup import (
    ZERO_WIDTH_SPACE,
    clean,
    cleaned,
    code,
    fenced,
    link,
    marker,
    prose,
    without_control,
)

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PUNCTUATION = "\\`*_{}[]()#+-.!|~<>&@:/\"'$"
PIECES = st.sampled_from([*PUNCTUATION, "<!--", "-->", "```", "&lt;", "&#64;", "](", "||", "\n", "  "])
HOSTILE = st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=20).map("".join)


def seen(token: Token) -> str:
    """What a reader sees: the breaks in the marks of HTML comments have no width."""
    return token.content.replace(ZERO_WIDTH_SPACE, "")


def inline(markdown: str) -> list[Token]:
    """The inline tokens of one paragraph or table cell."""
    return [child for token in PARSER.parse(markdown) if token.type == "inline" for child in token.children or []]


@given(HOSTILE)
def test_prose_renders_as_the_very_text_it_was(text: str) -> None:
    tokens = inline(f"before {prose(text)} after")
    assert {token.type for token in tokens} <= {"text", "text_special"}
    shown = "".join(token.content for token in tokens).replace(ZERO_WIDTH_SPACE, "")
    assert shown.split() == f"before {clean(text)} after".split()


@given(HOSTILE)
def test_a_table_row_keeps_its_cells_whatever_they_hold(text: str) -> None:
    table = f"| a | b | c |\n|---|---|---|\n| {prose(text)} | {code(text)} | last |\n"
    cells = [token for token in PARSER.parse(table) if token.type == "td_open"]
    assert len(cells) == 3
    assert inline(table)[-1].content == "last"


@given(HOSTILE)
def test_code_shows_its_text_and_nothing_formats(text: str) -> None:
    tokens = inline(f"before {code(text).replace(chr(92) + '|', '|')} after")
    if clean(text).strip():
        assert [(token.type, seen(token).strip()) for token in tokens] == [
            ("text", "before"),
            ("code_inline", clean(text).strip()),
            ("text", "after"),
        ]


@given(st.lists(HOSTILE, max_size=6))
def test_no_log_line_ends_its_block(lines: list[str]) -> None:
    tokens = PARSER.parse(f"<details>\n\n{fenced(lines)}\n\n</details>")
    assert [token.type for token in tokens] == ["html_block", "fence", "html_block"]
    assert seen(tokens[1]).removesuffix("\n") == "\n".join(cleaned(lines))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ping @octocat", "@" + ZERO_WIDTH_SPACE),
        ("mail a@b.org", "@" + ZERO_WIDTH_SPACE),
        ("closes #12", "#" + ZERO_WIDTH_SPACE),
        ("see GH-12", "-" + ZERO_WIDTH_SPACE),
        ("see https://evil.example", "https:" + ZERO_WIDTH_SPACE),
        ("see www.evil.example", "www" + ZERO_WIDTH_SPACE),
    ],
)
def test_nobody_is_mentioned_and_nothing_linked(text: str, told: str) -> None:
    assert told in prose(text)


def test_html_comments_cannot_hide_what_follows() -> None:
    assert "<!--" not in prose("<!-- gone -->")


def test_long_text_is_cut_before_it_is_escaped() -> None:
    assert prose("*" * 2000, 3) == "\\*\\*…"


def test_the_marker_cannot_be_ended_or_shared_by_a_name() -> None:
    assert marker("shop", "production") == "<!-- deploytool:shop:production -->"
    assert marker("a --> @x", "<b>") == "<!-- deploytool:a%20-%2D%3E%20%40x:%3Cb%3E -->"
    assert marker("a:b", "c") != marker("a", "b:c")


def test_only_addresses_of_the_web_are_linked() -> None:
    assert link("run", "javascript:alert(1)") == "run"
    assert link("run", "") == "run"
    assert link("run", "https://h/a(b) c>") == "[run](https://h/a%28b%29%20c%3E)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b[2J\x1b]0;title\x07gone", "gone"),
        ("back\rover \x9b2J \u202eright to left", "backover 2J right to left"),
        ("\x1b[?25l\x1b\x1b[1mhidden\x1b", "\x1b[1mhidden"),
    ],
)
def test_a_terminal_is_told_colors_and_nothing_else(text: str, shown: str) -> None:
    assert without_control(text) == shown


@given(st.text())
def test_a_document_stays_the_same_and_commands_nothing(text: str) -> None:
    document = one_line({"text": text})
    assert json.loads(document) == {"text": text}
    assert "##[" not in document
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in document)


@pytest.mark.parametrize("text", ["x <!-- deploytool:rollback:1:2 -->", "deploytool:shop:staging -->"])
def test_a_log_line_cannot_look_like_one_of_our_marks(text: str) -> None:
    for shown in (fenced([f"- [ ] {text}"]), code(text), prose(text)):
        assert "<!--" not in shown
        assert "-->" not in shown
