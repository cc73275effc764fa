"""What waiting for ten services asks of AWS, whose limits a whole account shares."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.failure import MeasurementFailed
from benchmarks.figures import OURS, Bound, Figure
from benchmarks.stage import Stage, Version
from benchmarks.wide import Wide, wide
from tests.peers.front.call_log import Call
from tests.peers.front.script import Behaviours


def calls(stage: Stage, runs: int) -> list[Figure]:
    """Calls a second, without service deployments, as MiniStack is, and with them, as AWS is."""
    told = {
        "AWS calls while 10 services roll out": Behaviours(service_deployments=False),
        "the same, service deployments read too": Behaviours(service_deployments=True),
    }
    rates: dict[str, list[float]] = {name: [] for name in told}
    live = stage.versions[0]
    with wide(stage) as ten:
        for number in range(runs):
            for name, behaviours in told.items():
                live = next(version for version in stage.versions if version != live)
                rates[name].append(_measure(ten, live, behaviours))
                stage.say(f"run {number + 1} of {runs}: {name}: {rates[name][-1]:.2f} a second")
    return [Figure(name, "/s", {OURS: tuple(found)}, (Bound(1.5),)) for name, found in rates.items()]


def _measure(ten: Wide, version: Version, behaviours: Behaviours) -> float:
    ten.front.reset()
    ten.front.script(behaviours=behaviours)
    ran = ten.release(version)
    made = ten.front.calls()
    asked = any(call.action == "DescribeServiceDeployments" for call in made)
    if asked is not behaviours.service_deployments:
        raise MeasurementFailed(f"service deployments were {'' if asked else 'not '}read:\n{ran.output}")
    ten.observer().until_settled()
    return rate(made)


def rate(made: Sequence[Call]) -> float:
    """Calls a second of the wait: from the answer to the last UpdateService to the answer to the last call, which is
    the poll that found everything done. The first poll, sent at once, opens the wait and is not counted.
    """
    updates = [number for number, call in enumerate(made) if call.action == "UpdateService"]
    if not updates:
        raise MeasurementFailed("no service was updated")
    began = max(made[number].at + made[number].seconds for number in updates)
    waiting = [call for call in made if call.at >= began]
    ended = max((call.at + call.seconds for call in waiting), default=began)
    if len(waiting) < 2:
        raise MeasurementFailed("nobody waited")
    return len(waiting) / (ended - began)
