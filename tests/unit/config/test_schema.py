from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

import deploytool
from deploytool.config.errors import ConfigErrors, Document
from deploytool.config.loader import parse
from deploytool.config.schema import json_schema
from tests.unit.config.mistakes import GOOD
from tests.unit.config.test_resolve import ARCHITECTUREDECK

VALIDATOR = jsonschema.Draft202012Validator(json_schema())

OVERRIDDEN = """\
app: shop
x-anything: [1, null]
images: {old: {}, app: {platforms: [linux/amd64], scan: {fail_on: low}, secrets: {a: {env: A}}}}
services: {web: {containers: {main: app}, verify: {bake: 0, alarms: [a]}, timeout: 90}}
environments:
  production:
    region: us-gov-west-1
    cluster: shop
    production: false
    overrides:
      images: {old: null, app: {scan: null, secrets: {a: {env: null, file: f}}}}
      services: {web: {timeout: null}}
"""

# Values that are right in one place or another, and some that are right nowhere.
ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 90_000),
    st.sampled_from(["", "app", "web", "15m", "1d", "us-east-1", "https://x", "${commit}", "registry", "linux/amd64"]),
    st.just([]),
    st.just({}),
    st.lists(st.sampled_from(["app", "web", 1]), max_size=2),
    st.dictionaries(
        st.sampled_from(["app", "web", "env", "image", "a b"]), st.sampled_from(["app", {}, 1]), max_size=2
    ),
)


def refused(data: object) -> bool:
    try:
        parse(Document("f", data))
    except ConfigErrors:
        return True
    return False


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in the data."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


def replaced(data: Any, path: tuple[Any, ...], value: object) -> Any:
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = replaced(copy[path[0]], path[1:], value)
    return copy


def described(schema: dict[str, Any]) -> list[tuple[str, bool]]:
    """Each key that the schema knows, with whether it is described."""
    found = [(name, bool(part.get("description"))) for name, part in schema.get("properties", {}).items()]
    below = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    below += [part for part in (schema.get("additionalProperties"), schema.get("items")) if isinstance(part, dict)]
    return found + [key for part in below for key in described(part)]


def test_the_schema_is_one_of_draft_2020_12() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert json.loads(json.dumps(json_schema())) == json_schema()


def test_the_published_file_is_what_the_command_prints() -> None:
    published = Path(deploytool.__file__).with_name("deploytool.schema.json")
    assert json.loads(published.read_text()) == json_schema(), "run: deploytool config schema > the file"


def test_every_key_is_described() -> None:
    keys = described(json_schema())
    assert len(keys) > 90
    assert [name for name, is_described in keys if not is_described] == []


@pytest.mark.parametrize("text", [GOOD, ARCHITECTUREDECK, OVERRIDDEN], ids=["good", "architecturedeck", "overridden"])
def test_schema_and_parser_accept_when_a_file_is_right(text: str) -> None:
    data = yaml.safe_load(text)
    assert VALIDATOR.is_valid(data)
    assert not refused(data)


@given(st.sampled_from([yaml.safe_load(text) for text in (GOOD, ARCHITECTUREDECK, OVERRIDDEN)]), st.data())
def test_the_parser_refuses_whatever_the_schema_refuses_when_a_value_is_replaced(
    good: Any, data: st.DataObject
) -> None:
    changed = replaced(good, data.draw(st.sampled_from(places(good))), data.draw(ANYTHING))
    if not VALIDATOR.is_valid(changed):
        assert refused(changed)


@given(st.sampled_from([yaml.safe_load(text) for text in (GOOD, ARCHITECTUREDECK, OVERRIDDEN)]), st.data())
def test_the_parser_refuses_a_key_the_schema_refuses_when_one_is_added(good: Any, data: st.DataObject) -> None:
    mappings = [place for place in places(good) if isinstance(_at(good, place), dict)]
    place = data.draw(st.sampled_from(mappings))
    key = data.draw(
        st.sampled_from(["app", "x-y", "image", "file", "url", "expect", "timeout", "after", "no such", "tag"])
    )
    changed = replaced(good, place, {**_at(good, place), key: data.draw(ANYTHING)})
    if not VALIDATOR.is_valid(changed):
        assert refused(changed)


def _at(data: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
KEYS = (
    st.text(max_size=4) | st.integers() | st.none() | st.sampled_from(["app", "images", "migrate", "services", "after"])
)
DATA = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
TOP = st.sampled_from(["app", "images", "migrate", "services", "environments", "x-a"])
ENVIRONMENT = st.dictionaries(st.sampled_from(["region", "account", "overrides", 1]), DATA, max_size=3)


@given(DATA | st.dictionaries(TOP, DATA | st.dictionaries(KEYS, ENVIRONMENT, max_size=2), max_size=6))
@example({"environments": {None: {"overrides": {5: None, "services": {None: {"after": [None, {}]}}}}}})
@example({"app": {}, "images": {}, "migrate": {}, "services": {0: {"after": [""]}}})
def test_there_are_faults_and_no_traceback_when_the_data_is_anything_at_all(data: object) -> None:
    with pytest.raises(ConfigErrors) as raised:
        parse(Document("f", data))
    assert all(str(fault).startswith("f: ") for fault in raised.value.issues)
