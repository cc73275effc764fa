"""CloudWatch alarms (port ``run.ports.Alarms``)."""

from __future__ import annotations

from collections.abc import Sequence

from deploytool.aws.call import call
from deploytool.aws.session import Session
from deploytool.errors import NotFound

NAMES_PER_CALL = 100


class Alarms:
    """DescribeAlarms, metric and composite."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ringing(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those in state ALARM. Raises NotFound for a name that no alarm has: a bake has to watch something."""
        client = self._session.client("cloudwatch")
        found = {}
        for start in range(0, len(names), NAMES_PER_CALL):
            answer = call(
                client,
                "describe_alarms",
                AlarmNames=list(names[start : start + NAMES_PER_CALL]),
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            )
            for alarm in (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())):
                found[alarm["AlarmName"]] = alarm["StateValue"]
        if missing := [name for name in names if name not in found]:
            raise NotFound(
                f"there is no CloudWatch alarm {', '.join(missing)}", "correct verify.alarms in deploytool.yml"
            )
        return tuple(name for name in names if found[name] == "ALARM")
