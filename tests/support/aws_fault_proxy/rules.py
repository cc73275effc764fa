"""Which fault hits which call: rules matched by service, action and parameters, counted, and drawn from one seed."""

import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.support.aws_fault_proxy.wire import AwsCall

EffectKind = Literal[
    "throttle",
    "server_error",
    "reset",
    "reset_after",
    "latency",
    "access_denied",
    "expired_token",
    "stale",
    "run_task_failure",
    "push_denied",
    "scan",
    "empty",
]


@dataclass(frozen=True)
class Effect:
    """What happens to a call that a rule hits.

    `seconds` is the delay of latency and the age of a stale read; `reason` the RunTask failure's; `resource` the ARN
    an AccessDenied message names (worked out from the parameters when empty); `status` the HTTP status of server_error.
    `empty` is for DescribeServiceDeployments: AWS knows none of them.
    Of an image scan `reason` is the status, `NONE` where there is no scan, and `counts` what it found by severity.
    """

    kind: EffectKind
    seconds: float = 0.0
    reason: str = "RESOURCE:CPU"
    resource: str = ""
    status: int = 500
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """Calls matching `service`, `action` (whole-string regexes) and every `params` regex are counted from 1; of those,
    the ones chosen by `nth`, `first`, `every` and `after` (all that are given must agree) are hit with `probability`,
    at most `times` times."""

    effect: Effect
    service: str = ".*"
    action: str = ".*"
    params: Mapping[str, str] = field(default_factory=dict)
    probability: float = 1.0
    nth: int | None = None
    first: int | None = None
    every: int | None = None
    after: int | None = None
    times: int | None = None


def rule_from_json(data: Mapping[str, Any]) -> Rule:
    """A rule as the script file spells it. Raises TypeError for a key that does not exist."""
    fields = dict(data)
    return Rule(effect=Effect(**fields.pop("effect")), **fields)


def matches(rule: Rule, call: AwsCall) -> bool:
    """Whether the rule speaks of this call at all."""
    return (
        re.fullmatch(rule.service, call.service) is not None
        and re.fullmatch(rule.action, call.action) is not None
        and all(re.search(pattern, str(call.params.get(name, ""))) for name, pattern in rule.params.items())
    )


def hits(rule: Rule, seen: int, hit: int, draw: float) -> bool:
    """Whether the `seen`-th matching call (from 1) is hit, after `hit` earlier ones were; `draw` is in [0, 1)."""
    return (
        (rule.times is None or hit < rule.times)
        and (rule.nth is None or seen == rule.nth)
        and (rule.first is None or seen <= rule.first)
        and (rule.every is None or seen % rule.every == 0)
        and (rule.after is None or seen > rule.after)
        and draw < rule.probability
    )


class Rules:
    """The rules in force with their counts. The same script, seed and order of calls give the same faults."""

    def __init__(self, rules: tuple[Rule, ...] = (), seed: int = 0) -> None:
        self.rules = rules
        self._seen = [0] * len(rules)
        self._hit = [0] * len(rules)
        # One source per rule: a rule added at the end leaves what the others draw as it was.
        self._random = [random.Random(f"{seed}/{index}") for index in range(len(rules))]
        self._lock = threading.Lock()

    def effects(self, call: AwsCall) -> list[Effect]:
        """The effects that hit this call, in the order of the rules; counts the call."""
        chosen: list[Effect] = []
        with self._lock:
            for index, rule in enumerate(self.rules):
                if not matches(rule, call):
                    continue
                self._seen[index] += 1
                if hits(rule, self._seen[index], self._hit[index], self._random[index].random()):
                    self._hit[index] += 1
                    chosen.append(rule.effect)
        return chosen

    def may(self, kind: EffectKind) -> bool:
        """Whether any rule has this effect."""
        return any(rule.effect.kind == kind for rule in self.rules)
