from __future__ import annotations

import jsonschema
import pytest
import yaml

from deploytool.config.schema import json_schema
from tests.unit.config.mistakes import GOOD, Mistake
from tests.unit.config.mistakes_beyond_structure import BEYOND_STRUCTURE
from tests.unit.config.mistakes_in_images import IN_IMAGES
from tests.unit.config.mistakes_in_services import IN_SERVICES
from tests.unit.config.reading import config_of, messages_for

STRUCTURAL = [*IN_IMAGES, *IN_SERVICES]
MISTAKES = [*STRUCTURAL, *BEYOND_STRUCTURE]
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def test_nothing_is_told_when_the_file_is_right() -> None:
    assert config_of(GOOD).app == "shop"
    VALIDATOR.validate(yaml.safe_load(GOOD))


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake.name for mistake in MISTAKES])
def test_place_cause_and_fix_are_told_when_there_is_a_mistake(mistake: Mistake) -> None:
    assert mistake.before in GOOD
    messages = messages_for(GOOD.replace(mistake.before, mistake.after, 1))
    assert f"deploytool.yml:{mistake.message}" in messages


@pytest.mark.parametrize("mistake", STRUCTURAL, ids=[mistake.name for mistake in STRUCTURAL])
def test_an_editor_shows_the_mistake_when_it_is_one_of_structure(mistake: Mistake) -> None:
    assert not VALIDATOR.is_valid(yaml.safe_load(GOOD.replace(mistake.before, mistake.after, 1)))


def test_every_fault_is_told_in_the_order_of_the_file_when_there_are_several() -> None:
    text = GOOD.replace("target: app", "targt: app").replace("like: web", "like: wep").replace("us-east-1", "nowhere")
    assert [line.split(": ")[0] for line in messages_for(text)] == [
        "deploytool.yml:3:9",
        "deploytool.yml:5:49",
        "deploytool.yml:10:24",
        "deploytool.yml:11:21",
    ]


def test_a_mistake_is_told_once_when_environments_repeat_it() -> None:
    messages = messages_for(GOOD.replace("image: job", "image: jobs"))
    assert messages == ['deploytool.yml:8:19: there is no image "jobs"; did you mean "job"?']


def test_a_mistake_is_told_once_when_an_alias_repeats_it() -> None:
    text = GOOD.replace("app: {target: app}", "app: &app {targt: app}").replace("job: {target: job}", "job: *app")
    assert messages_for(text) == ['deploytool.yml:3:14: unknown key "targt"; did you mean "target"?']


def test_a_secret_is_not_repeated_when_it_stands_in_the_wrong_place() -> None:
    messages = messages_for(GOOD.replace("{target: app}", "{secrets: {npm: hunter2}}"))
    assert not any("hunter2" in line for line in messages)


def test_only_the_missing_part_is_told_when_names_of_it_are_used() -> None:
    messages = messages_for(GOOD.replace("images:\n  app: {target: app}\n  job: {target: job}\n", ""))
    assert messages == ['deploytool.yml:1:1: the file lacks "images"; add it: Images to build, by name.']


def test_what_is_left_is_told_when_nothing_is_like_the_name_taken_away() -> None:
    messages = messages_for(
        GOOD.replace("cluster: shop}", "cluster: shop, overrides: {images: {zzz: {secrets: {a: null}}}}}")
    )
    assert messages[0].endswith("there is no images.zzz.secrets.a to remove; none is defined")
