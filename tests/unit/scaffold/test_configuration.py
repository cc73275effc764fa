"""The text of deploytool.yml: what a person sees, and that YAML reads it as it was meant."""

from __future__ import annotations

import pytest

from deploytool.config.loader import parse
from deploytool.config.yaml import document_of
from deploytool.scaffold.model import Check, Draft, Environment, Image, Migrate, Service
from deploytool.scaffold.new_infrastructure import configuration
from tests.unit.scaffold.drafts import read, settings

PLAIN = Draft(
    "shop", (Image("app"),), (Service("app", "app"),), (Environment("production", "us-east-1", "shop", "shop"),)
)


def test_a_small_file_is_small() -> None:
    assert configuration(PLAIN) == (
        "# What is released, and where. Written by `deploytool init`; check it with `deploytool config check`.\n"
        "app: shop\n\n"
        "# Built once per commit, and run by digest.\n"
        "images:\n"
        "  app: {dockerfile: Dockerfile}\n\n"
        "# Released together: if one fails, all are rolled back.\n"
        "services:\n"
        "  app: {image: app}\n\n"
        "environments:\n"
        "  production:\n"
        "    region: us-east-1\n"
        "    cluster: shop\n"
        "    repository: shop\n"
        "    rollback_checkbox: true # in the pull request's comment; handled by rollback.yml\n"
    )


@pytest.mark.parametrize("text", ["on", "No", "null", "1.0", "a: b", "a #b", "{x}", "it's", '"', "é", "- a", "*x", "~"])
def test_any_text_is_read_as_it_was_meant(text: str) -> None:
    made = Draft(
        "shop",
        (Image("app", target=text),),
        (Service("app", "app"),),
        (Environment("production", "us-east-1", text, "shop", parameters={"A": text, "B": (text, "x")}),),
        Migrate("task", "app", "app", files=text),
    )
    found = settings(made)
    assert (found.images["app"].target, found.cluster) == (text, text)
    assert found.infra.parameters == {"A": text, "B": f"{text},x"}
    assert found.migrate is not None
    assert found.migrate.files == text


def test_the_box_is_left_out_where_nothing_acts_on_it() -> None:
    assert "rollback_checkbox" not in configuration(Draft(**{**vars(PLAIN), "checkbox": False}))


def test_the_size_and_what_may_be_added_are_shown_where_the_stacks_are_ours() -> None:
    environment = Environment("production", "us-east-1", "shop", "shop", parameters={})
    made = Draft(**{**vars(PLAIN), "environments": (environment,)})
    text = configuration(made)
    assert settings(made).infra.size == "minimal"
    assert "size: minimal # or: scaled" in text
    assert "# AlertEmail:" in text
    assert "# HostedZoneId:" in text
    # What is written in place of the comments is read.
    changed = text.replace("      # parameters:", "      parameters:").replace(
        "# AlertEmail: you@example.com ", "AlertEmail: a #"
    )
    found = parse(document_of(changed.encode(), "deploytool.yml"))
    assert found.environments["production"].infra.parameters == {"AlertEmail": "a"}


def test_a_check_in_another_place_is_an_override() -> None:
    made = Draft(
        "shop",
        (Image("app"),),
        (
            Service("worker", "app"),
            Service("web", "app", check=Check("https://a.example.com/up", False)),
        ),
        (
            Environment("production", "us-east-1", "shop", "shop"),
            Environment("test", "us-east-1", "test", "shop", check_url="https://b.example.com/up"),
        ),
    )
    urls = [read(made).environments[name].services["web"].verify for name in ("production", "test")]
    assert [each and each.url for each in urls] == ["https://a.example.com/up", "https://b.example.com/up"]


def test_a_rollback_workflow_of_another_name_is_named() -> None:
    text = configuration(Draft(**{**vars(PLAIN), "rollback_workflow": "deploytool-rollback.yml"}))
    assert "handled by deploytool-rollback.yml\n    rollback_workflow: deploytool-rollback.yml\n" in text


def test_what_looks_like_a_variable_in_a_name_of_the_project_is_none() -> None:
    draft = Draft(**{**vars(PLAIN), "images": (Image("app", target="${x", dockerfile="a${b}"),)})
    assert 'app: {dockerfile: "a$${b}", target: "$${x"}' in configuration(draft)
