"""What the front is told to do, as JSON: behaviours on or off, rules, seed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.support.aws_fault_proxy.rules import Rule, rule_from_json


@dataclass(frozen=True)
class Behaviours:
    """The AWS truths the front adds; what changes no answer of a well-behaved MiniStack is on by itself."""

    run_task_idempotency: bool = True
    started_by: bool = True
    drop_failed: bool = True
    service_deployments: bool = False
    health_checks: bool = False


@dataclass(frozen=True)
class Script:
    """Everything that steers the front."""

    rules: tuple[Rule, ...] = ()
    behaviours: Behaviours = field(default_factory=Behaviours)
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """The script as its file spells it."""
        return {**asdict(self), "rules": [asdict(rule) for rule in self.rules]}


def script_from_json(data: Mapping[str, Any]) -> Script:
    """Read a script. Raises TypeError for a key that does not exist, so that a misspelt rule is never a silent one."""
    unknown = set(data) - {"rules", "behaviours", "seed"}
    if unknown:
        raise TypeError(f"a script has rules, behaviours and seed, not {sorted(unknown)}")
    return Script(
        rules=tuple(rule_from_json(rule) for rule in data.get("rules", ())),
        behaviours=Behaviours(**data.get("behaviours", {})),
        seed=int(data.get("seed", 0)),
    )
