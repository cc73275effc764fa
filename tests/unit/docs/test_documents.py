"""What the documents say exists, and is spelled as the program spells it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import click
import pytest

from deploytool.cli.main import VERBS, command
from deploytool.errors import Exit
from deploytool.sandbox.faults import FAULTS
from tests.unit.docs.documents import DOCUMENTS, ROOT, SCRIPTS, anchors, commands, parse

PAGES = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]
SHOWN = [(path.name, words) for path in (*PAGES, *SCRIPTS) for words in commands(path.read_text())]
_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
_IMAGE = re.compile(r'<img src="([^"]+)"')
CALLERS = {"call", "call_once", "pages", "paginate", "conditional_call"}
ROW = re.compile(r"^\| `?([^`|]+?)`? +\|", re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "words"), SHOWN, ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_a_command_in_a_document_is_one_that_deploytool_accepts(name: str, words: list[str]) -> None:
    parse(words, command)


def test_commands_are_found_in_the_documents_at_all() -> None:
    shown = [" ".join(words) for name, words in SHOWN if name == "README.md"]
    assert {"release", "plan --environment production", "config check", "sandbox break worker"} <= set(shown)


@pytest.mark.parametrize(
    "words", [["rel"], ["release", "--now"], ["sandbox", "break", "moon"], ["logs", "--lines", "5"]]
)
def test_a_command_that_deploytool_does_not_accept_is_noticed(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        parse(words, command)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_links_to_is_there(path: Path) -> None:
    inside = [(target, anchor) for target, anchor in _LINK.findall(path.read_text()) if "://" not in target]
    inside += [(image, "") for image in _IMAGE.findall(path.read_text())]
    assert [target for target, _ in inside if not (path.parent / target).exists()] == []
    pages = [(path.parent / target if target else path, anchor) for target, anchor in inside if anchor]
    assert [(page.name, anchor) for page, anchor in pages if anchor not in anchors(page.read_text())] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            links = (target for target, _ in _LINK.findall(page.read_text()) if target.endswith(".md"))
            waiting += [(page.parent / target).resolve() for target in links if "://" not in target]
    assert [path.name for path in DOCUMENTS if path not in reached] == []


def test_the_scripts_that_documents_name_are_there() -> None:
    named = {name for path in DOCUMENTS for name in re.findall(r"\bscripts/[\w-]+(?:\.(?:py|sh))?", path.read_text())}
    assert {"scripts/demo", "scripts/test"} <= named
    assert [name for name in named if not (ROOT / name).exists()] == []
    tools = {name for path in DOCUMENTS for name in re.findall(r"\bscripts/dev ([a-z][a-z-]+)", path.read_text())}
    assert tools <= set(re.findall(r"^#   ([a-z-]+)  ", (ROOT / "scripts/dev").read_text(), re.MULTILINE))


def test_the_exit_codes_of_the_readme_are_those_of_the_program() -> None:
    table = (ROOT / "README.md").read_text().partition("## Exit codes")[2].partition("\n## ")[0]
    assert [int(code) for code in ROW.findall(table) if code.isdigit()] == sorted(Exit)


def test_the_verbs_of_the_readme_are_those_of_the_program() -> None:
    table = (ROOT / "README.md").read_text().partition("## Verbs")[2].partition("\n## ")[0]
    assert {row.removeprefix("deploytool ") for row in ROW.findall(table)} - {"verb"} == set(VERBS)


def test_the_faults_that_the_sandbox_page_lists_are_those_that_it_has() -> None:
    table = (ROOT / "docs/sandbox.md").read_text().partition("## Break it")[2].partition("\n## ")[0]
    assert set(ROW.findall(table)) - {"fault"} == set(FAULTS)


def test_the_keys_of_the_configuration_page_are_those_of_the_parser() -> None:
    written = subprocess.run([ROOT / "scripts/dev", "config-reference", "--check"], check=False)
    assert written.returncode == 0, "run scripts/dev config-reference"


def _texts() -> str:
    """Every text in the program, one per line."""
    texts = []
    for path in (ROOT / "deploytool").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(re.sub(r"\{\w+\}", "\n", node.value))
    return "\n".join(texts)


def test_every_message_of_the_troubleshooting_page_is_one_that_the_program_says() -> None:
    texts = _texts()
    headings = re.findall(r"^### (.+)$", (ROOT / "docs/troubleshooting.md").read_text(), re.MULTILINE)
    pieces = [piece.strip(" :") for heading in headings for piece in heading.split("…")]
    assert len(headings) > 30
    assert [piece for piece in pieces if piece not in texts] == []


def test_the_policy_allows_every_call_that_is_made() -> None:
    text = (ROOT / "docs/permissions.md").read_text()
    policies = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    listed = [statement["Action"] for policy in policies for statement in policy["Statement"]]
    allowed = {
        action.partition(":")[2]
        for actions in listed
        for action in ([actions] if isinstance(actions, str) else actions)
    }
    calls = set()
    rooms = (ROOT / "deploytool" / room for room in ("aws", "deploy", "ecs", "images", "ledger"))
    for path in (path for room in rooms for path in room.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLERS:
                operation = node.args[1]
                if isinstance(operation, ast.Constant):
                    calls.add("".join(part.capitalize() for part in str(operation.value).split("_")))
    assert len(calls) > 15
    assert calls - {"GetCallerIdentity"} - allowed == set()


BANNED = re.compile(
    r"\b(told|wish|mend(ed|s)?|way back|put back|somebody|nobody|heard|serves|carr(y|ied) out|version before"
    r"|gives? way|fate|settle[sd]?|cannot be told)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_uses_the_words_of_the_glossary(path: Path) -> None:
    # A heading of the troubleshooting page quotes the program.
    lines = [line for line in path.read_text().splitlines() if not line.startswith("### ")]
    assert [line for line in lines if BANNED.search(line)] == []
