"""Which files are written, and what becomes of those that are there."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from deploytool.scaffold.dockerfile import dockerfile
from deploytool.scaffold.files import (
    SHIPPED,
    FileAction,
    action_reference,
    compare_files,
    scaffold_files,
    scaffold_templates,
)
from deploytool.scaffold.model import NewFile
from deploytool.scaffold.new_infrastructure import Subjects, draft_infrastructure
from deploytool.scaffold.node import node_app
from deploytool.scaffold.workflows import WORKFLOWS as WORKFLOW_NAMES
from deploytool.scaffold.workflows import WorkflowContext
from tests.unit.scaffold.drafts import options
from tests.unit.scaffold.projects import NEXT, scan

ROOT = Path(__file__).parents[3]
WORKFLOWS = [f".github/workflows/{name}" for name in ("deploy.yml", "rollback.yml", "plan.yml")]
IMAGE = ["Dockerfile", ".dockerignore", "docker/entry.sh", "docker/urls.mjs"]


def made(
    *paths: str, texts: dict[str, str] | None = None, config: str = "deploytool.yml", **package: Any
) -> list[NewFile]:
    told = {**NEXT, **package} if package != {"is": "none"} else None
    place = scan(*paths, package=told, texts=texts or {})
    app = node_app(place, told)
    drafted = draft_infrastructure(place, told, app, options(), Subjects("acme/shop"))
    to = WorkflowContext(action_reference(), "main", ("production",), config)
    return list(scaffold_files(drafted, place, app, to, scaffold_templates()))


def names(found: list[NewFile]) -> list[str]:
    return [file.path for file in found]


def test_everything_is_written_for_a_new_project() -> None:
    found = made("app/page.tsx", "tsconfig.json")
    assert names(found) == ["deploytool.yml", *WORKFLOWS, *IMAGE, "app/api/health/route.ts"]
    assert [file.path for file in found if file.at_top] == WORKFLOWS


def test_a_health_route_that_exists_is_not_written_elsewhere() -> None:
    assert names(made("pages/api/health.js"))[-1] == "docker/urls.mjs"


@pytest.mark.parametrize(
    ("paths", "file", "text"),
    [
        (("app/page.js",), "app/api/health/route.js", "export function GET()"),
        (("pages/index.js",), "pages/api/health.js", "health(request, response)"),
        (("src/pages/index.tsx", "tsconfig.json"), "src/pages/api/health.ts", "NextApiRequest"),
    ],
)
def test_the_health_route_is_of_the_router_and_language_of_the_project(
    paths: tuple[str, ...], file: str, text: str
) -> None:
    found = made(*paths)[-1]
    assert found.path == file
    assert text in found.text
    assert "no-store" in found.text


def test_an_image_of_the_projects_own_can_use_the_entry_script_of_ours() -> None:
    assert names(made("app/api/health/route.js", texts={"Dockerfile": "FROM node\n"})) == [
        "deploytool.yml", *WORKFLOWS, *IMAGE,
    ]  # fmt: skip
    other = made("app/api/health/route.js", texts={"docker/prod.Dockerfile": "FROM node\n"})
    assert names(other) == ["deploytool.yml", *WORKFLOWS, "docker/entry.sh", "docker/urls.mjs"]


def test_a_project_that_is_not_of_nextjs_keeps_its_image() -> None:
    found = made(texts={"Dockerfile": "FROM ruby\n"}, **{"is": "none"})
    assert names(found) == ["deploytool.yml", *WORKFLOWS]


def test_the_second_time_the_files_are_the_same() -> None:
    place = scan(package=NEXT)
    app = node_app(place, NEXT)
    assert app is not None
    again = made("app/api/health/route.js", texts={"Dockerfile": dockerfile(app, place)})
    assert names(again) == ["deploytool.yml", *WORKFLOWS, *IMAGE]


def test_the_configuration_has_the_name_that_was_asked_for() -> None:
    assert made(config="apps/web/release.yml")[0].path == "release.yml"


@pytest.mark.parametrize(
    ("scripts", "ignored"), [({}, False), ({"worker": "node out/worker.js"}, True), ({"worker": "sh worker.sh"}, False)]
)
def test_what_the_workers_build_makes_is_not_taken_from_the_checkout(scripts: dict[str, str], ignored: bool) -> None:
    ignore = next(file.text for file in made(scripts=scripts) if file.path == ".dockerignore")
    assert ("\nout\n" in ignore) is ignored
    assert {".git", "**/node_modules", "**/.next", "**/.env", "**/.env*.local"} <= set(ignore.splitlines())


def test_a_file_that_exists_is_kept_and_the_difference_told() -> None:
    new, same, own = (NewFile(path, "one\ntwo\n") for path in ("new", "same", "own"))
    found = compare_files([new, same, own], {same: "one\ntwo\n", own: "one\nthree\nfour\n"})
    assert [each.action for each in found] == [FileAction.WRITTEN, FileAction.SAME, FileAction.KEPT]
    assert found[2].difference == (
        "--- own",
        "+++ own of deploytool init",
        "@@ -1,3 +1,2 @@",
        " one",
        "-three",
        "-four",
        "+two",
    )
    assert found[2].lines == (2, 1)
    assert found[0].difference == found[1].difference == ()


def test_a_file_without_a_line_end_is_another_one() -> None:
    file = NewFile("a", "one\n")
    assert compare_files([file], {file: "one"})[0].action is FileAction.KEPT


def test_the_wheel_takes_what_is_read_outside_the_package() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    taken: dict[str, str] = told["force-include"]
    assert [source for source in taken if not (ROOT / source).exists()] == []
    assert {name: f"deploytool/{SHIPPED.name}/{name}" for name in WORKFLOW_NAMES}.items() <= {
        source.removeprefix(".github/workflows/"): place for source, place in taken.items()
    }.items()
    assert taken["cloudformation"] == "deploytool/_cloudformation"


def test_a_new_file_is_a_difference_when_it_is_only_previewed() -> None:
    new, same, own = (NewFile(path, "one\ntwo\n") for path in ("new", "same", "own"))
    found = compare_files([new, same, own], {same: "one\ntwo\n", own: "one\n"}, preview=True)
    assert [each.action for each in found] == [FileAction.NEW, FileAction.SAME, FileAction.KEPT]
    assert found[0].difference == ("--- /dev/null", "+++ new of deploytool init", "@@ -0,0 +1,2 @@", "+one", "+two")


def test_a_workflow_is_written_beside_one_of_the_projects_own() -> None:
    place = scan(package=NEXT)
    drafted = draft_infrastructure(place, NEXT, node_app(place, NEXT), options(), Subjects("acme/shop"))
    to = WorkflowContext(action_reference(), "main", ("production",), "deploytool.yml")
    files = scaffold_files(drafted, place, None, to, scaffold_templates(), frozenset({"deploy.yml"}))
    assert [file.path for file in files[1:]] == [
        ".github/workflows/deploytool-deploy.yml",
        ".github/workflows/rollback.yml",
        ".github/workflows/plan.yml",
    ]


def test_a_static_export_has_a_server_and_no_route() -> None:
    found = made("app/page.js", texts={"next.config.js": "module.exports = { output: 'export' }"})
    assert names(found)[-2:] == ["docker/urls.mjs", "docker/static.mjs"]


def test_an_environment_file_of_the_repository_is_part_of_the_image() -> None:
    ignore = {file.path: file.text for file in made("app/page.js", ".env")}[".dockerignore"]
    assert "**/.env\n" not in ignore
    assert "**/.env*.local\n" in ignore
