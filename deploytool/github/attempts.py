"""What could not be told to GitHub, and when it may be tried again."""

from __future__ import annotations

from collections.abc import Callable

from deploytool.github.errors import Forbidden, GithubError, Missing, Unauthorized

PAUSE = 5.0
"""Seconds between two tries of the same subject."""
_HOPELESS = (Unauthorized, Forbidden, Missing)


class Attempts:
    """Failures, newest per subject; forgotten when the same subject works out later."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failed: dict[str, str] = {}
        self._not_before: dict[str, float] = {}

    def make(self, subject: str, send: Callable[[], None], last: bool = False) -> bool:
        """Try, unless the last failure says that it is too early or hopeless; True where it worked.

        With ``last`` there is no later: only what is hopeless is left out.
        """
        not_before = self._not_before.get(subject, 0.0)
        if not_before == float("inf") or (not last and self._monotonic() < not_before):
            return False
        try:
            send()
        except GithubError as error:
            fix = f" ({error.fix})" if error.fix else ""
            self._failed[subject] = f"not reported to GitHub: {subject}: {error.cause}{fix}"
            hopeless = isinstance(error, _HOPELESS)
            self._not_before[subject] = float("inf") if hopeless else self._monotonic() + PAUSE
            return False
        self._failed.pop(subject, None)
        return True

    def failures(self) -> tuple[str, ...]:
        """What GitHub does not show, one sentence each."""
        return tuple(dict.fromkeys(self._failed.values()))
