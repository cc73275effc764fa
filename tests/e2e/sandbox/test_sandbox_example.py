"""The example against its real PostgreSQL and Redis, and the ways to break and mend it."""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from typing import TYPE_CHECKING

import pytest

from deploytool.sandbox import checkout
from deploytool.sandbox.docker import docker_client
from deploytool.sandbox.images import BASE
from tests.e2e.sandbox.conftest import deploytool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploytool.sandbox.state import SandboxState


pytestmark = pytest.mark.timeout(600)


class Database:
    """A database of its own for one test, and the example run against it in a container, as a task would be."""

    def __init__(self, sandbox: SandboxState, name: str) -> None:
        self.name = name
        self._server = sandbox.containers["postgres"]
        self._redis = _address(sandbox.containers["redis"])
        self._source = sandbox.workdir
        docker_client("exec", self._server, "createdb", "-h", "127.0.0.1", name)

    def arguments(self, program: str, migrations: Path | None = None) -> list[str]:
        url = f"postgresql://postgres@{_address(self._server)}/{self.name}"
        mounts = ["-v", f"{self._source}:/srv:ro"]
        if migrations:
            mounts += ["-v", f"{migrations}:/srv/migrations:ro"]
        variables = ["-e", f"DATABASE_URL={url}", "-e", f"REDIS_URL=redis://{self._redis}/9", "-e", "PYTHONPATH=/srv"]
        return [*mounts, *variables, "-w", "/srv", BASE, "python3", "-m", f"architecturedeck.{program}"]

    def start(self, program: str, migrations: Path | None = None) -> subprocess.Popen[str]:
        command = ["docker", "run", "--rm", *self.arguments(program, migrations)]
        return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def ask(self, query: str) -> str:
        return docker_client("exec", self._server, "psql", "-h", "127.0.0.1", "-At", self.name, "-c", query).strip()


def _address(container: str) -> str:
    return docker_client("inspect", "--format", "{{.NetworkSettings.IPAddress}}", container).strip()


@pytest.fixture
def database(sandbox: SandboxState) -> Iterator[Database]:
    made = Database(sandbox, f"test_{uuid.uuid4().hex[:8]}")
    yield made
    docker_client("exec", sandbox.containers["postgres"], "dropdb", "--force", "-h", "127.0.0.1", made.name)


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """The second is slow, so that two processes would overlap if nothing kept them apart."""
    (tmp_path / "001_log.sql").write_text("CREATE TABLE log (line text);")
    (tmp_path / "002_first.sql").write_text("SELECT pg_sleep(1); INSERT INTO log VALUES ('two');")
    (tmp_path / "010_last.sql").write_text("INSERT INTO log VALUES ('ten');")
    return tmp_path


def test_each_migration_is_applied_once_and_in_order_when_two_start_together(
    database: Database, migrations: Path
) -> None:
    both = [database.start("migrate", migrations) for _ in range(2)]
    output = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], output
    assert sorted(text.splitlines()[-1] for text in output) == ["migrate: applied 3 of 3", "migrate: nothing to apply"]
    assert database.ask("SELECT string_agg(line, ' ') FROM log") == "two ten"
    assert database.ask("SELECT string_agg(number::text, ' ' ORDER BY applied_at) FROM schema_migrations") == "1 2 10"


def test_a_failing_migration_leaves_nothing_of_itself_and_can_be_run_again(
    database: Database, migrations: Path
) -> None:
    bad = migrations / "010_last.sql"
    bad.write_text("INSERT INTO log VALUES ('half'); SELECT 1/0;")
    process = database.start("migrate", migrations)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "migrate: failed: division by zero" in output
    assert database.ask("SELECT string_agg(line, ' ') FROM log") == "two"
    bad.write_text("INSERT INTO log VALUES ('whole');")
    again = database.start("migrate", migrations)
    assert again.communicate(timeout=60)[0].splitlines()[-1] == "migrate: applied 1 of 3"


@pytest.mark.parametrize("names", [("first.sql",), ("001_a.sql", "01_b.sql")])
def test_nothing_is_applied_when_the_files_have_no_clear_order(
    database: Database, tmp_path: Path, names: tuple[str, ...]
) -> None:
    for name in names:
        (tmp_path / name).write_text("CREATE TABLE log (line text);")
    process = database.start("migrate", tmp_path)
    process.communicate(timeout=60)
    assert process.returncode == 1
    assert database.ask("SELECT count(*) FROM pg_tables WHERE tablename IN ('log', 'schema_migrations')") == "0"


def test_the_worker_writes_the_result_of_a_job_and_stops_at_once_when_told(
    sandbox: SandboxState, database: Database
) -> None:
    assert database.start("migrate").wait(60) == 0
    worker = docker_client("run", "-d", *database.arguments("worker")).strip()
    try:
        job = {"id": str(uuid.uuid4()), "text": "twelve bytes"}
        docker_client("exec", sandbox.containers["redis"], "redis-cli", "-n", "9", "rpush", "jobs", json.dumps(job))
        deadline = time.monotonic() + 20
        while database.ask("SELECT length FROM results") != "12":
            assert time.monotonic() < deadline, docker_client("logs", worker)
            time.sleep(0.1)
        began = time.monotonic()
        docker_client("stop", "-t", "30", worker)
        # Docker kills after 30 s what does not stop; until then it may itself be slow on a busy machine.
        assert time.monotonic() - began < 15
        assert docker_client("inspect", "--format", "{{.State.ExitCode}}", worker).strip() == "0"
    finally:
        docker_client("rm", "-f", worker)


def test_the_files_are_as_before_when_what_was_broken_is_mended(sandbox: SandboxState) -> None:
    before = checkout.git(sandbox.workdir, "rev-parse", "HEAD^{tree}")
    for what in ("worker", "migrate"):
        assert deploytool(sandbox.root, "sandbox", "break", what).returncode == 0
    assert checkout.git(sandbox.workdir, "rev-parse", "HEAD^{tree}") != before
    again = deploytool(sandbox.root, "sandbox", "break", "worker")
    assert (again.returncode, "broken already" in again.stderr) == (3, True)
    assert deploytool(sandbox.root, "sandbox", "fix").returncode == 0
    assert checkout.git(sandbox.workdir, "rev-parse", "HEAD^{tree}") == before
    assert checkout.git(sandbox.workdir, "log", "-1", "--format=%s").startswith("Undo: worker, migrate (#")


def test_main_moves_to_the_second_version_as_its_pull_request_would(sandbox: SandboxState) -> None:
    checkout.git(sandbox.workdir, "checkout", "-q", "-B", "trial", "main~0")
    assert checkout.git(sandbox.workdir, "log", "-1", "--format=%s", "next").endswith("(#2)")
    assert checkout.git(sandbox.workdir, "show", "--format=", "--name-only", "next").splitlines() == [
        "architecturedeck/greeting.py",
        "migrations/003_result_authors.sql",
    ]
    checkout.git(sandbox.workdir, "checkout", "-q", "main")
