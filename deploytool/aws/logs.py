"""CloudWatch Logs (port ``run.ports.Logs``)."""

from __future__ import annotations

from typing import Any

from deploytool.aws.call import call
from deploytool.aws.session import Session
from deploytool.core.observed import LogPlace
from deploytool.errors import CloudError, NotFound


class Logs:
    """GetLogEvents on the streams that awslogs writes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.unreadable: set[str] = set()
        """Why a log could not be shown; a log that cannot be read never stops a release."""

    def follow(self, place: LogPlace) -> Stream:
        """A reader that begins at the stream's first line."""
        return Stream(self, place)

    def from_tail(self, place: LogPlace, lines: int) -> Stream:
        """A reader that begins with the last ``lines`` lines."""
        return Stream(self, place, lines)

    def tail(self, place: LogPlace, lines: int) -> tuple[str, ...]:
        """The last lines of a stream, oldest first."""
        events, _ = self.read(place, limit=lines, startFromHead=False)
        return tuple(events)

    def read(self, place: LogPlace, **how: Any) -> tuple[list[str], str | None]:
        """Lines and the token for the next ones. A stream that is not there (yet) has none."""
        try:
            answer = call(
                self._session.client("logs"),
                "get_log_events",
                logGroupName=place.group,
                logStreamName=place.stream,
                **how,
            )
        except NotFound:
            return [], None
        except CloudError as error:
            self.unreadable.add(f"the log {place.group} could not be read: {error.cause}; {error.fix}")
            return [], None
        return [event["message"].rstrip("\n") for event in answer["events"]], answer.get("nextForwardToken")


class Stream:
    """One stream, read on from where it was left (port ``run.ports.Follower``)."""

    def __init__(self, logs: Logs, place: LogPlace, last: int | None = None) -> None:
        self._logs = logs
        self._place = place
        self._last = last
        self._token: str | None = None

    def read(self) -> tuple[str, ...]:
        """New lines since the last call; the first call gives all of them, or the ``last`` ones."""
        if self._token:
            how: dict[str, Any] = {"nextToken": self._token, "startFromHead": True}
        elif self._last:
            how = {"limit": self._last, "startFromHead": False}
        else:
            how = {"startFromHead": True}
        lines, token = self._logs.read(self._place, **how)
        self._token = token or self._token
        return tuple(lines)
