from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.config.errors import ConfigErrors, Position
from deploytool.config.loader import parse
from deploytool.config.yaml import document_of, read_config
from tests.unit.config.mistakes import GOOD
from tests.unit.config.reading import config_of, messages_for

SAVE_AS_UTF_8 = "save it as UTF-8; in PowerShell, pipe it to Set-Content -Encoding utf8 instead of `>`"
UNREADABLE = {
    "empty": (b"", "deploytool.yml: is empty; see `deploytool config schema`"),
    "only_a_comment": (
        b"# nothing\n",
        "deploytool.yml: is empty; see `deploytool config schema`",
    ),
    "indented_by_tab": (b"app: shop\nimages:\n\tapp: {}\n", "deploytool.yml:3:1: a tab cannot indent YAML; use spaces"),
    "bracket_left_open": (
        b"app: {a: b\n",
        "deploytool.yml:2:1: is not YAML: expected ',' or '}', but got '<stream end>', while parsing a flow mapping",
    ),
    "colon_missing": (
        b"app: shop\nimages\n",
        "deploytool.yml:3:1: is not YAML: could not find expected ':', while scanning a simple key",
    ),
    "alias_of_nothing": (b"app: *name\n", "deploytool.yml:1:6: is not YAML: found undefined alias 'name'"),
    "latin_1": (
        b"app: shop\n# caf\xe9\n",
        "deploytool.yml:2:6: is not UTF-8 from here on; save it as UTF-8",
    ),
    "utf_16": (
        "app: shop".encode("utf-16"),
        f"deploytool.yml:1:1: is UTF-16, not UTF-8; {SAVE_AS_UTF_8}",
    ),
    "byte_order_mark": (b"\xef\xbb\xbfapp: \xff", "deploytool.yml:1:6: is not UTF-8 from here on; save it as UTF-8"),
    "control_character": (b"app: shop\nb: \x07\n", "deploytool.yml:2:4: character U+0007 is not allowed; remove it"),
    "two_documents": (
        b"app: shop\n---\napp: other\n",
        "deploytool.yml:2:1: has more than one YAML document; remove what follows the line `---`",
    ),
    "contains_itself": (
        b"app: &a\n  b: *a\n",
        "deploytool.yml:1:6: app.b contains itself; remove the alias",
    ),
    "merges_itself": (b"app: &a\n  <<: *a\n", "deploytool.yml:1:6: app contains itself; remove the alias"),
    "nested_a_little_too_deeply": (
        b"x: " + b"[" * 60 + b"]" * 60,
        "deploytool.yml:1:54: is nested too deeply; flatten it",
    ),
    "nested_far_too_deeply": (b"[" * 800, "deploytool.yml: is nested too deeply; flatten it"),
    "a_list": (b"- app\n", "deploytool.yml:1:1: the file must be a mapping, not a list"),
    "a_word": (b"hello\n", "deploytool.yml:1:1: the file must be a mapping, not text"),
}


@pytest.mark.parametrize("situation", UNREADABLE)
def test_the_place_is_told_when_the_file_is(situation: str) -> None:
    content, message = UNREADABLE[situation]
    assert messages_for(content) == [message]


def test_half_of_a_surrogate_pair_is_refused_when_it_is_a_key_or_a_value() -> None:
    messages = messages_for(GOOD.replace("app: shop", 'app: "\\ud800"\n"\\udfff": 1', 1))
    half = "text has half of a surrogate pair (\\ud800 to \\udfff); write the character itself"
    assert [message.partition(": ")[2] for message in messages if "surrogate" in message] == [half, half]


def test_it_is_refused_quickly_when_aliases_multiply_without_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert messages_for("\n".join(lines))[0].endswith("has more than 20000 values; use fewer aliases")


def test_the_name_is_told_when_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match=r"none\.yml: file not found$") as told:
        read_config(tmp_path / "none.yml")
    assert told.value.fix == "run this in its directory, or use --config PATH"


def test_the_file_inside_is_suggested_when_a_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match=r"is a directory$") as told:
        read_config(tmp_path)
    assert told.value.fix == f"name the file: --config {tmp_path}/deploytool.yml"


def test_it_is_refused_when_the_file_is_huge(tmp_path: Path) -> None:
    huge = tmp_path / "deploytool.yml"
    huge.write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigErrors, match="is larger than 1000000 bytes"):
        read_config(huge)


def test_the_reason_is_told_when_the_system_refuses_to_read(tmp_path: Path) -> None:
    circle = tmp_path / "deploytool.yml"
    circle.symlink_to(circle)
    with pytest.raises(ConfigErrors, match="cannot be read: Too many levels of symbolic links"):
        read_config(circle)


def test_it_is_refused_when_the_name_is_none_a_file_can_have() -> None:
    with pytest.raises(ConfigErrors, match="null byte"):
        read_config("a\0b")


def test_a_file_is_read_when_it_begins_with_a_byte_order_mark() -> None:
    assert parse(document_of(b"\xef\xbb\xbf" + GOOD.encode(), "f")).app == "shop"


def test_merged_keys_stay_when_the_mapping_does_not_say_otherwise() -> None:
    text = GOOD.replace("app: shop\n", "app: shop\nx-image: &image {cache: registry, target: base}\n")
    config = config_of(text.replace("{target: app}", "{<<: *image, target: app}"))
    assert (config.images["app"].cache, config.images["app"].target) == ("registry", "app")


def test_the_first_wins_when_several_are_merged() -> None:
    text = GOOD.replace("app: shop\n", "app: shop\nx-a: &a {cache: registry}\nx-b: &b {cache: github, target: b}\n")
    config = config_of(text.replace("{target: app}", "{<<: [*a, *b]}"))
    assert (config.images["app"].cache, config.images["app"].target) == ("registry", "b")


def test_a_mapping_merges_what_the_merged_one_merges_itself() -> None:
    text = GOOD.replace("app: shop\n", "app: shop\nx-a: &a {target: a}\nx-b: &b {<<: *a, cache: github}\n")
    config = config_of(text.replace("{target: app}", "{<<: *b}"))
    assert (config.images["app"].cache, config.images["app"].target) == ("github", "a")


def test_a_mistake_is_told_where_it_was_written_when_it_came_by_an_anchor() -> None:
    text = GOOD.replace("app: shop\n", "app: shop\nx-image: &image {cache: gitub}\n")
    messages = messages_for(text.replace("{target: app}", "{<<: *image, target: app}"))
    assert messages == ['deploytool.yml:2:25: "cache" cannot be "gitub"; did you mean "github"?']


def test_a_date_is_text_when_a_version_looks_like_one() -> None:
    config = config_of(GOOD.replace('health"}', 'health", expect: {version: 2026-01-31}}'))
    verify = config.services["web"].verify
    assert verify is not None
    assert verify.expect.version == "2026-01-31"


def test_a_fraction_is_no_number_of_seconds() -> None:
    messages = messages_for(GOOD.replace("like: web}", "like: web, timeout: 1.5}"))
    assert messages == ['deploytool.yml:5:63: "timeout" must be a duration, not a number']


@given(st.dictionaries(st.from_regex(r"[a-m]{1,8}", fullmatch=True), st.integers(0, 9), min_size=1))
def test_a_key_and_its_value_stand_where_the_document_says(data: dict[str, int]) -> None:
    text = "# heading\ntop:\n" + "".join(f"  {key}: {value}\n" for key, value in data.items())
    document = document_of(text.encode(), "f")
    lines = text.splitlines()
    assert document.data == {"top": data}
    for key, value in data.items():
        at, of = document.keys["top", key], document.values["top", key]
        assert lines[at.line - 1][at.column - 1 :].startswith(f"{key}:")
        assert lines[of.line - 1][of.column - 1 :] == str(value)
    assert document.keys["top",] == Position(2, 1)


@given(
    st.text(alphabet=st.sampled_from("ab:{}[],&*!|>'\"%@`#-? \n\t<0.~\\\x00é"), max_size=60) | st.text() | st.binary()
)
def test_there_are_faults_and_no_traceback_when_the_file_is_anything_at_all(content: str | bytes) -> None:
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    with pytest.raises(ConfigErrors):
        parse(document_of(raw, "f"))


@given(
    tag=st.sampled_from(["int", "float", "bool", "null", "timestamp", "binary", "set", "omap", "pairs", "merge", "x"]),
    value=st.sampled_from(["", "''", "x", "0x", "0b2", "-", "1:99", "9" * 5000, "2026-99-99", "[a]", "{a: b}", ".inf"]),
)
def test_there_are_faults_and_no_traceback_when_a_tag_does_not_fit_its_value(tag: str, value: str) -> None:
    with pytest.raises(ConfigErrors):
        parse(document_of(f"app: !!{tag} {value}\n".encode(), "f"))
