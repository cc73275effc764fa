"""What the rows read out of output and call logs."""

from __future__ import annotations

import pytest

from tests.benchmarks.failure import MeasurementFailed
from tests.benchmarks.rows.calls import rate
from tests.benchmarks.rows.crash import reported_at
from tests.benchmarks.timed import Line
from tests.support.aws_fault_proxy.call_log import Call


def call(action: str, at: float, seconds: float = 0.0) -> Call:
    return Call("ecs", action, at, seconds, 200)


def test_calls_of_the_wait_are_counted_from_its_first_poll_up_to_its_last() -> None:
    made = [
        call("DescribeServices", 0.0),
        call("UpdateService", 1.0, 1.0),
        call("UpdateService", 1.0, 0.5),
        call("DescribeServices", 2.0),
        call("DescribeServiceDeployments", 2.1),
        call("DescribeServices", 4.0),
        call("DescribeServices", 6.0),
        call("DescribeServiceDeployments", 6.1),
    ]
    assert rate(made) == 3 / 4.0


@pytest.mark.parametrize(
    "made", [[], [call("UpdateService", 1.0)], [call("UpdateService", 1.0), call("DescribeServices", 2.0)]]
)
def test_there_is_no_rate_when_nobody_waited(made: list[Call]) -> None:
    with pytest.raises(MeasurementFailed):
        rate(made)


def test_a_failure_is_told_by_the_first_line_that_says_the_deployment_failed() -> None:
    lines = (
        Line(1.0, "10:00:01  worker: 0 of 1 running, 2 failed; 1 old task still serving"),
        Line(2.0, "10:00:02  worker: 0 of 1 running; the deployment failed (circuit breaker was triggered)"),
        Line(3.0, "10:00:03  deploy FAILED in 2.0 s"),
    )
    assert reported_at(lines) == 2.0


def test_there_is_no_moment_when_no_line_tells_the_failure() -> None:
    with pytest.raises(MeasurementFailed, match="app: live"):
        reported_at((Line(1.0, "app: live"),))
