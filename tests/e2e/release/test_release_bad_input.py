"""What is wrong before anything is asked of AWS: exit 2, and where the mistake is."""

from __future__ import annotations

import pytest

from tests.support.project import Ran, Shop


def refused_at_once(shop: Shop, ran: Ran, *said: str) -> None:
    assert ran.code == 2, ran.told
    for words in said:
        assert words in ran.err, ran.told
    assert "fix:" in ran.err
    assert [call for call in shop.front.calls() if call.service in {"ecs", "ecr", "registry"}] == []


def test_an_unknown_key_and_a_wrong_type_are_told_together_with_their_lines(shop: Shop) -> None:
    path = shop.root / "deploytool.yml"
    text = path.read_text()
    path.write_text(text.replace("timeout: 2m", "timeout: soon").replace("worker: {image: app", "worker: {imag: app"))
    ran = shop.run("release")
    lines = path.read_text().splitlines()
    for words in ("timeout: soon", "imag: app"):
        number = next(index for index, line in enumerate(lines, 1) if words in line)
        assert f":{number}:" in ran.told
    assert ran.code == 2
    assert "imag" in ran.err
    assert shop.front.calls() == []


def test_a_missing_configuration_file_is_named(shop: Shop) -> None:
    refused_at_once(shop, shop.run("release", "--config", "elsewhere.yml"), "elsewhere.yml")


def test_an_unknown_environment_is_told_with_those_that_there_are(shop: Shop) -> None:
    refused_at_once(shop, shop.run("release", "--environment", "produktion"), "produktion", "production")


def test_an_unknown_commit_is_named(shop: Shop) -> None:
    refused_at_once(shop, shop.run("release", "--commit", "0123abc"), "0123abc")


@pytest.mark.parametrize("verb", ["logs"])
def test_an_unknown_service_is_told_with_the_one_that_was_meant(shop: Shop, verb: str) -> None:
    refused_at_once(shop, shop.run(verb, "workr"), "workr", "worker")


def test_a_template_that_is_missing_or_no_json_is_named(shop: Shop) -> None:
    shop.only("worker")
    with shop.config() as config:
        config["services"]["worker"]["template"] = "nowhere.json"
    refused_at_once(shop, shop.run("release"), "nowhere.json")
    (shop.root / "nowhere.json").write_text("{")
    refused_at_once(shop, shop.run("release"), "nowhere.json", "JSON")


def test_no_credentials_is_told_before_anything_is_done(shop: Shop) -> None:
    ran = shop.run("release", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert ran.code == 3
    assert "no AWS credentials" in ran.err
    assert "fix:" in ran.err
    assert shop.front.calls() == []
