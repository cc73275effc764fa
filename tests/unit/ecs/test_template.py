"""Task definition files of the repository: what is read, and everything that is refused at once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest

from deploytool.ecs.template import TemplateErrors, read_template, shown
from deploytool.errors import Exit
from tests.unit.ecs.template_cases import HIDDEN, REFUSED, TAKEN, Refused, Taken, container, of, one, written

MODEL: Any = (
    botocore.session.get_session().get_service_model("ecs").operation_model("RegisterTaskDefinition").input_shape
)


def refusal(content: bytes, file: str = "task.json", **variables: str) -> TemplateErrors:
    with pytest.raises(TemplateErrors) as refused:
        read_template(content, file, MODEL, variables)
    return refused.value


@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case.what)
def test_a_file_is_read_when_it_holds(case: Taken) -> None:
    template = read_template(case.content, case.file, MODEL, case.variables)
    assert template.definition == case.definition
    shown_warnings = "\n".join(template.warnings)
    assert all(part in shown_warnings for part in case.warnings), shown_warnings
    assert bool(template.warnings) == bool(case.warnings)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.what)
def test_a_file_is_refused_with_its_place_when_it_holds(case: Refused) -> None:
    error = refusal(case.content, case.file, **case.variables)
    text = f"{error.cause}\n{error.fix}"
    assert all(part in text for part in case.parts), text
    assert not any(value in text for value in HIDDEN)
    assert error.exit_code is Exit.USAGE
    assert all(issue.place.startswith(case.file) for issue in error.issues)


def test_every_fault_is_reported_when_a_file_has_several() -> None:
    content = of(container(command="a", memory="1"), {"image": "x"}, container(), cpu=1, oops=2)
    assert len(refusal(content).issues) == 6


def test_line_and_column_are_those_of_the_value_when_it_is_wrong() -> None:
    (issue,) = refusal(
        b'{"cpu": "1",\n "containerDefinitions": [\n  {"name": "a", "image": "b", "memory": "5"}]}'
    ).issues
    assert (issue.line, issue.column, issue.path) == (3, 41, "containerDefinitions[0].memory")


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        ("PLACEHOLDER", "is no image reference"),
        ("<IMAGE1_NAME>", "has the placeholder <IMAGE1_NAME>"),
        ("ghcr.io/acme/${NAME}:1", "has the placeholder ${NAME}"),
        ("acme/Shop", "is no image reference"),
        ("", "is missing"),
        (None, "is missing"),
        ("${UPPER}", "is no image reference"),
    ],
)
def test_an_image_is_left_open_when_the_file_does_not_say_one(image: str | None, problem: str) -> None:
    template = read_template(one(image=image), "task.json", MODEL, {"UPPER": "Shop"})
    assert problem in template.images["book"].problem
    assert template.images["book"].line


@pytest.mark.parametrize(
    "image",
    ["nginx", "nginx:1.27", "ghcr.io/acme/shop:v1", "localhost:5000/a/b_c:1", "public.ecr.aws/x/y@sha256:" + "a" * 64],
)
def test_an_image_is_not_open_when_docker_takes_it(image: str) -> None:
    assert read_template(one(image=image), "task.json", MODEL, {}).images == {}


def test_what_botocore_does_not_describe_passes_when_a_field_has_a_kind_of_its_own() -> None:
    model = SimpleNamespace(
        type_name="structure",
        members={
            "containerDefinitions": MODEL.members["containerDefinitions"],
            "x": SimpleNamespace(type_name="double"),
        },
        required_members=[],
    )
    assert read_template(of() and written({"x": 0.5}), "task.json", model, {}).definition == {"x": 0.5}


def test_a_name_is_shown_in_one_line_when_it_is_long_or_has_control_characters() -> None:
    assert shown("a\x1b[31m\n") == "a?[31m?"
    assert len(shown("x" * 100)) == 60
