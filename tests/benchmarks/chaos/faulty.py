"""Releases through a cloud of which every tenth call fails."""

from __future__ import annotations

from tests.benchmarks.chaos.env import ChaosEnv
from tests.benchmarks.chaos.row import Row, counted
from tests.support.aws_fault_proxy.rules import Effect, Rule

AWS = "(?!registry).*"
"""Docker's own pushes are not calls of ours."""
RULES = (
    Rule(Effect("throttle"), service=AWS, probability=0.025),
    Rule(Effect("server_error", status=503), service=AWS, probability=0.025),
    Rule(Effect("reset"), service=AWS, probability=0.025),
    # The answer is lost, the call was made: what must not be repeated blindly.
    Rule(Effect("reset_after"), service=AWS, probability=0.025),
)


def faulty(env: ChaosEnv, attempts: int) -> Row:
    """5 % throttled or failing with 5xx, 1 in 20 connections reset."""
    failures, calls, hit = [], 0, 0
    for number in range(1, attempts + 1):
        commit = env.next()
        env.shop.front.reset()
        env.shop.front.script(RULES, seed=number)
        ran = env.run("release")
        made = env.shop.front.calls()
        env.shop.front.reset()
        calls, hit = calls + len(made), hit + sum(bool(call.fault) for call in made)
        tokens = {call.params["clientToken"] for call in made if call.action == "RunTask"}
        wrong = f"exit {ran.code}: {ran.told}" if ran.code else env.wrong(commit)
        if not wrong and len(tokens) > 1:
            wrong = f"{len(tokens)} migrations were started"
        if wrong:
            failures.append(f"number {number}: {wrong}")
        env.write_line(f"faulty cloud {number} of {attempts}: {wrong or f'released in {ran.seconds:.1f} s'}")
    note = f"{hit} of {calls} calls hit"
    return counted("5 % of AWS calls throttled or 5xx, 1 in 20 connections reset", attempts, failures, note)
