"""Which planted faults are seen, and by what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploytool.infra.checks import CHECKS
from deploytool.infra.checks.model import template_set
from tests.support.cloudformation import tools
from tests.support.cloudformation.allowed import ALLOWED
from tests.support.cloudformation.faults.planted import Planted
from tests.support.cloudformation.templates import SITUATIONS, STACKS, load

Finding = tuple[str, str]
"""Rule, and logical id."""
_BY_NAME = {check.__name__: check for check in CHECKS}


@dataclass(frozen=True)
class Verdict:
    """What became of one planted fault."""

    fault: Planted
    new: tuple[Finding, ...]
    """What is found with the fault and not without it, by the kind of check that is for it."""

    @property
    def caught(self) -> bool:
        """By the rule that is for it: what else is found may be chance."""
        return any(rule == self.fault.caught_by for rule, _ in self.new)


@dataclass(frozen=True)
class Judgement:
    """All of one run of the tools."""

    clean: dict[str, list[Finding]]
    """What is found in the templates as they are, and is not allowed, by stack."""
    never_found: list[Finding]
    """What is allowed for nothing."""
    verdicts: tuple[Verdict, ...]


def judge(faults: Sequence[Planted], directory: Path) -> Judgement:
    """Plant each fault alone and look; ``directory`` is empty and takes the templates. The tools run once, for all."""
    by_tools = {f"fault-{number}": fault for number, fault in enumerate(faults) if not fault.is_ours}
    written = {**load(), **{name: fault.templates()[fault.stack] for name, fault in by_tools.items()}}
    for name, document in written.items():
        (directory / f"{name}.json").write_text(json.dumps(document))
    result = tools.findings(directory)
    tool_verdicts = (
        Verdict(fault, tuple(sorted(result[name] - result[fault.stack]))) for name, fault in by_tools.items()
    )
    return Judgement(
        {stack: sorted(result[stack] - set(ALLOWED)) for stack in STACKS},
        sorted(set(ALLOWED).difference(*(result[stack] for stack in STACKS))),
        (*(ours(fault) for fault in faults if fault.is_ours), *tool_verdicts),
    )


def ours(fault: Planted) -> Verdict:
    """The verdict on a fault that is for one of our own checks; they find nothing without it."""
    documents = fault.templates()
    check = _BY_NAME[fault.caught_by]
    places = {item.resource for values in SITUATIONS.values() for item in check(template_set(documents, values))}
    return Verdict(fault, tuple((fault.caught_by, place) for place in sorted(places)))
