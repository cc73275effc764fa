"""The command while it runs: what it said so far, and the signal that ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

from tests.support.project import DEPLOYTOOL, Ran, Shop


@dataclass
class Running:
    """One process of ``deploytool``."""

    process: subprocess.Popen[str]
    began: float
    said: list[str] = field(default_factory=list)

    def until(self, when: Callable[[], bool], seconds: float = 90) -> None:
        """Return as soon as ``when`` says so; it must not end before."""
        deadline = time.monotonic() + seconds
        while not when():
            assert self.process.poll() is None, f"it ended before it came to that:\n{self.told}"
            assert time.monotonic() < deadline, f"it does not come to that:\n{self.told}"
            time.sleep(0.02)

    def until_told(self, words: str) -> None:
        """Return as soon as it said this."""
        self.until(lambda: words in self.told)

    @property
    def told(self) -> str:
        return "".join(self.said)

    def kill(self) -> None:
        """SIGKILL: no last word, nothing is closed. What it started (docker build) ends with it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.ended()

    def interrupt(self) -> float:
        """SIGINT; seconds until the process has ended."""
        at = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        return time.monotonic() - at

    def ended(self) -> Ran:
        """Its end."""
        self.process.wait(120)
        for thread in self._listening:
            thread.join()
        ran = Ran(self.process.returncode, self.told, "", time.monotonic() - self.began)
        assert "Traceback" not in ran.told, ran.told
        return ran

    def __post_init__(self) -> None:
        pipes = (self.process.stdout, self.process.stderr)
        self._listening = [threading.Thread(target=self._listen, args=(pipe,), daemon=True) for pipe in pipes]
        for thread in self._listening:
            thread.start()

    def _listen(self, pipe: IO[str]) -> None:
        for line in pipe:
            self.said.append(line)


def start(shop: Shop, *words: str) -> Running:
    """Run ``deploytool WORDS``, in a process group of its own."""
    process = subprocess.Popen(
        [str(DEPLOYTOOL), *words],
        cwd=shop.root, env=dict(shop.environ), text=True, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    return Running(process, time.monotonic())
