"""CloudWatch alarms and logs, and the load balancer's target groups, as a release reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deploytool.aws.call import batches, call
from deploytool.aws.session import Session
from deploytool.ecs.model import LogStream, Target, TargetGroup
from deploytool.errors import CloudError, NotFound

NAMES_PER_CALL = 100


class Alarms:
    """DescribeAlarms, metric and composite."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ringing(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those in state ALARM. Raises NotFound for a name that no alarm has: a bake has to watch something."""
        client = self._session.client("cloudwatch")
        states = {}
        for batch in batches(names, NAMES_PER_CALL):
            answer = call(client, "describe_alarms", AlarmNames=batch, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
            for alarm in (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())):
                states[alarm["AlarmName"]] = alarm["StateValue"]
        if missing := [name for name in names if name not in states]:
            raise NotFound(
                f"there is no CloudWatch alarm {', '.join(missing)}", "correct verify.alarms in deploytool.yml"
            )
        return tuple(name for name in names if states[name] == "ALARM")


class Logs:
    """GetLogEvents on the streams that awslogs writes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.unreadable: set[str] = set()
        """Why a log could not be shown; a log that cannot be read never stops a release."""

    def follow(self, stream: LogStream) -> Stream:
        """From the stream's first line."""
        return Stream(self, stream)

    def from_tail(self, stream: LogStream, lines: int) -> Stream:
        """From the last ``lines`` lines."""
        return Stream(self, stream, lines)

    def tail(self, stream: LogStream, lines: int) -> tuple[str, ...]:
        """The last lines of a stream, oldest first."""
        events, _ = self.read(stream, limit=lines, startFromHead=False)
        return tuple(events)

    def read(self, stream: LogStream, **options: Any) -> tuple[list[str], str | None]:
        """Lines and the token for the next ones. A stream that is not there (yet) has none."""
        try:
            answer = call(
                self._session.client("logs"),
                "get_log_events",
                logGroupName=stream.group,
                logStreamName=stream.stream,
                **options,
            )
        except NotFound:
            return [], None
        except CloudError as error:
            self.unreadable.add(f"the log {stream.group} could not be read: {error.cause}; {error.fix}")
            return [], None
        return [event["message"].rstrip("\n") for event in answer["events"]], answer.get("nextForwardToken")


class Stream:
    """A reader of one log stream that continues where it stopped."""

    def __init__(self, logs: Logs, stream: LogStream, last: int | None = None) -> None:
        self._logs = logs
        self._stream = stream
        self._last = last
        self._token: str | None = None

    def read(self) -> tuple[str, ...]:
        """New lines since the last call; the first call gives all of them, or the ``last`` ones."""
        if self._token:
            options: dict[str, Any] = {"nextToken": self._token, "startFromHead": True}
        elif self._last:
            options = {"limit": self._last, "startFromHead": False}
        else:
            options = {"startFromHead": True}
        lines, token = self._logs.read(self._stream, **options)
        self._token = token or self._token
        return tuple(lines)


class TargetGroups:
    """DescribeTargetGroups and DescribeTargetHealth."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def group(self, arn: str) -> TargetGroup:
        """How it checks its targets. Raises CloudError."""
        answer = call(self._session.client("elbv2"), "describe_target_groups", TargetGroupArns=[arn])
        return _group(answer["TargetGroups"][0])

    def targets(self, arn: str) -> tuple[Target, ...]:
        """The health of each target. Raises CloudError."""
        answer = call(self._session.client("elbv2"), "describe_target_health", TargetGroupArn=arn)
        return tuple(_target(each) for each in answer["TargetHealthDescriptions"])


def _group(raw: Mapping[str, Any]) -> TargetGroup:
    matcher = raw.get("Matcher", {})
    return TargetGroup(
        arn=raw["TargetGroupArn"],
        protocol=raw.get("HealthCheckProtocol", "HTTP"),
        port=str(raw.get("HealthCheckPort", "traffic-port")),
        path=raw.get("HealthCheckPath", ""),
        codes=matcher.get("HttpCode") or matcher.get("GrpcCode") or "",
        interval=raw.get("HealthCheckIntervalSeconds", 30),
        timeout=raw.get("HealthCheckTimeoutSeconds", 5),
        misses=raw.get("UnhealthyThresholdCount", 2),
    )


def _target(raw: Mapping[str, Any]) -> Target:
    health = raw.get("TargetHealth", {})
    return Target(
        id=raw["Target"]["Id"],
        port=raw["Target"].get("Port", 0),
        state=health.get("State", ""),
        reason=health.get("Reason", ""),
        description=health.get("Description", ""),
    )
