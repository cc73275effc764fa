"""One UpdateService after another, so that a schedule is the same each time it is played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Any
from unittest import mock

from deploytool.release import rollout, steady


class InOrder:
    """As ThreadPoolExecutor, in the caller's thread. What is no Exception is kept in the future too."""

    def __init__(self, max_workers: int) -> None:
        assert max_workers > 0

    def __enter__(self) -> InOrder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def submit(self, action: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Done when this returns."""
        future: Future[Any] = Future()
        try:
            future.set_result(action(*arguments))
        except BaseException as error:  # noqa: BLE001  (as the executor does)
            future.set_exception(error)
        return future


@contextmanager
def in_order() -> Iterator[None]:
    """While this lasts the engine sends its updates in order."""
    with (
        mock.patch.object(rollout, "ThreadPoolExecutor", InOrder),
        mock.patch.object(steady, "ThreadPoolExecutor", InOrder),
    ):
        yield
