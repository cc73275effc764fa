"""Read damaged task definition files, configurations and projects: each must be read, or refused with cause and fix."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any

import botocore.session
import yaml
from botocore.validate import ParamValidator

from deploytool.config.loader import parse, resolve
from deploytool.config.yaml import document_of
from deploytool.ecs.task_definition import from_template, references, shape
from deploytool.ecs.template import read_template
from deploytool.errors import DeployError
from deploytool.release.model import Problem
from deploytool.release.planner import plan
from tests.unit.config.mistakes import GOOD
from tests.unit.ecs.template_cases import REFUSED, TAKEN
from tests.unit.release import plan_cases as cases
from tests.unit.scaffold.odd_projects import odd_project, run_init

MODEL: Any = (
    botocore.session.get_session().get_service_model("ecs").operation_model("RegisterTaskDefinition").input_shape
)
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**12, 10**30, "", "x", "${A}", "${commit}", "<ENV>", "{{x}}", "\ud800", "\x00",
    "a\nb", [], {}, [None], {"a": None}, [[]], {"name": "x"}, [{"name": "x"}], {"x": {"y": {"z": 1}}}, "9" * 5000, "é",
    "$${X}", "arn:aws:iam::1:role/x", "15m", "linux/arm64",
)  # fmt: skip
PIECES = (
    b"{", b"}", b"[", b"]", b'"', b",", b":", b"//", b"/*", b"${X}", b"\\u", b"\\ud83d", b"&a ", b"*a", b"<<: ", b"!x ",
    b"\xff", b"\x00", b"'", b"#", b"- ", b"\n", b"---\n", b"1e999", b"\t", b"? ", b"| ", b"@", b"%",
)  # fmt: skip
KEYS = ("memory", "essential", "secrets", "image", "name", "tags", "volumes", "future", "overrides", "after", "verify")
FILES = ("task.json", "task.yml", "task.jsonnet", "task", "task.json.tpl")
VARIABLES: tuple[dict[str, str], ...] = ({}, {"X": "1"}, {"ENV": "<Y>", "A": "book"})


class Fuzz:
    """The same inputs for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._files = [case.content for case in TAKEN] + [case.content for case in REFUSED]
        self._tasks = [case.definition for case in TAKEN]
        self._configuration = yaml.safe_load(GOOD)

    def task_definition(self) -> None:
        """One file, read and planned with. Raises DeployError, or whatever is not handled."""
        content = self._content(self._tasks, self._files)
        variables = self._random.choice(VARIABLES)
        template = read_template(content, self._random.choice(FILES), MODEL, variables)
        references(template.definition)
        shape(template.definition)
        open_images = {name: Problem(issue.problem, issue.fix) for name, issue in template.images.items()}
        live = cases.live(cases.found("app"), templates={"app": template.definition}, open_images={"app": open_images})
        plan(cases.REQUEST, cases.settings(cases.service("app", template="x")), live, cases.REGISTRY)
        payload = from_template(template.definition, {}, "book")
        if report := ParamValidator().validate(payload, MODEL).generate_report():
            raise AssertionError(report)
        json.dumps(payload, ensure_ascii=False).encode()

    def configuration(self) -> None:
        """One deploytool.yml, read and resolved. Raises DeployError, or whatever is not handled."""
        config = parse(document_of(self._content([self._configuration], [GOOD.encode()]), "deploytool.yml"))
        for name in config.environments:
            repr(resolve(config, name, {"commit": cases.SHA})).encode()

    def project(self, varied: str) -> Callable[[], None]:
        """`deploytool init` on projects in which this file is odd."""
        return lambda: run_init(odd_project(self._random.randrange(10**12), varied))

    def _content(self, documents: list[Any], files: list[bytes]) -> bytes:
        pick = self._random
        content = pick.choice(files)
        if pick.random() < 0.6:
            content = json.dumps(self._damaged(pick.choice(documents)), indent=pick.choice([None, 2])).encode()
        return self._cut(content) if pick.random() < 0.4 else content

    def _damaged(self, value: Any) -> Any:
        pick = self._random
        if pick.random() < 0.06:
            return pick.choice(ODD)
        if isinstance(value, dict):
            kept = {self._key(key): self._damaged(item) for key, item in value.items() if pick.random() > 0.03}
            return kept | ({pick.choice(KEYS): pick.choice(ODD)} if pick.random() < 0.05 else {})
        if isinstance(value, list):
            items = [self._damaged(item) for item in value]
            return [*items, pick.choice(items)] if items and pick.random() < 0.1 else items
        return value

    def _key(self, key: str) -> str:
        if self._random.random() < 0.96:
            return key
        return str(self._random.choice([key.upper(), key[:-1], f"_{key}", "", "\x1b[31m", f"{key}s", "\ud800"]))

    def _cut(self, content: bytes) -> bytes:
        data, pick = bytearray(content), self._random
        for _ in range(pick.randint(1, 4)):
            at = pick.randrange(len(data) + 1)
            data[at : at + pick.choice([0, 0, 1, 9])] = pick.choice([*PIECES, data[max(0, at - 20) : at]])
        return bytes(data)


def run(read: Callable[[], None], count: int) -> tuple[Counter[str], list[str]]:
    """How often each answer was given, and the tracebacks."""
    answers: Counter[str] = Counter()
    tracebacks = []
    for _ in range(count):
        try:
            answers[_answer(read)] += 1
        except Exception:  # noqa: BLE001  (shown at the end)
            tracebacks.append(traceback.format_exc())
    return answers, tracebacks


def _answer(read: Callable[[], None]) -> str:
    try:
        read()
    except DeployError as error:
        # A terminal must be able to show it.
        return type(error).__name__ if f"{error.cause}\n{error.fix}".encode() else ""
    return "read"


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/dev fuzz-inputs", description=__doc__)
    parser.add_argument("--count", type=int, default=50_000, help="inputs of each kind (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same inputs (default: %(default)s)")
    options = parser.parse_args()
    fuzz, failed = Fuzz(options.seed), 0
    projects = [(name, fuzz.project(name)) for name in ("package.json", "Dockerfile", "Procfile")]
    for what, read in (
        ("task definitions", fuzz.task_definition),
        ("configurations", fuzz.configuration),
        *projects,
    ):
        began = time.monotonic()
        answers, tracebacks = run(read, options.count)
        counts = ", ".join(f"{answer} {number}" for answer, number in answers.most_common())
        print(f"{what}: {counts}; {len(tracebacks)} tracebacks; {time.monotonic() - began:.0f} s")
        print("\n".join(tracebacks[:5]))
        failed += len(tracebacks)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
