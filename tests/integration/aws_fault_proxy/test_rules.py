"""Which calls a rule hits."""

from typing import Any

import pytest

from tests.support.aws_fault_proxy.rules import Effect, Rule, Rules, hits, matches
from tests.support.aws_fault_proxy.script import Script, script_from_json
from tests.support.aws_fault_proxy.wire import AwsCall

THROTTLE = Effect("throttle")
UPDATE = AwsCall("ecs", "UpdateService", "json", {"cluster": "prod", "service": "app"})


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(THROTTLE), True),
        (Rule(THROTTLE, service="ecs", action="Update.*"), True),
        (Rule(THROTTLE, action="Update"), False),
        (Rule(THROTTLE, service="ecr"), False),
        (Rule(THROTTLE, params={"service": "^app$"}), True),
        (Rule(THROTTLE, params={"service": "worker"}), False),
        (Rule(THROTTLE, params={"missing": "."}), False),
    ],
)
def test_a_rule_speaks_of_the_calls_it_describes(rule: Rule, expected: bool) -> None:
    assert matches(rule, UPDATE) is expected


@pytest.mark.parametrize(
    ("when", "hit"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 3}, [3]),
        ({"first": 2}, [1, 2]),
        ({"every": 2}, [2, 4, 6]),
        ({"after": 4}, [5, 6]),
        ({"times": 1}, [1]),
        ({"every": 2, "times": 2}, [2, 4]),
        ({"after": 1, "every": 3}, [3, 6]),
        ({"probability": 0.0}, []),
    ],
)
def test_a_rule_hits_the_calls_its_counters_choose(when: dict[str, Any], hit: list[int]) -> None:
    rules = Rules((Rule(THROTTLE, **when),))
    assert [n for n in range(1, 7) if rules.effects(UPDATE)] == hit


@pytest.mark.parametrize(("draw", "expected"), [(0.29, True), (0.3, False)])
def test_chance_hits_below_its_probability_only(draw: float, expected: bool) -> None:
    assert hits(Rule(THROTTLE, probability=0.3), 1, 0, draw) is expected


def test_the_same_seed_gives_the_same_faults_and_another_seed_others() -> None:
    def faults(seed: int) -> list[bool]:
        rules = Rules((Rule(THROTTLE, probability=0.5),), seed)
        return [bool(rules.effects(UPDATE)) for _ in range(40)]

    assert faults(7) == faults(7)
    assert faults(7) != faults(8)


def test_a_rule_leaves_the_draws_of_the_ones_before_it_alone() -> None:
    chance = Rule(THROTTLE, probability=0.5)
    alone, joined = Rules((chance,)), Rules((chance, Rule(Effect("reset"), probability=0.5)))
    for _ in range(40):
        assert [e.kind for e in alone.effects(UPDATE)] == [e.kind for e in joined.effects(UPDATE) if e.kind != "reset"]


def test_a_script_is_the_same_after_it_went_through_json() -> None:
    script = Script((Rule(THROTTLE, action="Run.*", params={"cluster": "x"}, every=2),), seed=3)
    assert script_from_json(script.to_json()) == script


@pytest.mark.parametrize(
    "spelt",
    [{"rule": []}, {"rules": [{"effect": {"kind": "reset"}, "acton": "x"}]}, {"behaviours": {"health": True}}],
)
def test_a_misspelt_script_is_refused(spelt: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        script_from_json(spelt)
