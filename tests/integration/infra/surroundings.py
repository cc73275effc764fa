"""What the driver of stacks needs beside CloudFormation: a clock that hurries, images, and no lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from deploytool.release.ports import Cancelled, LineWriter


@dataclass
class QuickClock:
    """Real time, with short pauses; ``on_sleep`` may raise Cancelled, as the clock of the command line does."""

    pauses: int = 0
    on_sleep: Callable[[int], None] = lambda _: None

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self.pauses += 1
        self.on_sleep(self.pauses)
        time.sleep(seconds)

    def pace(self) -> float:
        return 0.05


def cancel_when(true: Callable[[], bool]) -> Callable[[int], None]:
    """For ``QuickClock.on_sleep``: what SIGINT does once ``true``."""

    def on_sleep(_pauses: int) -> None:
        if true():
            raise Cancelled("SIGINT")

    return on_sleep


@dataclass
class FewImages:
    """Port ``Images``: what runs, and what a build makes of the rest."""

    live: dict[str, str] = field(default_factory=dict)
    builds: list[str] = field(default_factory=list)

    def running(self) -> Mapping[str, str]:
        return dict(self.live)

    def built(self, missing: Sequence[str], write_line: LineWriter) -> Mapping[str, str]:
        self.builds += missing
        write_line("built")
        return dict.fromkeys(missing, f"registry/built@sha256:{'b' * 64}")


@contextmanager
def unlocked() -> Iterator[None]:
    yield
