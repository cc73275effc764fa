"""Several processes that wait for AWS, turned one after the other in one thread."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TypeVar

from deploytool.core.stacks.pace import slower
from deploytool.errors import OutOfTime
from deploytool.run.ports import Clock

T = TypeVar("T")
Turns = Generator[bool, None, T]
"""A process: it yields where it has to wait (True where something happened in this turn) and returns its result."""


class StacksOutOfTime(OutOfTime):
    """CloudFormation was not done in time. It goes on by itself."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"CloudFormation was not done after {seconds:.0f} s; it goes on by itself",
            "`deploytool infra status` shows where it is; the next `infra apply` follows it to its end",
        )


def together(processes: Mapping[str, Turns[T]], clock: Clock, seconds: float) -> dict[str, T]:
    """Turn every process until all are done. What one of them raises ends all; each may tidy up.

    Raises StacksOutOfTime after ``seconds``, and Cancelled from the clock.
    """
    deadline = clock.monotonic() + seconds
    waiting, done, factor = dict(processes), dict[str, T](), 0.0
    try:
        while waiting:
            news = False
            for key, process in list(waiting.items()):
                try:
                    news = next(process) or news
                except StopIteration as stop:
                    done[key], news = stop.value, True
                    del waiting[key]
            if waiting:
                if clock.monotonic() >= deadline:
                    raise StacksOutOfTime(seconds)
                factor = slower(factor, news=news)
                clock.sleep(clock.pace() * factor)
    finally:
        for process in waiting.values():
            process.close()
    return {key: done[key] for key in processes}
