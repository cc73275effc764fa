from __future__ import annotations

from typing import Any

import pytest

from deploytool.config.model import InfraConfig
from deploytool.infra.parameters import (
    ParameterChange,
    ParametersUnknown,
    ParameterValues,
    check_known,
    kept,
    missing,
    not_allowed,
    of_configuration,
    parameter_changes,
    parameter_values,
    services_of,
    values_of,
)
from tests.unit.infra.stacks_cases import service, settings, template

TEMPLATE = template(
    {
        "Parameters": {
            "App": {},
            "Size": {"Default": "minimal"},
            "Email": {},
            "Token": {"NoEcho": True, "Default": ""},
            "MigrateImage": {"Default": ""},
        },
        "Resources": {},
    }
)


def test_the_configuration_gives_names_and_what_is_written_under_infra_has_the_last_word() -> None:
    infra = InfraConfig("scaled", None, {"AppService": "web", "LogDays": "7"})
    assert of_configuration(settings(infra=infra)) == {
        "App": "shop",
        "Environment": "production",
        "Size": "scaled",
        "Cluster": "shop",
        "Repository": "images",
        "LedgerTable": "deploytool",
        "AppService": "web",
        "WorkerService": "worker",
        "LogDays": "7",
    }


def test_what_the_configuration_does_not_have_is_not_given() -> None:
    found = of_configuration(settings({"web": service("web", called="shop-web")}, ledger=None))
    assert found["AppService"] == "shop-web"
    assert not {"LedgerTable", "WorkerService"} & found.keys()


@pytest.mark.parametrize(
    ("names", "parameters", "command"),
    [
        (["app"], {}, ""),
        (["app"], {"WorkerCommand": "node,jobs.js"}, "node,jobs.js"),
        (["app", "worker"], {}, None),
    ],
)
def test_the_stacks_have_no_worker_when_the_configuration_has_none(
    names: list[str], parameters: dict[str, str], command: str | None
) -> None:
    services = {name: service(name) for name in names}
    found = of_configuration(settings(services, infra=InfraConfig("minimal", None, parameters)))
    assert found.get("WorkerCommand") == command


@pytest.mark.parametrize(
    ("names", "app", "worker"),
    [
        (["app", "worker"], "app", "worker"),
        (["worker", "app"], "app", "worker"),
        (["web", "jobs"], "web", "jobs"),
        (["jobs", "app"], "app", "jobs"),
        (["worker", "web"], "web", "worker"),
        (["web"], "web", None),
        ([], None, None),
    ],
)
def test_the_web_service_and_the_worker_are_found_by_name_else_in_order(
    names: list[str], app: str | None, worker: str | None
) -> None:
    found = services_of(settings({name: service(name) for name in names}))
    assert tuple(each.name if each else None for each in found) == (app, worker)


def test_a_parameter_takes_its_default_when_nobody_gives_it_and_there_is_no_stack() -> None:
    passed = parameter_values(TEMPLATE, {"App": "shop", "Cluster": "other"}, None)
    assert passed == ParameterValues({"App": "shop"}, frozenset(), frozenset())
    assert missing(TEMPLATE, passed) == ("Email",)
    assert values_of(TEMPLATE, passed, None, {"AWS::Region": "eu-west-1"}) == {
        "AWS::Region": "eu-west-1",
        "App": "shop",
        "Size": "minimal",
        "Token": "",
        "MigrateImage": "",
    }


def test_what_has_no_default_is_secret_or_an_image_keeps_its_value_when_the_stack_is_there() -> None:
    before = {"App": "shop", "Size": "scaled", "Email": "a@b", "Token": "****", "MigrateImage": "m@sha256:1"}
    passed = parameter_values(TEMPLATE, {"App": "shop"}, before)
    assert passed.previous == {"Email", "Token", "MigrateImage"}
    assert missing(TEMPLATE, passed) == ()
    values = values_of(TEMPLATE, passed, before, {})
    assert (values["Email"], values["Token"], values["MigrateImage"]) == ("a@b", "", "m@sha256:1")
    assert values["Size"] == "minimal"


def test_a_change_of_a_parameter_is_told_unless_it_is_secret() -> None:
    passed = parameter_values(TEMPLATE, {"App": "shop", "Size": "scaled", "Token": "hidden"}, None)
    assert passed.secret == {"Token"}
    assert "hidden" not in str(parameter_changes(passed, {"App": "shop", "Token": "****"}))
    assert parameter_changes(passed, {"App": "shop"}) == (ParameterChange("Size", "", "scaled"),)
    assert parameter_changes(passed, None) == ()


def test_some_parameters_can_be_left_as_they_are() -> None:
    passed = ParameterValues({"App": "shop", "AppImage": "a@sha256:1"}, frozenset({"Email"}))
    assert kept(passed, frozenset({"AppImage"})) == ParameterValues({"App": "shop"}, frozenset({"Email", "AppImage"}))


@pytest.mark.parametrize(
    ("declared", "value", "asked"),
    [
        ({"AllowedValues": ["minimal", "scaled"]}, "scaled", ""),
        ({"AllowedValues": ["minimal", "scaled"]}, "huge", "one of minimal, scaled"),
        ({"AllowedValues": [7, 14]}, "7", ""),
        ({"AllowedPattern": "^[a-z]+$"}, "abc", ""),
        ({"AllowedPattern": "[a-z]+"}, "abc1", "a value that matches [a-z]+"),
        ({"AllowedPattern": "[a-z]+", "Type": "CommaDelimitedList"}, "abc,d", ""),
        ({"AllowedPattern": "[a-z]+", "Type": "List<String>"}, "abc,1", "a value that matches [a-z]+"),
        ({"AllowedValues": ["a", "b"], "Type": "CommaDelimitedList"}, "b,a", ""),
        ({"AllowedPattern": "(?<a>x)++["}, "abc", ""),
        ({}, "any\nthing", ""),
    ],
)
def test_a_value_that_the_template_does_not_allow_is_found_beforehand(
    declared: dict[str, Any], value: str, asked: str
) -> None:
    found = not_allowed(template({"Parameters": {"Name": declared}, "Resources": {}}), ParameterValues({"Name": value}))
    assert found.get("Name", "") == asked


@pytest.mark.parametrize(("named", "told"), [(["Siz"], 'did you mean "Size"'), (["Qqq", "Xxx"], "parameters Qqq, Xxx")])
def test_a_parameter_that_no_template_declares_is_refused(named: list[str], told: Any) -> None:
    with pytest.raises(ParametersUnknown) as raised:
        check_known([TEMPLATE], named)
    assert told in f"{raised.value.cause} {raised.value.fix}"


def test_a_parameter_that_a_template_declares_is_taken() -> None:
    check_known([TEMPLATE], ["Size", "Email"])


@pytest.mark.parametrize("name", ["RestoreFromSnapshot", "RestoreRedisFromSnapshot", "VpcPrefix", "Zones"])
def test_what_made_the_resources_stays_when_it_is_left_out(name: str) -> None:
    declared = template({"Parameters": {name: {"Default": ""}}, "Resources": {}})
    assert parameter_values(declared, {}, {name: "old"}).previous == {name}
    assert parameter_values(declared, {name: ""}, {name: "old"}).values == {name: ""}
    assert parameter_values(declared, {}, None).previous == frozenset()
