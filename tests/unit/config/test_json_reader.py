"""JSON with positions: what is read, and what is said of text that is not JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.config.errors import ConfigErrors
from deploytool.config.json_reader import json_document

text = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | text, lambda inner: st.lists(inner) | st.dictionaries(text, inner)
)


@given(values, st.sampled_from([None, 0, 1, "\t"]), st.booleans())
def test_reads_what_json_writes(value: Any, indent: Any, ascii_only: bool) -> None:
    document = json_document(json.dumps(value, indent=indent, ensure_ascii=ascii_only), "a.json")
    assert document.data == value
    assert not document.issues


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("", "a.json", "is empty"),
        ("{}\n}", "a.json:2:1", "more after the end"),
        ("[1,\n2,\n]", "a.json:2:2", "no comma before ]"),
        ('{"a": 1,}', "a.json:1:8", "no comma before }"),
        ('{"a": 1 "b": 2}', "a.json:1:9", "comma is missing before the next key"),
        ("[1 2]", "a.json:1:4", "comma is missing before the next item"),
        ('{"a" 1}', "a.json:1:6", 'colon is missing after the key "a"'),
        ('{"a": 1', "a.json:1:8", "ends inside an object"),
        ("[", "a.json:1:2", "ends inside a list"),
        ('{"a": }', "a.json:1:7", "a value is missing here"),
        ("{a: 1}", "a.json:1:2", "key is not in double quotes"),
        ("{'a': 1}", "a.json:1:2", "key is not in double quotes"),
        ("{1: 1}", "a.json:1:2", "a key is missing here"),
        ("['a']", "a.json:1:2", "text is not in double quotes"),
        ('["a\n"]', "a.json:1:2", "text is not closed"),
        ('["\\x"]', "a.json:1:2", "escape that JSON does not know"),
        ('["\\ud800"]', "a.json:1:2", "half of a surrogate pair"),
        ("[1, // x\n2]", "a.json:1:5", "no comments"),
        ("[1 /* x */]", "a.json:1:4", "no comments"),
        ('{# x\n"a": 1}', "a.json:1:2", "no comments"),
        ("[${PORT}]", "a.json:1:2", "placeholder ${PORT} is not in quotes"),
        ("[<PORT>]", "a.json:1:2", "placeholder <PORT>"),
        ("{{ x }}", "a.json:1:1", "placeholder {{ x }}"),
        ("[#{x}]", "a.json:1:2", "placeholder #{"),
        ("[$PORT]", "a.json:1:2", "placeholder $PORT"),
        ("[NaN]", "a.json:1:2", "a value is missing here"),
        ("[True]", "a.json:1:2", "a value is missing here"),
        ("[01]", "a.json:1:2", "a value is missing here"),
        ("[1e999]", "a.json:1:2", "too large"),
        (f"[{'9' * 5000}]", "a.json:1:2", "too long"),
        ("[" * 100, "a.json:1:52", "nested too deeply"),
    ],
)
def test_says_what_is_not_json_and_where(text: str, place: str, problem: str) -> None:
    with pytest.raises(ConfigErrors) as refused:
        json_document(text, "a.json")
    assert refused.value.issues[-1].place == place
    assert problem in refused.value.issues[-1].problem


def test_both_lines_are_named_when_a_key_is_there_twice() -> None:
    document = json_document('{"a": 1,\n "b": {"a": 2},\n "a": {"c": 3}, "a": 4}', "a.json")
    assert document.data == {"a": 1, "b": {"a": 2}}
    assert [(issue.place, issue.problem) for issue in document.issues] == [
        ("a.json:3:2", 'duplicate key "a", first in line 1'),
        ("a.json:3:17", 'duplicate key "a", first in line 1'),
    ]


def test_positions_are_those_of_keys_and_values() -> None:
    document = json_document('{"a":\n  [1, {"b": 2}]}', "a.json")
    assert document.position_of_key(("a",)) == (1, 2)
    assert document.position_of_value(("a",)) == (2, 3)
    assert document.position_of_key(("a", 1, "b")) == (2, 8)
    assert document.position_of_value(("a", 0)) == (2, 4)
