"""`deploytool init` as it is installed, in projects on disk."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.scaffold.conftest import DEPLOYTOOL, Look, Project
from tests.support.github_runner.node import parser_faults

WORKFLOWS = tuple(f".github/workflows/{name}" for name in ("deploy.yml", "plan.yml", "rollback.yml"))
TWO = ("-e", "production", "-e", "staging", "--domain", "shop.example.com", "--hosted-zone", "Z01")


@pytest.mark.parametrize(
    "words", [(), TWO, ("-e", "live"), ("--account", "123456789012"), (*TWO, "--account", "123456789012")]
)
def test_deploytool_takes_the_configuration_and_github_the_workflows(
    shop: Project, tool: Look, words: tuple[str, ...]
) -> None:
    shop.init(*words)
    checked = shop.run("config", "check")
    assert (checked.code, checked.err) == (0, "")
    assert parser_faults(*(shop.root / name for name in WORKFLOWS)) == ""
    schema = tool(shop.root, "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    assert schema.returncode == 0, schema.stdout
    audited = tool(shop.root, "zizmor", "--quiet", "--offline", "--persona", "pedantic", ".github")
    assert audited.returncode == 0, audited.stdout


def test_everything_is_written_for_a_new_project_and_told(shop: Project) -> None:
    ran = shop.run("init", "--region", "us-east-1")
    assert (ran.code, ran.err) == (0, "")
    for path in ("deploytool.yml", *WORKFLOWS, "Dockerfile", "docker/entry.sh", "app/api/health/route.js"):
        assert f"written  {path}\n" in ran.out
        assert (shop.root / path).is_file()
    assert "found: repository acme/shop, default branch main\n" in ran.out
    assert "  deploytool infra apply --environment production\n" in ran.out


def test_the_action_is_pinned_to_the_commit_of_this_program(shop: Project) -> None:
    shop.init()
    for name in WORKFLOWS:
        assert re.search(
            r"uses: archdeck/archdeck-deploy@[0-9a-f]{40} # v\d+\.\d+\.\d+(-dev)?\n", (shop.root / name).read_text()
        )
    assert "uses: acme/fork@v3\n" in _again(shop, "--action", "acme/fork@v3")


def _again(shop: Project, *words: str) -> str:
    for name in WORKFLOWS:
        (shop.root / name).unlink()
    shop.init(*words)
    return (shop.root / WORKFLOWS[0]).read_text()


def test_nothing_changes_the_second_time(shop: Project) -> None:
    shop.init(*TWO)
    before = shop.files()
    again = shop.init(*TWO)
    assert set(again.fates.values()) == {"same"}
    assert shop.files() == before


def test_what_exists_is_kept_and_the_difference_told(shop: Project) -> None:
    own = {
        "Dockerfile": "FROM node AS runner\n",
        ".github/workflows/rollback.yml": "on: push\n",
        ".dockerignore": "x\n",
    }
    for path, text in own.items():
        shop.write(path, text)
    found = shop.init().document["files"]
    kept = {each["path"]: each["diff"] for each in found if each["status"] == "kept"}
    assert kept.keys() == own.keys() - {".github/workflows/rollback.yml"}
    assert "-FROM node AS runner\n" in kept["Dockerfile"]
    assert own.items() <= shop.files().items()
    written = (shop.root / "deploytool.yml").read_text()
    assert "target: runner" in written
    # Whether somebody else's rollback.yml acts on the box is not known: ours is beside it.
    assert (shop.root / ".github/workflows/deploytool-rollback.yml").is_file()
    assert "rollback_workflow: deploytool-rollback.yml" in written


def test_a_configuration_that_exists_says_which_environments_the_workflows_have(shop: Project) -> None:
    shop.init("-e", "live", "--app", "other-name")
    text = (shop.root / "deploytool.yml").read_text()
    for name in WORKFLOWS:
        (shop.root / name).unlink()
    ran = shop.run("init", "--output", "json")
    assert ran.code == 0, ran.err
    assert "options: [live]" in (shop.root / WORKFLOWS[0]).read_text()
    assert (shop.root / "deploytool.yml").read_text() == text
    refused = shop.run("init", "--app", "shop")
    assert refused.code == 2
    assert "deploytool.yml exists, is kept, and has app: other-name" in refused.err


def test_a_configuration_that_is_wrong_is_told_before_anything_is_written(shop: Project) -> None:
    shop.write("deploytool.yml", "app: shop\n")
    before = shop.files()
    ran = shop.run("init", "--region", "us-east-1")
    assert ran.code == 2
    assert 'lacks "images"' in ran.err
    assert shop.files() == before


def test_nothing_is_written_when_something_is_in_the_way(shop: Project) -> None:
    shop.write(".github", "a file where a directory must be")
    before = shop.files()
    ran = shop.run("init", "--region", "us-east-1")
    assert ran.code == 3
    assert "cannot be written: Not a directory; nothing was written" in ran.err
    assert "fix:" in ran.err
    assert shop.files() == before


def test_workflows_go_to_the_top_of_the_checkout_when_the_app_is_below_it(shop: Project) -> None:
    for name in ("package.json", "package-lock.json", "next.config.mjs"):
        shop.write(f"apps/web/{name}", (shop.root / name).read_text())
        (shop.root / name).unlink()
    ran = shop.init(within="apps/web")
    assert ran.fates["../../.github/workflows/deploy.yml"] == "written"
    assert ran.fates["Dockerfile"] == "written"
    assert 'config: "apps/web/deploytool.yml"' in (shop.root / WORKFLOWS[0]).read_text()
    assert parser_faults(*(shop.root / name for name in WORKFLOWS)) == ""
    # The same from the top, with the file named.
    assert set(shop.init("--config", "apps/web/deploytool.yml").fates.values()) == {"same"}


def test_a_directory_without_git_is_written_to_and_the_lack_told(empty: Project) -> None:
    empty.write("package.json", '{"dependencies": {"next": "16"}}')
    ran = empty.init()
    assert set(ran.fates.values()) == {"written"}
    assert any("not a git checkout" in note for note in ran.document["notes"])
    assert empty.run("config", "check").code == 0


def test_the_default_branch_is_the_one_that_the_remote_has(shop: Project) -> None:
    shop.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    shop.init()
    assert "branches: [trunk]" in (shop.root / WORKFLOWS[0]).read_text()


def test_the_region_is_that_of_the_profile_when_it_is_not_given(shop: Project) -> None:
    (shop.root.parent / ".aws").mkdir()
    (shop.root.parent / ".aws/config").write_text("[default]\nregion = eu-north-1\n")
    assert shop.run("init").code == 0
    assert "region: eu-north-1" in (shop.root / "deploytool.yml").read_text()


def test_a_person_at_a_terminal_is_asked_for_the_region_that_nothing_says(shop: Project) -> None:
    terminal, other_side = pty.openpty()
    os.write(terminal, b"eu-west-1\n")
    done = subprocess.run(
        [DEPLOYTOOL, "init"],
        cwd=shop.root,
        env=shop.environ,
        stdin=other_side,
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(terminal)
    os.close(other_side)
    assert (done.returncode, "AWS region: " in done.stderr) == (0, True)
    assert "region: eu-west-1" in (shop.root / "deploytool.yml").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no AWS region is known"),
        (("--region", "us-east-1", "--app", "Shop"), "invalid app name: 'Shop'"),
        (("--region", "us-east-1", "-e", "Production"), "invalid environment name: 'Production'"),
        (("--region", "us-east-1", "--role", "deploy"), "--role must be the ARN of an IAM role"),
        (("--region", "us-east-1", "--config", "nowhere/deploytool.yml"), "does not exist"),
        (("--region",), "requires an argument"),
        (("--region", "Virginia"), "--region must be an AWS region"),
    ],
)
def test_a_wrong_command_line_is_refused_with_2_and_writes_nothing(
    shop: Project, words: tuple[str, ...], said: str
) -> None:
    before = shop.files()
    ran = shop.run("init", *words)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert shop.files() == before


@pytest.mark.parametrize(("text", "said"), [("{", "package.json is not valid JSON"), ("[]", "is not a JSON object")])
def test_a_package_json_that_cannot_be_read_is_told(shop: Project, text: str, said: str) -> None:
    shop.write("package.json", text)
    ran = shop.run("init", "--region", "us-east-1")
    assert ran.code == 2
    assert said in ran.err


def test_a_directory_with_nothing_to_release_is_refused_with_3(empty: Project) -> None:
    ran = empty.run("init", "--region", "us-east-1")
    assert ran.code == 3
    assert "neither a Dockerfile nor a Next.js application" in ran.err
    assert empty.files() == {}


def test_the_json_holds_what_the_text_says(shop: Project) -> None:
    document = shop.init().document
    assert (document["schema"], document["kind"]) == (1, "init")
    assert json.dumps(document["next_commands"]) in json.dumps(document)
    assert len(document["next_commands"]) == 4


def test_neither_boto3_nor_yaml_is_loaded_for_the_help(shop: Project) -> None:
    assert "deploytool init --from-service shop/web" in shop.run("init", "--help").out
    program = "import sys, deploytool.cli.init; print({'yaml', 'boto3', 'deploytool.core.init'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def _everything(directory: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, time and content of each file and directory."""
    return {
        str(path): (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in (directory, *sorted(directory.rglob("*")))
    }


@pytest.fixture
def read_only(shop: Project) -> Iterator[Project]:
    """The project, in which nobody but root may write."""
    folders = [shop.root, *(path for path in shop.root.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    yield shop
    for folder in folders:
        folder.chmod(0o755)


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_preview_writes_nothing_when_nothing_is_configured(shop: Project, output: str) -> None:
    before = _everything(shop.root)
    ran = shop.run("init", "--region", "us-east-1", "--diff", "--output", output)
    assert (ran.code, ran.err) == (0, "")
    assert _everything(shop.root) == before


def test_a_preview_is_shown_when_the_directory_cannot_be_written_to(read_only: Project) -> None:
    before = _everything(read_only.root)
    ran = read_only.run("init", "--region", "us-east-1", "--diff")
    assert (ran.code, ran.err) == (0, "")
    assert _everything(read_only.root) == before


def test_a_preview_writes_nothing_when_some_files_are_missing(shop: Project) -> None:
    shop.init(*TWO)
    shop.write("Dockerfile", "FROM node AS runner\n")
    for name in WORKFLOWS:
        (shop.root / name).unlink()
    before = _everything(shop.root)
    document = shop.init(*TWO, "--diff").document
    assert _everything(shop.root) == before
    found = {each["path"]: each for each in document["files"]}
    assert (document["preview"], document["next_commands"]) == (True, [])
    assert {path for path, each in found.items() if each["status"] == "new"} == set(WORKFLOWS)
    assert found["Dockerfile"]["status"] == "kept"
    assert "-FROM node AS runner\n" in found["Dockerfile"]["diff"]


def test_a_preview_writes_nothing_when_the_directory_is_empty(empty: Project) -> None:
    ran = empty.run("init", "--region", "us-east-1", "--diff")
    assert ran.code == 3
    assert list(empty.root.iterdir()) == []


def test_init_writes_what_its_preview_shows(shop: Project) -> None:
    ran = shop.run("init", "--region", "us-east-1", "--diff")
    assert "would be written  deploytool.yml\n" in ran.out
    assert "--- /dev/null\n+++ deploytool.yml of deploytool init\n" in ran.out
    assert ran.out.endswith("\nnothing was written; omit --diff to write\n")
    assert "next:" not in ran.out
    shop.init()
    for path in ("deploytool.yml", *WORKFLOWS):
        lines = (shop.root / path).read_text().splitlines()
        assert "\n".join(f"+{line}" for line in lines) in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rollback", "--to", "1f8b2c4", "--steps", "1"), "error: --to and --steps contradict each other"),
        (("init", "--from-service", "shop/web", "--domain", "a.example.com"), "--from-service and --domain"),
        (("promote", "--from", "staging", "--to", "staging"), "both environments are the same"),
        (
            ("infra", "plan", "-e", "staging", "--only", "network", "--parameter", "AppImage=x"),
            "--parameter AppImage and",
        ),
    ],
)
def test_contradicting_options_are_refused_before_anything_is_looked_at(
    shop: Project, words: tuple[str, ...], said: str
) -> None:
    shop.init(*TWO)
    shop.git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "x")
    before = _everything(shop.root)
    ran = shop.run(*words)
    assert ran.code == 2
    assert said in ran.err
    assert "\nfix: " in ran.err
    assert _everything(shop.root) == before


def test_a_cluster_is_refused_when_the_configuration_has_several_environments(shop: Project) -> None:
    shop.init(*TWO)
    ran = shop.run("init", "--cluster", "other")
    assert ran.code == 2
    assert "--cluster applies to one environment, not to production, staging" in ran.err
