"""The front from a test's side: start it, script it, read what came through."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.support.aws_fault_proxy.call_log import Call
from tests.support.aws_fault_proxy.rules import Rule
from tests.support.aws_fault_proxy.script import Behaviours, Script

_ROOT = Path(__file__).parents[3]
_READY_SECONDS = 15


class FrontRefusedError(Exception):
    """The front answered a control request with an error, or did not start."""


class Front:
    """A running front at `base_url`."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._session = requests.Session()

    def script(
        self, rules: tuple[Rule, ...] | list[Rule] = (), behaviours: Behaviours | None = None, seed: int = 0
    ) -> None:
        """Put rules and behaviours in force in place of those before; the rules' counts start anew."""
        script = Script(tuple(rules), behaviours or Behaviours(), seed)
        self._control("PUT", "script", script.to_json())

    def calls(self, service: str | None = None, action: str | None = None) -> list[Call]:
        """The AWS calls since the start or the last reset, oldest first, all or of one service or action."""
        calls = [Call(**call) for call in self._control("GET", "calls")]
        return [c for c in calls if service in (None, c.service) and action in (None, c.action)]

    def reset(self) -> None:
        """Forget the calls and the script; what was learnt of services stays, as MiniStack's state does."""
        self._control("POST", "reset")

    def ready(self) -> bool:
        """Whether the front answers."""
        try:
            return self._session.get(f"{self.base_url}/_front/health", timeout=2).ok
        except requests.ConnectionError:
            return False

    def _control(self, method: str, name: str, body: Any = None) -> Any:
        answer = self._session.request(method, f"{self.base_url}/_front/{name}", json=body, timeout=10)
        if not answer.ok:
            raise FrontRefusedError(answer.text)
        return answer.json()


@contextmanager
def start_front(upstream: str, port: int) -> Iterator[Front]:
    """A front of its own process on 127.0.0.1:`port`, gone when the block ends.

    Raises FrontRefusedError, with its output, when it does not start.
    """
    command = [sys.executable, "-m", "tests.support.aws_fault_proxy", "--listen", str(port), "--upstream", upstream]
    with tempfile.TemporaryFile("w+") as output:
        # Its own output file, not a pipe nobody reads: a full pipe would stop it.
        process = subprocess.Popen(
            command, cwd=_ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"}, stdout=output, stderr=subprocess.STDOUT
        )
        front = Front(f"http://127.0.0.1:{port}")
        try:
            deadline = time.monotonic() + _READY_SECONDS
            while not front.ready():
                if process.poll() is not None or time.monotonic() > deadline:
                    output.seek(0)
                    raise FrontRefusedError(f"the front did not start: {output.read()[-2000:]}")
                time.sleep(0.05)
            yield front
        finally:
            process.terminate()
            process.wait(10)
