"""What GitHub refuses or fails to do. Told at the end of a release, never its reason to fail."""

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
from deploytool.errors import DeployError, Exit

# What GitHub refuses or fails to do. Told at the end of a release, never its reason to fail.


class GithubError(DeployError):
    """GitHub refused or failed a call; the class below says which kind."""

    exit_code = Exit.PRECONDITION_FAILED


class Unauthorized(GithubError):
    """401: the token is wrong, expired or revoked."""

    def __init__(self) -> None:
        super().__init__("GitHub does not accept the token", "pass a valid one in GITHUB_TOKEN")


class Forbidden(GithubError):
    """403: the token is valid and lacks a permission. ``permission`` is the workflow's missing line."""

    def __init__(self, what: str, permission: str, message: str) -> None:
        self.permission = permission
        fix = f"add `{permission}` to the job's `permissions:`" if permission else "give the token the permission"
        super().__init__(f"the token may not {what}: {message}", fix)


class RateLimited(GithubError):
    """403 or 429: too many requests. ``retry_after`` is in seconds from now."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"GitHub's rate limit is reached; it asks to wait {retry_after:.0f} s", "run fewer jobs with this token"
        )


class Missing(GithubError):
    """404: what was asked for is not there, or the token may not see it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"GitHub found nothing to {what}", "check GITHUB_REPOSITORY, and that the token may read that repository"
        )


class Unprocessable(GithubError):
    """409 or 422: GitHub understood and will not do it; asking again cannot help. ``status`` says which."""

    def __init__(self, what: str, message: str, status: int) -> None:
        self.status = status
        super().__init__(f"GitHub would not {what}: {message}", "")


class Unreachable(GithubError):
    """No answer, or a 5xx, until the patience was used up. ``sent``: it may have been carried out all the same."""

    def __init__(self, what: str, message: str, sent: bool = True) -> None:
        self.sent = sent
        super().__init__(f"GitHub could not be reached to {what}: {message}", "see https://www.githubstatus.com")


# ghapi's exceptions become ours. Pure: status, headers and message in, one of our errors out.

UNSAID = 60.0
"""Seconds to wait where GitHub limits without saying for how long (its documentation: at least a minute)."""


def translated(
    status: int | None, headers: Mapping[str, str], message: str, what: str, permission: str, now: float
) -> GithubError:
    """Our error for an answer of GitHub, or for no answer (``status`` is ``None``).

    ``what`` completes "the token may not …". ``permission`` is what the call needs where GitHub does not say it.
    ``now`` is seconds since the epoch.
    """
    words = " ".join(message.split())[:300]
    if status is None or status >= 500:
        return Unreachable(what, f"{status} {words}" if status else words)
    if status == 401:
        return Unauthorized()
    if status == 429 or (status == 403 and _limited(headers, words)):
        return RateLimited(_retry_after(headers, now))
    if status == 403:
        return Forbidden(what, _permission(headers) or permission, words)
    if status == 404:
        return Missing(what)
    return Unprocessable(what, words, status)


def _limited(headers: Mapping[str, str], message: str) -> bool:
    spent = headers.get("x-ratelimit-remaining") == "0"
    return spent or "retry-after" in headers or "rate limit" in message.lower()


def _retry_after(headers: Mapping[str, str], now: float) -> float:
    if (seconds := headers.get("retry-after", "")).isdecimal():
        return float(seconds)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(1.0, float(reset) - now)
    return UNSAID


def _permission(headers: Mapping[str, str]) -> str:
    """``deployments=write; contents=read`` becomes the first of them, as a workflow spells it."""
    first = headers.get("x-accepted-github-permissions", "").partition(";")[0].partition(",")[0].strip()
    name, equals, level = first.partition("=")
    return f"{name.replace('_', '-')}: {level}" if equals else ""


# The GitHub API through ghapi: one connection kept open, our errors, patience with a limit.

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
            if operation in self._doubtful and (existing := find()) is not None:
                return existing
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


# The numbers that GitHub knows a repository and its owner by.

SECONDS = 5.0


def repository_ids(api_url: str, token: str, repository: str) -> tuple[int, int]:
    """Ids of owner and repository (``GET /repos/{owner}/{repo}``); zeros where GitHub does not say."""
    client = GithubClient(api_url, token, repository)
    client.hurry(SECONDS)
    try:
        answer = client.call("repos.get", "read the repository", "metadata: read")
    except GithubError:
        return 0, 0
    return int(answer["owner"]["id"]), int(answer["id"])
