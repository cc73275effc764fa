from __future__ import annotations

import pytest

from deploytool.scaffold.scripts import as_command, dependencies, first, scripts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("node worker.js", ("node", "worker.js")),
        (
            "node --max-old-space-size=400 dist/worker/index.js",
            ("node", "--max-old-space-size=400", "dist/worker/index.js"),
        ),
        ("node 'my worker.js'", ("node", "my worker.js")),
        ("tsx src/worker.ts", ("node_modules/.bin/tsx", "src/worker.ts")),
        ("knex migrate:latest", ("node_modules/.bin/knex", "migrate:latest")),
        ("NODE_ENV=production node worker.js", ("node", "worker.js")),
        ("cross-env NODE_ENV=production QUEUE=mail tsx w.ts", ("env", "QUEUE=mail", "node_modules/.bin/tsx", "w.ts")),
        ("dotenv -e .env.production -- node worker.js", ("node", "worker.js")),
        ("npx tsx w.ts", ("node_modules/.bin/tsx", "w.ts")),
        ("run-p mail images", ("npm", "run", "it")),
        ('node "x', ("npm", "run", "it")),
        ("node a.js && node b.js", ("npm", "run", "it")),
        ("node $WORKER", ("npm", "run", "it")),
        ("./bin/worker", ("npm", "run", "it")),
        ("", ("npm", "run", "it")),
    ],
)
def test_a_script_is_started_without_a_shell_where_it_needs_none(text: str, words: tuple[str, ...]) -> None:
    package = {"scripts": {"it": text}, "dependencies": {"knex": "3"}, "devDependencies": {"tsx": "4"}}
    assert as_command(package, "it") == words


@pytest.mark.parametrize(
    "text", ["nodemon worker.js", "tsx watch worker.ts", "node --watch worker.js", "node --inspect w.js"]
)
def test_a_script_for_development_is_passed_over(text: str) -> None:
    package = {"scripts": {"worker": text, "start:worker": "node dist/worker.js"}}
    assert first(package, "worker", "start:worker") == "start:worker"
    assert first(package, "worker") == ""


def test_a_name_that_a_command_would_need_quotes_for_is_passed_over() -> None:
    assert scripts({"scripts": {"a b": "x", "c\nd": "y", "build:worker": "z"}}) == {"build:worker": "z"}


@pytest.mark.parametrize("told", [None, [], "text"])
def test_nothing_is_found_when_the_keys_hold_something_else(told: object) -> None:
    assert scripts({"scripts": told}) == {}
    assert dependencies({"dependencies": told}) == frozenset()
