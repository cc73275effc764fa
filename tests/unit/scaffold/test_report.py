"""What a person reads after `deploytool init`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deploytool.scaffold.existing import draft_existing
from deploytool.scaffold.files import compare_files
from deploytool.scaffold.model import Draft, NewFile, ProjectScan
from deploytool.scaffold.new_infrastructure import Subjects, draft_infrastructure
from deploytool.scaffold.node import node_app
from deploytool.scaffold.output import (
    InitReport,
    existing_notes,
    facts,
    init_document,
    init_text,
    new_infrastructure_notes,
    next_commands,
    notes,
)
from deploytool.scaffold.workflows import Action, WorkflowContext
from tests.unit.scaffold.clusters import MIGRATE, WEB, WORKER, cluster, container, family
from tests.unit.scaffold.drafts import options
from tests.unit.scaffold.projects import NEXT, scan

STANDALONE = {"next.config.mjs": 'export default { output: "standalone" }'}
WHOLE: dict[str, Any] = {**NEXT, "scripts": {"worker": "node dist/worker/index.js", "migrate": "node migrate.mjs"}}
PINNED = Action("archdeck/archdeck-deploy@" + "a" * 40, "v1.0.0")
TOLD = WorkflowContext(PINNED, "main", ("production",), "deploytool.yml", role="arn:aws:iam::123456789012:role/r")
KNOWN = Subjects("acme/shop", 1, 2)


def project(*paths: str, package: Any = None, texts: dict[str, str] | None = None, **more: Any) -> ProjectScan:
    return scan("package-lock.json", *paths, package=package or WHOLE, texts={**STANDALONE, **(texts or {})}, **more)


def drafted(place: ProjectScan, *environments: str, package: Any = None, **more: Any) -> Draft:
    told = package or WHOLE
    return draft_infrastructure(place, told, node_app(place, told), options(*environments, **more), KNOWN)


def noted(place: ProjectScan, package: Any = None, to: WorkflowContext = TOLD, **more: Any) -> list[str]:
    told = package or WHOLE
    return list(notes(place, node_app(place, told), drafted(place, package=told, **more), to))


def test_there_is_nothing_to_note_when_all_is_well() -> None:
    place = project()
    assert noted(place) == []
    assert list(new_infrastructure_notes(drafted(place), TOLD, KNOWN)) == []
    assert list(existing_notes(cluster(WEB, families=(MIGRATE,)), (WEB,), TOLD)) == []


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (project(is_checkout=False), "not a git checkout"),
        (scan(package=WHOLE, texts=STANDALONE), "no lock file"),
        (project(texts={"next.config.mjs": ""}), '`output: "standalone"`'),
        (project(texts={"app/api/health/route.js": ""}), "app/api/health/route.js does not return the version"),
        (project(texts={"Dockerfile": "FROM a AS migrate"}), "no `ARG COMMIT`"),
    ],
)
def test_what_a_person_should_know_is_noted(place: ProjectScan, said: str) -> None:
    found = noted(place)
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (Action("archdeck/archdeck-deploy@v1"), "archdeck/archdeck-deploy@v1, which can be moved"),
        (Action(PINNED.uses, "v0.1.0-dev"), "an unreleased commit of deploytool"),
    ],
)
def test_an_action_that_is_no_release_is_noted(action: Action, said: str) -> None:
    assert [said in note for note in noted(project(), to=replace(TOLD, action=action))] == [True]


def test_a_web_service_that_nobody_asks_is_noted() -> None:
    place = scan(texts={"Dockerfile": "FROM ruby AS migrate\nFROM ruby\nEXPOSE 80\nARG COMMIT\n"})
    made = draft_infrastructure(place, None, None, options(), KNOWN)
    assert ["no health route is known" in decision for decision in made.decisions] == [True]


def test_a_lacking_dockerfile_is_noted_where_none_can_be_written() -> None:
    live = draft_existing(cluster(WEB), (WEB,), "production")
    assert ["no Dockerfile: a release" in note for note in notes(scan(), None, live, TOLD)] == [True]


@pytest.mark.parametrize(
    ("package", "environments", "to", "subjects", "said"),
    [
        (WHOLE, (), TOLD, Subjects(""), "the checkout has no remote `origin`"),
        (WHOLE, (), TOLD, Subjects("acme/shop"), "ids in their OIDC subject"),
        (WHOLE, ("production", "staging", "test"), TOLD, KNOWN, "has 2 deploy roles; test needs its own"),
        (WHOLE, (), replace(TOLD, role=""), KNOWN, "not signed in to AWS"),
        (NEXT, (), TOLD, KNOWN, "no worker was found"),
    ],
)
def test_what_is_left_to_do_for_a_new_cloud_is_noted(
    package: Any, environments: tuple[str, ...], to: WorkflowContext, subjects: Subjects, said: str
) -> None:
    found = list(
        new_infrastructure_notes(drafted(project(package=package), *environments, package=package), to, subjects)
    )
    assert [said in note for note in found] == [True]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM node\n", True),
        ('FROM node\nENTRYPOINT ["sh", "/app/docker/entry.sh"]\n', False),
        ("FROM node\nCMD url=$DATABASE_HOST node server.js\n", False),
        ("", False),
    ],
)
def test_an_image_of_ones_own_that_makes_no_urls_is_noted(text: str, said: bool) -> None:
    found = list(new_infrastructure_notes(drafted(project()), TOLD, KNOWN, text))
    assert any("no DATABASE_URL" in note for note in found) is said


@pytest.mark.parametrize(
    ("families", "to", "said"),
    [
        ((), TOLD, "no task definition of a migration"),
        ((MIGRATE, family("shop-migrate-2", container("m", "shop:1"))), TOLD, "(shop-migrate, shop-migrate-2)"),
        ((MIGRATE,), replace(TOLD, role=""), "set the variable DEPLOY_ROLE"),
    ],
)
def test_what_is_left_to_do_for_a_cloud_that_exists_is_noted(families: Any, to: WorkflowContext, said: str) -> None:
    found = list(existing_notes(cluster(WEB, families=families), (WEB,), to))
    assert [said in note for note in found] == [True]


def test_what_was_found_out_is_told() -> None:
    place = project(repository="")
    assert list(facts(place, node_app(place, WHOLE), drafted(place, account="123456789012"))) == [
        "Next.js, standalone output, npm, Node 24",
        "worker: node dist/worker/index.js",
        "migration: node migrate.mjs",
        "repository unknown, default branch main",
        "app shop, services app, worker",
        "environment production: cluster shop in us-east-1, account 123456789012",
    ]
    plain = scan(package=NEXT)
    assert next(iter(facts(plain, node_app(plain, NEXT), drafted(plain, package=NEXT)))).startswith(
        "Next.js, started by `next start`, npm"
    )
    live = draft_existing(cluster(WEB, WORKER), (WEB, WORKER), "production")
    assert list(facts(plain, None, live))[1] == "app shop, services web, worker"


def test_the_next_commands_make_the_cloud_or_look_at_the_one_that_exists() -> None:
    commands = next_commands(drafted(project(), "test", "production"), is_new=True)
    assert commands[1:] == (
        "deploytool infra plan --environment production",
        "deploytool infra apply --environment production",
        "git push",
    )
    assert next_commands(drafted(project()), is_new=False)[0] == "deploytool plan --environment production"


FILES = [NewFile("a.yml", "1\n2\n"), NewFile("dir/b\x1b[31m", "1\n"), NewFile("c", "1\n")]
SETTLED = compare_files(FILES, {FILES[1]: "1\n", FILES[2]: "0\n"})


def test_the_files_are_a_table_with_what_became_of_each() -> None:
    report = InitReport(SETTLED, ("Next.js",), ("mind this",), ("choose",), ("git push",))
    assert report.exit_code == 3
    assert init_text(report) == (
        "found: Next.js\n\n"
        "written  a.yml\n"
        "kept     dir/b  up to date\n"
        "kept     c      differs: 1 line of yours, 1 line of init's\n\n"
        "note: mind this\n\n"
        "decide: choose\n\n"
        "next:\n  git push"
    )


def test_the_differences_are_shown_when_they_are_asked_for() -> None:
    text = init_text(InitReport(SETTLED, diff=True))
    assert "--- c\n+++ c of deploytool init\n@@ -1 +1 @@\n-0\n+1\n" in text


def test_no_next_command_is_named_when_nothing_was_written() -> None:
    preview = compare_files(FILES[:1], {}, preview=True)
    assert init_text(InitReport(preview, diff=True)) == (
        "would be written  a.yml\n\n"
        "--- /dev/null\n+++ a.yml of deploytool init\n@@ -0,0 +1,2 @@\n+1\n+2\n\n"
        "nothing was written; omit --diff to write"
    )
    assert init_document(InitReport(preview, diff=True))["preview"] is True
    assert init_document(InitReport(SETTLED))["preview"] is False


def test_the_same_is_data_for_scripts() -> None:
    document = init_document(InitReport(SETTLED, ("Next.js",), ("mind this",), (), ("git push",)))
    assert (document["exit_code"], document["decisions"]) == (0, [])
    assert document["files"][0] == {"path": "a.yml", "status": "written", "diff": ""}
    assert [each["status"] for each in document["files"]] == ["written", "same", "kept"]
    assert document["files"][2]["diff"].endswith("-0\n+1")
    assert (document["schema"], document["facts"], document["notes"], document["next_commands"]) == (
        1, ["Next.js"], ["mind this"], ["git push"],
    )  # fmt: skip
