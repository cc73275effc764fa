"""The image's entry script, run by a real shell and a real Node."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from deploytool.infra.templates import templates
from tests.support.github_runner.node import NODE

SOURCE = Path(__file__).parents[3] / "deploytool" / "_init"
NASTY = ("p@ss/w:rd?#[]", "100% &=+ \"'()*!", "ünï©ode", "$HOME `id` \\n", "%41", "tab\tand\nline")
DATABASE = {"DATABASE_HOST": "db.internal", "DATABASE_NAME": "shop", "DATABASE_USER": "app", "DATABASE_PASSWORD": "p"}
REDIS = {"REDIS_HOST": "cache.internal"}


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    """The script in a directory with a blank in its name."""
    place = tmp_path / "my app"
    place.mkdir()
    for name in ("entry.sh", "urls.mjs"):
        shutil.copy(SOURCE / name, place)
    return place / "entry.sh"


def start(entry: Path, given: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": f"{NODE.parent}:{os.environ['PATH']}", **given}
    return subprocess.run(["sh", entry, *command], env=environ, capture_output=True, text=True, check=False)


def printed(entry: Path, given: dict[str, str], variable: str) -> str:
    done = start(entry, given, "printenv", variable)
    return done.stdout.removesuffix("\n")


@pytest.mark.parametrize("password", NASTY)
def test_any_password_comes_back_out_of_the_database_url(entry: Path, password: str) -> None:
    given = {**DATABASE, "DATABASE_PASSWORD": password, "DATABASE_USER": password, "DATABASE_NAME": password}
    url = urlsplit(printed(entry, given, "DATABASE_URL"))
    assert (url.scheme, url.hostname, url.port) == ("postgresql", "db.internal", 5432)
    assert [unquote(part or "") for part in (url.username, url.password, url.path[1:])] == [password] * 3
    assert parse_qs(url.query) == {"sslmode": ["require"]}


@pytest.mark.parametrize("token", NASTY)
def test_any_token_comes_back_out_of_the_redis_url(entry: Path, token: str) -> None:
    url = urlsplit(printed(entry, {**REDIS, "REDIS_AUTH_TOKEN": token, "REDIS_PORT": "6380"}, "REDIS_URL"))
    assert (url.scheme, url.username, url.hostname, url.port) == ("rediss", "", "cache.internal", 6380)
    assert unquote(url.password or "") == token


@pytest.mark.parametrize(
    ("given", "variable", "url"),
    [
        (REDIS, "REDIS_URL", "redis://cache.internal:6379"),
        ({**REDIS, "REDIS_AUTH_TOKEN": "t", "REDIS_TLS": "false"}, "REDIS_URL", "redis://:t@cache.internal:6379"),
        (
            {**DATABASE, "DATABASE_PORT": "6543", "DATABASE_PARAMETERS": "sslmode=disable&schema=a"},
            "DATABASE_URL",
            "postgresql://app:p@db.internal:6543/shop?sslmode=disable&schema=a",
        ),
        ({**DATABASE, "DATABASE_URL": "postgresql://own"}, "DATABASE_URL", "postgresql://own"),
        ({**REDIS, "REDIS_URL": "redis://own"}, "REDIS_URL", "redis://own"),
        (DATABASE, "REDIS_URL", ""),
        (REDIS, "DATABASE_URL", ""),
    ],
)
def test_a_url_is_made_of_what_is_given_and_only_where_there_is_none(
    entry: Path, given: dict[str, str], variable: str, url: str
) -> None:
    assert printed(entry, given, variable) == url


@pytest.mark.parametrize("missing", ["DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD"])
def test_a_missing_part_is_named_before_the_command_starts(entry: Path, missing: str) -> None:
    given = {**DATABASE, "DATABASE_PASSWORD": "s3cret"} | {missing: ""}
    done = start(entry, given, "echo", "started")
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr == f"entry: {missing} is not set; it is needed beside DATABASE_HOST\n"


def test_the_command_takes_the_place_of_the_script(entry: Path) -> None:
    # A signal that ECS sends reaches the application itself, and its exit code is the container's.
    script = "process.on('SIGTERM', () => process.exit(7)); console.log(process.pid); setTimeout(() => {}, 9000)"
    environ = {"PATH": f"{NODE.parent}:{os.environ['PATH']}", **DATABASE, **REDIS}
    with subprocess.Popen(
        ["sh", entry, "node", "-e", script], env=environ, stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout
        assert int(started.stdout.readline()) == started.pid
        started.terminate()
        assert started.wait(10) == 7


def test_arguments_reach_the_command_as_they_are(entry: Path) -> None:
    done = start(entry, DATABASE, "node", "-p", "process.argv.slice(1)", "a b", "$HOME", "*")
    assert done.stdout == "[ 'a b', '$HOME', '*' ]\n"


def stack_script() -> str:
    """What a task of the stack runs before an image whose Dockerfile is the project's own."""
    service = templates(None, ["service"], lambda each: each)["service"].document
    return str(service["Mappings"]["Scripts"]["Urls"]["Text"])


def made_by_stack(given: dict[str, str], variable: str) -> str:
    words = ("sh", "-c", stack_script(), "entry", "printenv", variable)
    done = subprocess.run(words, env={"PATH": os.environ["PATH"], **given}, capture_output=True, text=True, check=False)
    return done.stdout.removesuffix("\n")


@pytest.mark.parametrize("password", [text for text in NASTY if text.isascii()])
def test_a_shell_without_node_makes_the_same_addresses(entry: Path, password: str) -> None:
    database = {**DATABASE, "DATABASE_PASSWORD": password, "DATABASE_USER": password, "DATABASE_NAME": password}
    assert made_by_stack(database, "DATABASE_URL") == printed(entry, database, "DATABASE_URL")
    for more in ({}, {"REDIS_TLS": "false"}, {"REDIS_PORT": "1"}):
        redis = {**REDIS, "REDIS_AUTH_TOKEN": password, **more}
        assert made_by_stack(redis, "REDIS_URL") == printed(entry, redis, "REDIS_URL")
    assert made_by_stack({**database, "DATABASE_URL": "x"}, "DATABASE_URL") == "x"
    assert made_by_stack(REDIS, "REDIS_URL") == printed(entry, REDIS, "REDIS_URL")


def test_other_names_have_the_same_address_unless_they_are_set(entry: Path) -> None:
    given = {**DATABASE, "DATABASE_URL_NAMES": "POSTGRES_URL DIRECT_URL", "DIRECT_URL": "mine"}
    assert printed(entry, given, "POSTGRES_URL") == printed(entry, given, "DATABASE_URL") != ""
    assert printed(entry, given, "DIRECT_URL") == "mine"
