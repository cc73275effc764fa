"""What waiting for ten services asks of AWS, whose limits a whole account shares."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.env import BenchmarkEnv, Version
from tests.benchmarks.failure import MeasurementFailed
from tests.benchmarks.figures import OURS, Bound, Figure
from tests.benchmarks.many_services import ManyServices, many_services
from tests.support.aws_fault_proxy.call_log import Call
from tests.support.aws_fault_proxy.rules import Effect, Rule

OK = 200


def calls(env: BenchmarkEnv, runs: int) -> list[Figure]:
    """Calls a second where IAM denies DescribeServiceDeployments."""
    return _rates(env, runs, "AWS calls while 10 services roll out", service_deployments=False)


def calls_detailed(env: BenchmarkEnv, runs: int) -> list[Figure]:
    """The same where it allows it."""
    return _rates(env, runs, "the same, service deployments read", service_deployments=True)


def _rates(env: BenchmarkEnv, runs: int, name: str, *, service_deployments: bool) -> list[Figure]:
    rates: list[float] = []
    with many_services(env) as ten:
        for number in range(runs):
            version = env.versions[(number + 1) % len(env.versions)]
            rates.append(_measure(ten, version, service_deployments=service_deployments))
            env.write_line(f"run {number + 1} of {runs}: {name}: {rates[-1]:.2f} a second")
    return [Figure(name, "/s", {OURS: tuple(rates)}, (Bound(1.5),))]


def _measure(ten: ManyServices, version: Version, *, service_deployments: bool) -> float:
    ten.front.reset()
    denied = Rule(Effect("access_denied"), action="DescribeServiceDeployments")
    ten.front.script([] if service_deployments else [denied])
    ten.release(version)
    made = ten.front.calls()
    ten.observer().until_settled()
    read = any(call.action == "DescribeServiceDeployments" and call.status == OK for call in made)
    if read is not service_deployments:
        raise MeasurementFailed(
            "service deployments were read, which was denied"
            if read
            else "service deployments were not read, though that was allowed: the rate would be too low"
        )
    return rate(made)


def rate(made: Sequence[Call]) -> float:
    """Calls a second of the wait, from its first poll to its last, which is not counted itself: n polls, with all that
    goes with them, in n pauses. To count both ends would tell of how short the wait was, not of how it is paced.
    """
    updates = [call.at + call.seconds for call in made if call.action == "UpdateService"]
    waiting = [call for call in made if updates and call.at >= max(updates)]
    polls = [call.at for call in waiting if call.action == "DescribeServices"]
    if len(polls) < 2:
        raise MeasurementFailed("nobody waited for a service")
    return sum(polls[0] <= call.at < polls[-1] for call in waiting) / (polls[-1] - polls[0])
