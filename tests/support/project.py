"""A checkout of the example outside the sandbox's directory, and the installed command run in it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.account import Account
from tests.support.aws_fault_proxy.client import Front
from tests.support.github_account import Github

DEPLOYTOOL = Path(sys.executable).with_name("deploytool")
AUTHOR = ("-c", "user.name=Octo Dev", "-c", "user.email=octo-dev@example.com", "-c", "core.hooksPath=/dev/null")


@dataclass(frozen=True)
class Ran:
    """One run of the command."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def told(self) -> str:
        """Everything it said."""
        return f"{self.out}\n{self.err}"


@dataclass(frozen=True)
class Shop:
    """The example's checkout in ``root``, its AWS reached through the front."""

    root: Path
    environ: Mapping[str, str]
    account: Account
    front: Front
    github: Github
    never_said: frozenset[str]
    """Secrets."""

    def run(self, *words: str, **environ: str) -> Ran:
        """Run ``deploytool WORDS`` to its end; a variable given as empty text is not set."""
        return self._ended(*self._started(words, environ))

    def unread(self, *words: str) -> Ran:
        """Run it with the reader of its standard output gone, as after ``| head -1``."""
        process, began = self._started(words, {})
        assert process.stdout
        process.stdout.close()
        process.stdout = None
        code = process.wait(120)
        assert process.stderr
        return Ran(code, "", process.stderr.read(), time.monotonic() - began)

    def interrupted(self, when: Callable[[], bool], *words: str) -> Ran:
        """Run it, and press Ctrl-C as soon as ``when`` says so."""
        process, began = self._started(words, {})
        while not when():
            assert process.poll() is None, f"it ended before it could be interrupted: {process.communicate()}"
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        return self._ended(process, began)

    def release_fails(self, code: int, *said: str, **environ: str) -> Ran:
        """Release, which must end with ``code``, say each of ``said``, and leave every service where it was."""
        before = self.account.running()
        ran = self.run("release", **environ)
        self.told_and_back(ran, code, before, *said)
        return ran

    def told_and_back(self, ran: Ran, code: int, before: Mapping[str, str], *said: str) -> None:
        """It ended with ``code``, said each of ``said`` and left nothing half done."""
        assert ran.code == code, ran.told
        for words in said:
            assert words in ran.told, f"not said: {words}\n{ran.told}"
        assert self.account.running() == before, f"services are not back\n{ran.told}"
        self.account.settle()
        assert self.github.not_failed(ran.told) == [], ran.told

    @contextmanager
    def config(self) -> Iterator[dict[str, Any]]:
        """deploytool.yml, to be changed in place."""
        path = self.root / "deploytool.yml"
        read: dict[str, Any] = yaml.safe_load(path.read_text())
        yield read
        for service in read.get("services", {}).values():
            # A test that is about steady tasks says so; the others are not to wait.
            if "verify" not in service or "steady" not in service["verify"]:
                service["verify"] = {**service.get("verify", {}), "steady": "0s"}
        path.write_text(yaml.safe_dump(read, sort_keys=False))

    def only(self, *services: str) -> None:
        """Release these services, without migration."""
        with self.config() as config:
            del config["migrate"]
            del config["environments"]["production"]["overrides"]
            config["services"] = {name: {"image": "app", "timeout": "60s"} for name in services}

    def template(self, service: str, **container: Any) -> None:
        """Release ``service`` from a task definition file: the live one with its first container changed."""
        definition = self.account.definition(service)
        definition["containerDefinitions"][0].update(container)
        self.template_file(service, definition)

    def template_file(self, service: str, definition: Mapping[str, Any]) -> None:
        """Release ``service`` from this task definition."""
        (self.root / f"{service}.json").write_text(json.dumps(definition))
        with self.config() as config:
            config["services"][service]["template"] = f"{service}.json"

    def commit(self, title: str) -> str:
        """Commit everything, known to GitHub as well; the commit."""
        self.git(*AUTHOR, "commit", "-q", "-a", "-m", title)
        head = self.git("rev-parse", "HEAD")
        self.git("push", "-q", "origin", f"HEAD:refs/heads/test-{head}")
        return head

    def git(self, *words: str) -> str:
        """Run git in the checkout."""
        done = subprocess.run(["git", *words], cwd=self.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _started(self, words: tuple[str, ...], environ: Mapping[str, str]) -> tuple[subprocess.Popen[str], float]:
        variables = {name: value for name, value in {**self.environ, **environ}.items() if value}
        process = subprocess.Popen(
            [str(DEPLOYTOOL), *words],
            cwd=self.root, env=variables, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        return process, time.monotonic()

    def _ended(self, process: subprocess.Popen[str], began: float) -> Ran:
        try:
            out, err = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"it hangs: {process.communicate()}") from None
        ran = Ran(process.returncode, out, err, time.monotonic() - began)
        assert "Traceback" not in ran.told, ran.told
        assert not [secret for secret in self.never_said if secret in ran.told], f"a secret was printed:\n{ran.told}"
        return ran
