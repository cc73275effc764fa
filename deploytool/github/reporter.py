"""Reports a release to GitHub from a thread of its own: never raises, never delays, never claims what is not so."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from deploytool.core.events import Ended, Event, Planned, Settled
from deploytool.core.ledger import GithubRecord
from deploytool.github.client import GithubClient
from deploytool.github.comment_report import Page
from deploytool.github.context import GithubContext
from deploytool.github.session import Session

CLOSING = 5.0
"""Seconds that :meth:`GithubReporter.close` waits at most."""
AFTER_THE_END = 2.0
"""Seconds that failures may still cost once the release is over: less than close() waits, so that it can say why."""


class GithubReporter:
    """Deployment, statuses and comment of one release."""

    def __init__(
        self,
        context: GithubContext,
        page: Page,
        client: GithubClient | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        made: Callable[[GithubRecord], None] = lambda _: None,
    ) -> None:
        """``context`` must not be silent (``silent_because`` is empty). Nothing happens before :meth:`start`.

        ``made`` hears in the reporter's own thread of what was made, each time that there is more of it.
        """
        self._hurry = threading.Event()
        self._client = client or GithubClient(
            context.api_url, context.token, context.repository, sleep=self._rest, monotonic=monotonic
        )
        self._session = Session(self._client, context, page, monotonic)
        self._monotonic = monotonic
        self._made = made
        self._known = GithubRecord()
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._awaited = False
        self._fault = ""
        self._thread = threading.Thread(target=self._run, name="github", daemon=True)

    def start(self) -> None:
        """Begin. ghapi is loaded beside the release when there is something to tell, not while it looks at AWS: both
        would wait for the interpreter, and only the look is waited for.
        """
        self._thread.start()

    def tell(self, event: Event) -> None:
        """Take note of ``event``; returns at once."""
        self._events.put(event)
        self._awaited = self._awaited or isinstance(event, Planned | Settled | Ended)
        if isinstance(event, Ended):
            self._client.hurry(AFTER_THE_END)
            self._hurry.set()

    @property
    def made(self) -> GithubRecord:
        """Deployment and comments; complete at the latest after :meth:`close`."""
        return self._session.made

    def close(self, timeout: float = CLOSING) -> tuple[str, ...]:
        """Wait, at most ``timeout`` seconds, until all is reported; what was not, one sentence each."""
        self._events.put(None)
        if not self._awaited:
            # Refused before there was a plan, and nobody's deployment to close: nobody waits for ghapi to load.
            return ()
        self._client.hurry(AFTER_THE_END)
        self._hurry.set()
        self._thread.join(timeout)
        told = [*self._session.unreported(), self._fault]
        if self._thread.is_alive():
            told.insert(0, f"GitHub did not answer within {timeout:.0f} s: it may not show how this release ended")
        return tuple(filter(None, told))

    def _run(self) -> None:
        try:
            going_on = self._take()
            self._client.connect()
            while going_on:
                self._session.report()
                self._tell_made()
                going_on = self._take()
            self._session.finish()
            self._tell_made()
        except Exception as fault:  # noqa: BLE001 - a fault of ours here must not end a release; close() tells it
            self._fault = f"reporting to GitHub stopped by a fault of deploytool: {type(fault).__name__}: {fault}"

    def _tell_made(self) -> None:
        if (made := self._session.made) != self._known:
            self._known = made
            self._made(made)

    def _take(self) -> bool:
        """Wait for events or until something is due, take all there are; False once the release is over."""
        try:
            event = self._events.get(timeout=self._session.due_in())
            while event is not None and not self._session.over:
                self._session.tell(event)
                event = self._events.get_nowait()
        except queue.Empty:
            return not self._session.over
        return False

    def _rest(self, seconds: float) -> None:
        """Wait before trying again, but not when the release is over: then at once, once."""
        self._hurry.wait(seconds)
        self._hurry.clear()
