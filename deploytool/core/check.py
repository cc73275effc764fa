"""What is live, held against what a release needs: every reason to refuse, at once."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.core.config.model import Settings
from deploytool.core.model import Live, LiveService, Problem, PublishedImage
from deploytool.core.observed import TaskDefinition, revision
from deploytool.core.plan_model import ServiceChange
from deploytool.core.task_definition import cpu_architecture
from deploytool.errors import Refused

PLATFORM = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}


class ReleaseRefused(Refused):
    """Every problem found, so that one reading is enough."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        causes, fixes = (
            "; ".join(dict.fromkeys(words))
            for words in ([problem.cause for problem in problems], [problem.fix for problem in problems])
        )
        super().__init__(causes, fixes)


def refusals(settings: Settings, live: Live) -> tuple[Problem, ...]:
    """Every reason why a release must not begin, in the order of the configuration."""
    found = [*account_problems(settings, live), *live.problems]
    for key in settings.services:
        if service := live.services.get(key):
            found.extend(_service(service))
    found.extend(_cpu(settings, live))
    return tuple(dict.fromkeys(found))


def warnings(live: Live) -> tuple[str, ...]:
    """What should be mended, and does not stop a release."""
    found = list(live.warnings)
    for service in live.services.values():
        state = service.state
        if not (state.circuit_breaker and state.circuit_breaker_rollback):
            found.append(
                f"service {state.name} has no deployment circuit breaker with rollback: "
                "if deploytool itself is killed, a crashing version would restart for ever"
            )
        if state.primary and state.primary.rollout_state == "FAILED":
            found.append(
                f"the last deployment of service {state.name} failed: if this release fails too, "
                f"{revision(state.task_definition)} is all it can go back to"
            )
        if state.desired == 0:
            found.append(f"service {state.name} wants 0 tasks: nothing of it will run")
    return tuple(found)


def live_but_failed(change: ServiceChange) -> Iterator[Problem]:
    """Saying that there is nothing to do would be a lie, and UpdateService with the same revision begins nothing."""
    primary = change.before.primary
    if change.unchanged and primary and primary.rollout_state == "FAILED":
        yield Problem(
            f"service {change.name} was moved to this version before, and its deployment failed"
            + (f" ({primary.rollout_state_reason.rstrip('.')})" if primary.rollout_state_reason else ""),
            f"release a commit that mends it, or begin anew: aws ecs update-service --cluster {change.before.cluster} "
            f"--service {change.name} --force-new-deployment",
        )


def account_problems(settings: Settings, live: Live) -> Iterator[Problem]:
    """The credentials are of another account than the configured one."""
    if settings.account and settings.account != live.account:
        yield Problem(
            f"the credentials are of account {live.account}, but {settings.environment} is in {settings.account}",
            f"use credentials of {settings.account}, or correct environments.{settings.environment}.account",
        )


def _service(service: LiveService) -> Iterator[Problem]:
    state = service.state
    if state.status != "ACTIVE":
        yield Problem(f"service {state.name} is {state.status}", "create it again, or take it out of deploytool.yml")
    if state.controller != "ECS":
        yield Problem(
            f"service {state.name} is deployed by {state.controller}, not by ECS",
            f"release it with {state.controller}, or recreate it with deploymentController ECS",
        )
    if service.task_definition.get("status") == "INACTIVE":
        yield Problem(
            f"service {state.name} runs {revision(state.task_definition)}, which is INACTIVE: "
            "ECS could not go back to it if the release failed",
            f"register a copy of {revision(state.task_definition)} and move the service to it first",
        )
    primary = state.primary
    if state.controller == "ECS" and primary and primary.rollout_state == "IN_PROGRESS":
        yield Problem(
            f"a rollout of service {state.name} is already in progress ({primary.id})",
            "wait until it ends (deploytool status shows it), then release again",
        )


def _cpu(settings: Settings, live: Live) -> Iterator[Problem]:
    for key, service in live.services.items():
        wanted = settings.services[key]
        for image in sorted(wanted.images):
            yield from cpu_problems(
                image, live.images.get(image), live.templates.get(key, service.task_definition), key
            )
    if settings.migrate and (base := live.templates.get("migrate", live.migrate)):
        name = settings.migrate.image
        yield from cpu_problems(name, live.images.get(name), base, "migrate")


def cpu_problems(image: str, published: PublishedImage | None, base: TaskDefinition, who: str) -> Iterator[Problem]:
    """The task asks for a CPU that the image was not built for."""
    needs = PLATFORM[cpu_architecture(base)]
    if published and published.platforms and not any(built.startswith(needs) for built in published.platforms):
        built = [cpu for cpu, platform in PLATFORM.items() if platform in published.platforms]
        other = f", or runtimePlatform.cpuArchitecture of its task definition to {built[0]}" if built else ""
        yield Problem(
            f"image {image} is built for {', '.join(published.platforms)}, but {who} runs on {needs}",
            f"set images.{image}.platforms to [{needs}]{other}",
        )
