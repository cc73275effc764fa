"""Workflow commands, as ``@actions/toolkit`` spells them and the runner reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.output import actions


def runner_reads(file: str) -> dict[str, str]:
    """``GITHUB_OUTPUT`` as the runner parses it: ``name<<delimiter``, lines, ``delimiter``."""
    read: dict[str, str] = {}
    lines = iter(file.split("\n"))
    for line in lines:
        if not line:
            continue
        name, _, delimiter = line.partition("<<")
        value: list[str] = []
        for each in lines:
            if each == delimiter:
                break
            value.append(each)
        read[name] = "\n".join(value)
    return read


def unescaped(text: str) -> str:
    """The runner's way back, in its order."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_an_annotation_with_a_title() -> None:
    assert actions.error("100%\r\nsure", "a: b, c") == "::error title=a%3A b%2C c::100%25%0D%0Asure"


def test_annotations_without_a_title() -> None:
    assert [actions.warning("x"), actions.notice("y")] == ["::warning::x", "::notice::y"]


@given(st.text(), st.text(min_size=1))
def test_a_command_is_one_line_and_comes_back_whole(message: str, title: str) -> None:
    command = actions.error(message, title)
    assert "\n" not in command
    assert "\r" not in command
    properties, _, data = command.removeprefix("::error title=").partition("::")
    assert unescaped(data) == message
    assert unescaped(properties) == title


def test_a_secret_of_several_lines_is_masked_line_by_line() -> None:
    assert actions.add_mask("one\n\ntwo%\n") == ("::add-mask::one", "::add-mask::two%25")


def test_a_group_title_is_one_line() -> None:
    assert actions.group("a\n::error::b") == "::group::a ::error::b"
    assert actions.end_group() == "::endgroup::"


@pytest.mark.parametrize("line", ["::error::x", "  ::stop-commands::x", "\t::x::", "\u200b::error::x", "\ufeff::x::"])
def test_a_command_at_the_start_of_a_line_is_disarmed(line: str) -> None:
    assert not actions.escape_commands(line)[0].lstrip().startswith("::")


@pytest.mark.parametrize("line", ["##[add-mask]x", "text ##[error]x", "#\u200b#[error]x", "#\x00#[error]x"])
def test_an_old_command_anywhere_in_a_line_is_disarmed(line: str) -> None:
    assert "##[" not in actions.escape_commands(line)[0]


def test_a_harmless_line_is_left_as_it_is() -> None:
    assert actions.escape_commands("std::vector<int> # [x]") == ("std::vector<int> # [x]",)


@given(st.dictionaries(st.from_regex(r"[a-z-]+", fullmatch=True), st.text()))
def test_outputs_come_back_whole_whatever_they_hold(values: dict[str, str]) -> None:
    assert runner_reads(actions.outputs(values, "ghadelimiter_7f3c")) == values


def test_an_output_that_holds_the_delimiter_is_refused() -> None:
    with pytest.raises(ValueError, match="delimiter"):
        actions.outputs({"sentence": "x\nEOF\nevil=1"}, "EOF")
