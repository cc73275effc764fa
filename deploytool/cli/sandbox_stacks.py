"""The sandbox's account is made as any other: by `infra apply`, with a stand-in for the first image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from deploytool.cli.clock import SystemClock
from deploytool.cli.infra_sandbox import fitted, told
from deploytool.cli.infra_wiring import Wish, target_of, world_of
from deploytool.cli.project import opened, point_to
from deploytool.cli.transaction import Busy
from deploytool.core.events import Event, Warned
from deploytool.core.stacks.events import InfraEvent, StackEnded
from deploytool.core.stacks.outcome import InfraOutcome
from deploytool.core.stacks.template import Template
from deploytool.run.ports import Say
from deploytool.run.stacks.apply import apply
from deploytool.sandbox.errors import SandboxError
from deploytool.sandbox.state import SandboxState
from deploytool.sandbox.up import Apply

Push = Callable[[], str]


class Placeholder:
    """Port ``run.stacks.ports.Images`` of an account in which nothing runs: ``push`` pushes the stand-in."""

    def __init__(self, push: Push) -> None:
        self._push = push

    def running(self) -> Mapping[str, str]:
        """Nothing yet."""
        return {}

    def built(self, missing: Sequence[str], _say: Say) -> Mapping[str, str]:
        """By now the repository is there."""
        return dict.fromkeys(missing, self._push())


def applying(say: Callable[[str], None]) -> Apply:
    """What ``sandbox.up`` makes the account with; ``say`` hears of each stack."""

    def tell(event: InfraEvent | Event) -> None:
        match event:
            case StackEnded(end):
                say(f"stack {end.name}: {end.fate} ({end.seconds:.1f} s)")
            case Warned(text):
                say(f"warning: {text}")

    def applied(state: SandboxState, environment: str, push: Push) -> str:
        read: list[Template] = []

        def prepare(template: Template) -> Template:
            read.append(fitted(template))
            # Told once, at the end, not for each environment.
            return replace(read[-1], left_out=())

        point_to(state)
        found, clock = opened(str(state.workdir / "deploytool.yml"), environment), SystemClock()
        target = target_of(found, Wish(), prepare)
        world = world_of(found, clock, tell, target.run_id, Busy(), "sandbox up")
        _require_good(apply(target, replace(world, images=Placeholder(push))))
        return told(read)

    return applied


def _require_good(outcome: InfraOutcome) -> None:
    if outcome.good:
        return
    cause = outcome.diagnoses[0].cause if outcome.diagnoses else outcome.result
    raise SandboxError(
        f"the stacks of {outcome.environment} were not made: {cause}", "run `deploytool sandbox up` again"
    )
