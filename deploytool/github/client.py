"""The GitHub API through ghapi: one connection kept open, our errors, patience with a limit."""

from __future__ import annotations

import importlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any

import tenacity

from deploytool import __version__
from deploytool.github.errors import RateLimited, Unreachable
from deploytool.github.translate import translated

TIMEOUT = 10.0
"""Seconds for one request."""
PATIENCE = 20.0
"""Seconds that may be lost to failed requests and to waiting before the next try, over the life of a client.

Once they are spent every call is tried once."""
PAGE = 100
API_VERSION = "2022-11-28"
_NOT_CONNECTED = frozenset({"ConnectError", "ConnectTimeout"})
"""httpx2's exceptions from before anything was sent."""


class GithubClient:
    """Calls operations of ghapi by name. Safe to share between threads; loads ghapi at the first call."""

    def __init__(
        self,
        api_url: str,
        token: str,
        repository: str,
        sleep: Callable[[float], object] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``repository`` is ``owner/name``; ``now`` is seconds since the epoch."""
        self._api_url = api_url
        self._token = token
        self._owner, _, self._name = repository.partition("/")
        self._sleep = sleep
        self._monotonic = monotonic
        self._now = now
        self._patience = PATIENCE
        self._connecting = threading.Lock()
        self._doubtful: set[str] = set()
        """Operations that were sent and not answered: they may have been carried out."""
        self._api: Any = None

    def connect(self) -> None:
        """Load ghapi; no request is made. Later calls do nothing.

        It takes about half a second and 40 MB, and 36 MB more for a moment while its description of the API is read:
        early in a process that moment is not the peak.
        """
        with self._connecting:
            if self._api is None:
                self._api = self._connected()

    def _connected(self) -> Any:
        # ghapi.all and ghapi.actions set GITHUB_REPOSITORY when imported; core does not.
        importlib.import_module("ghapi.gh_spec")  # first: reading it is what takes the memory
        import httpx2
        from ghapi.core import GhApi

        # Signed in by the header alone: ghapi would prefer GITHUB_JWT_TOKEN, whoever set it, to the token given.
        api = GhApi(owner=self._owner, repo=self._name, gh_host=self._api_url, authenticate=False, sync=True)
        api.headers["Authorization"] = f"Bearer {self._token}"
        api.headers["Accept"] = "application/vnd.github+json"
        api.headers["X-GitHub-Api-Version"] = API_VERSION
        api.headers["User-Agent"] = f"archdeck-deploy/{__version__}"
        # Without a client of its own the transport opens a connection per request; retries are counted here.
        api.transport.client = httpx2.Client(timeout=TIMEOUT, follow_redirects=True)
        api.transport.retries = 0
        return api

    def hurry(self, seconds: float) -> None:
        """From now on lose at most ``seconds`` to failures: somebody waits."""
        self._patience = min(self._patience, seconds)

    def call(self, operation: str, what: str, permission: str = "", **values: Any) -> Any:
        """One operation such as ``issues.update_comment``, tried again while GitHub is unreachable or limits us.

        ``what`` completes "GitHub would not …". Raises GithubError.
        """
        return self._trying(lambda: self._once(operation, what, permission, values))

    def create(self, operation: str, what: str, permission: str, find: Callable[[], Any | None], **values: Any) -> Any:
        """As :meth:`call`, for what must not be there twice: where an answer was lost, ``find`` looks first."""

        def attempt() -> Any:
            if operation in self._doubtful and (found := find()) is not None:
                return found
            try:
                made = self._once(operation, what, permission, values)
            except Unreachable as lost:
                if lost.sent:
                    self._doubtful.add(operation)
                raise
            self._doubtful.discard(operation)
            return made

        return self._trying(attempt)

    def pages(self, operation: str, what: str, permission: str = "", **values: Any) -> Iterator[Mapping[str, Any]]:
        """Every item of a list, page by page, as far as the caller reads."""
        number = 1
        while True:
            page = self.call(operation, what, permission, per_page=PAGE, page=number, **values)
            yield from page
            if len(page) < PAGE:
                return
            number += 1

    def _once(self, operation: str, what: str, permission: str, values: Mapping[str, Any]) -> Any:
        self.connect()
        from fasttransport.errors import APIError

        began = self._monotonic()
        try:
            return attrgetter(operation)(self._api)(**values)
        except APIError as error:
            self._patience -= self._monotonic() - began
            if error.error_type in _NOT_CONNECTED:
                raise Unreachable(what, error.message, sent=False) from error
            headers = error.response.headers if error.response is not None else {}
            raise translated(error.status_code, headers, error.message, what, permission, self._now()) from error

    def _trying(self, attempt: Callable[[], Any]) -> Any:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((RateLimited, Unreachable)),
            wait=_wait,
            stop=lambda state: state.upcoming_sleep > self._patience,
            sleep=self._rest,
            reraise=True,
        )(attempt)

    def _rest(self, seconds: float) -> None:
        self._patience -= seconds
        self._sleep(seconds)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RateLimited):
        return error.retry_after
    backoff: float = min(8.0, 0.5 * 2 ** (state.attempt_number - 1))
    return backoff * random.uniform(0.75, 1.25)  # noqa: S311 - jitter
