"""One AWS call from arrival to answer: faults first, then what the behaviours add, then the upstream."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tests.support.aws_fault_proxy.behaviour import Behaviour
from tests.support.aws_fault_proxy.faults import fault_answer
from tests.support.aws_fault_proxy.rules import Effect
from tests.support.aws_fault_proxy.wire import Answer, AwsCall, Json, json_answer


class Memory(Protocol):
    """What stale reads are answered from."""

    def before_change(self, call: AwsCall) -> None:
        """A call is about to go upstream that may change what is remembered."""

    def record(self, call: AwsCall, answer: Answer) -> None:
        """A fresh answer."""

    def as_of(self, call: AwsCall, payload: Json, seconds: float) -> Json:
        """The payload with each thing in it as it was `seconds` ago."""


@dataclass(frozen=True)
class Reset:
    """The caller's connection is to be reset instead of answered."""


def exchange(
    call: AwsCall,
    effects: list[Effect],
    behaviours: list[Behaviour],
    upstream: Callable[[], Answer],
    memory: Memory,
) -> Answer | Reset:
    """Answer one call. `upstream` passes it on."""
    for effect in effects:
        if effect.kind == "latency":
            time.sleep(effect.seconds)
    for effect in effects:
        if effect.kind == "reset":
            return Reset()
        fault = fault_answer(effect, call)
        if fault:
            return fault
    memory.before_change(call)
    answer = _answered(call, behaviours, upstream)
    memory.record(call, answer)
    for effect in effects:
        if effect.kind == "reset_after":
            return Reset()
        if effect.kind == "stale" and answer.status == 200:
            answer = json_answer(memory.as_of(call, answer.json(), effect.seconds))
    return answer


def _answered(call: AwsCall, behaviours: list[Behaviour], upstream: Callable[[], Answer]) -> Answer:
    try:
        for behaviour in behaviours:
            known = behaviour.before(call)
            if known:
                return known
        answer = upstream()
        # Only ECS is ever rewritten: every other service's bytes stay as they came.
        if call.service != "ecs" or answer.status != 200:
            return answer
        original = answer.json()
        payload = original
        for behaviour in behaviours:
            payload = behaviour.after(call, payload)
        return answer if payload == original else json_answer(payload)
    finally:
        for behaviour in behaviours:
            behaviour.finished(call)
