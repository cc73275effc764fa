"""One service: rolling update and circuit breaker as ECS does them, with MiniStack's rollback as a variant.

Every transition is one of ``tests/evidence``. Rollback: the earlier deployment is PRIMARY again under its old id. Ours
is listed as FAILED, and is gone once the rollback is COMPLETED. The breaker never makes a new deployment.

Rolling update: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
Circuit breaker: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html

Left out: minimum and maximum percent (all new tasks start beside the old ones, 100/200), health checks other than a
task's own end, and replacing tasks of a deployment that is no longer PRIMARY.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from deploytool.ecs.model import (
    Container,
    LoadBalancer,
    LogStream,
    ServiceDeployment,
    ServiceEvent,
    ServiceState,
    Task,
)
from tests.support.fake_ecs.clock import VirtualClock
from tests.support.fake_ecs.deployment import Rolling, moment
from tests.support.fake_ecs.life import Life
from tests.support.fake_ecs.stages import Stages, stages_of

TASK = "arn:aws:ecs:us-east-1:123456789012:task/shop/"
STEADY = 6.0
"""Seconds of nothing happening, old tasks drained meanwhile, after which ECS calls a deployment COMPLETED."""
BACKOFF = 1.0
"""Seconds between a task's failure and its replacement."""
DRAINS = 3.0
"""Seconds after the last new task runs until the old deployment's own count is 0."""
COUNTED = 0.5
"""Seconds for which a deployment's own desired count is still 0, as in UpdateService's answers."""


@dataclass
class ModelService:
    """State changes only by ``move_to`` and by what the clock makes due."""

    clock: VirtualClock
    name: str
    life_of: Callable[[str], Life]
    new_id: Callable[[], str]
    desired: int = 1
    load_balancers: tuple[LoadBalancer, ...] = ()
    breaker: bool = True
    rollback: bool = True
    ministack: bool = False
    """Roll back as MiniStack does: the failed deployment stays listed for ever."""
    quiet: bool = False
    """Nothing but the list of deployments tells of a rollback: no event, and no reason."""
    strategy: str = "ROLLING"
    hook: str = ""
    """Stage at which a PAUSE hook awaits an action."""
    protected: bool = False
    """The tasks of deployments that are not PRIMARY have scale-in protection."""
    lenient: bool = False
    """A task that crashes after RUNNING never trips the breaker: "once a service deployment has one or more running
    tasks, the failed task count resets to zero and stops being evaluated" (API_Deployment, failedTasks)."""
    deployments: list[Rolling] = field(default_factory=list)
    events: list[ServiceEvent] = field(default_factory=list)
    stopped: list[Task] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    """Service deployments: deployment id to status (API_ServiceDeployment)."""
    live: str = ""
    """Revision of the deployment that completed last."""
    why: dict[str, str] = field(default_factory=dict)
    """Their ``statusReason``."""
    tasks: int = 0

    @property
    def primary(self) -> Rolling:
        """The deployment ECS moves the service to."""
        return next(each for each in self.deployments if each.status == "PRIMARY")

    @property
    def running(self) -> set[str]:
        """Revisions of which tasks run."""
        return {each.revision for each in self.deployments if each.running}

    def run_already(self, revision: str) -> None:
        """Begin with ``revision`` live and steady."""
        old = Rolling(self.new_id(), revision, self.life_of(revision), self.clock.now, self.desired)
        old.alive = {self._number(): self.clock.now for _ in range(self.desired)}
        old.state, old.monitored = "COMPLETED", False
        old.reason = f"ECS deployment {old.id} completed."
        self.deployments, self.live = [old], revision

    @property
    def completed(self) -> Rolling | None:
        """What ECS rolls back to: the newest listed deployment that is COMPLETED.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
        """
        return next((each for each in self.deployments if each.state == "COMPLETED"), None)

    def move_to(self, revision: str, *, force: bool = False) -> None:
        """UpdateService: a new deployment, unless nothing would change."""
        if revision == self.primary.revision and not force:
            return
        for ident, status in self.told.items():
            if status in ("IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"):
                self.told[ident] = "STOPPED"
        begun = self._begin(revision, "in progress")
        self.told[begun.id] = "IN_PROGRESS"

    def threshold(self) -> int:
        """Failed tasks that trip the breaker: "3 <= 0.5 * desired task count => 200"."""
        return max(3, min(200, -(-self.desired // 2)))

    def view(self) -> ServiceState:
        """As DescribeServices shows it; the newest deployment first."""
        return ServiceState(
            name=self.name,
            arn=f"arn:aws:ecs:us-east-1:123456789012:service/shop/{self.name}",
            cluster="shop",
            status="ACTIVE",
            task_definition=self.primary.revision,
            desired=self.desired,
            running=sum(each.running for each in self.deployments),
            pending=sum(each.pending for each in self.deployments),
            deployments=tuple(each.view() for each in self.deployments),
            events=tuple(self.events[-1:-101:-1]),
            circuit_breaker=self.breaker,
            circuit_breaker_rollback=self.breaker and self.rollback,
            load_balancers=self.load_balancers,
            launch_type="FARGATE",
            current_service_deployment=self.deployment_arn(next(reversed(self.told))) if self.told else "",
        )

    def service_deployment(self, deployment_id: str) -> ServiceDeployment:
        """As DescribeServiceDeployments shows it."""
        stages = next((each.stages for each in self.deployments if each.id == deployment_id), None)
        number = deployment_id.rsplit("/", 1)[-1]
        return ServiceDeployment(
            arn=self.deployment_arn(deployment_id),
            status=self.told[deployment_id],
            target_revision=f"arn:aws:ecs:us-east-1:123456789012:service-revision/shop/{self.name}/{number}",
            status_reason=self.why.get(deployment_id, ""),
            lifecycle_stage=stages.now if stages and self.strategy != "ROLLING" and not stages.gone else "",
            paused_hook="ecs-pause-1" if stages and stages.paused else "",
            pause_hook_id="ecs-pause-1" if stages and stages.paused else "",
            pause_timeout_action="ROLLBACK" if stages and stages.paused else "",
        )

    def deployment_arn(self, deployment_id: str) -> str:
        """Of the service deployment that made a deployment."""
        number = deployment_id.rsplit("/", 1)[-1]
        return f"arn:aws:ecs:us-east-1:123456789012:service-deployment/shop/{self.name}/{number}"

    def _begin(self, revision: str, words: str) -> Rolling:
        for each in self.deployments:
            each.status, each.pending = "ACTIVE", 0
        begun = Rolling(self.new_id(), revision, self.life_of(revision), self.clock.now, 0)
        self.clock.after(COUNTED, lambda: self._counted(begun))
        begun.reason = f"ECS deployment {begun.id} {words}."
        self.deployments.insert(0, begun)
        names = stages_of(self.strategy, self.hook)
        begun.stages = Stages(self.clock, names, self.hook, lambda: self._fill(begun)) if names else None
        if begun.stages:
            begun.stages.begin()
        self._fill(begun)
        return begun

    def _counted(self, begun: Rolling) -> None:
        if begun.state != "FAILED":
            begun.desired = self.desired

    def _fill(self, rolling: Rolling) -> None:
        if (
            rolling.status != "PRIMARY"
            or rolling.state == "FAILED"
            or (rolling.stages and not rolling.stages.scaled_up)
        ):
            return
        while rolling.running + rolling.pending < self.desired:
            rolling.pending += 1
            self.clock.after(rolling.life.starts_after, lambda: self._started(rolling))
        self._watch_steady(rolling)

    def _started(self, rolling: Rolling) -> None:
        if not rolling.pending:
            return
        rolling.pending -= 1
        rolling.epoch += 1
        number = self._number()
        if rolling.life.never_starts:
            self._failed(rolling, number, "TaskFailedToStart", rolling.life.never_starts, None)
            return
        rolling.alive[number] = self.clock.now
        if self.lenient:
            rolling.failed, rolling.monitored = 0, False
        if rolling.life.runs_for is not None:
            self.clock.after(rolling.life.runs_for, lambda: self._crashed(rolling, number))
        self._watch_steady(rolling)

    def _crashed(self, rolling: Rolling, number: str) -> None:
        if rolling.life.unhealthy:
            self.end(number, "ServiceSchedulerInitiated", rolling.life.unhealthy, 143)
        else:
            reason = rolling.life.stop_code or "Essential container in task exited"
            self.end(number, rolling.life.stop_code or "EssentialContainerExited", reason, rolling.life.exit_code)

    def end(self, number: str, code: str, reason: str, exit_code: int | None) -> None:
        """One of its running tasks stops and is replaced; nothing where it runs no more."""
        rolling = next((each for each in self.deployments if number in each.alive), None)
        if rolling is not None:
            rolling.epoch += 1
            self._failed(rolling, number, code, reason, exit_code)

    def running_tasks(self) -> tuple[Task, ...]:
        """ListTasks and DescribeTasks."""
        return tuple(
            Task(f"{TASK}{number}", each.revision, "RUNNING", each.id, started_at=moment(started))
            for each in self.deployments
            for number, started in each.alive.items()
        )

    def _failed(self, rolling: Rolling, number: str, code: str, reason: str, exit_code: int | None) -> None:
        started = rolling.alive.pop(number, None)
        self.stopped.append(self._task(rolling, number, started, code, reason, exit_code))
        if rolling.state == "IN_PROGRESS" and rolling.monitored:
            rolling.failed += 1
            if self.breaker and rolling.status == "PRIMARY" and rolling.failed >= self.threshold():
                self._trip(rolling)
                return
        self.clock.after(BACKOFF, lambda: self._fill(rolling))

    def _trip(self, rolling: Rolling) -> None:
        if rolling.pending and not self.quiet:
            self._event(f"(service {self.name}) stopped {rolling.pending} pending tasks.")
        self._give_up(rolling, "tasks failed to start", "the circuit breaker threshold was exceeded.")
        rolling.reason = "" if self.quiet else "ECS deployment circuit breaker: tasks failed to start."
        if not self.rollback or self.completed is None:
            self.told[rolling.id] = "ROLLBACK_FAILED" if self.rollback else "STOPPED"
            return
        back = self._go_back(rolling, self.completed)
        back.reason = "" if self.quiet else f"ECS deployment circuit breaker: rolling back to deploymentId {back.id}."

    def alarm(self) -> None:
        """A CloudWatch alarm of ``deploymentConfiguration.alarms`` goes off."""
        if self.primary.state == "IN_PROGRESS" and self.completed is not None:
            rolling = self.primary
            self._give_up(rolling, "alarm detected", "of an alarm.")
            self._go_back(rolling, self.completed)

    def answer_hook(self, *, go_on: bool) -> None:
        """ContinueServiceDeployment."""
        rolling = self.primary
        assert rolling.stages is not None, "no hook awaits an action"
        assert rolling.stages.paused, "no hook awaits an action"
        if go_on:
            rolling.stages.advance()
        elif self.completed is not None:
            self._give_up(rolling, "", f"{rolling.stages.now} lifecycle hook(s) failed.")
            self._go_back(rolling, self.completed)

    def _give_up(self, rolling: Rolling, event: str, why: str) -> None:
        rolling.state, rolling.desired, rolling.pending = "FAILED", 0, 0
        self.why[rolling.id] = f"Service deployment rolled back because {why}"
        if rolling.stages:
            rolling.stages.gone, rolling.stages.paused = True, False
        if event and not self.quiet:
            self._event(f"(service {self.name}) (deployment {rolling.id}) deployment failed: {event}.")

    def stop(self, deployment_id: str) -> bool:
        """StopServiceDeployment with ROLLBACK: only while it is in progress and something completed before it.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html
        """
        rolling, before = self.primary, self.completed
        if self.told.get(deployment_id) != "IN_PROGRESS" or rolling.id != deployment_id or before is None:
            return False
        self._give_up(rolling, "", "of a StopServiceDeployment request.")
        self._go_back(rolling, before, "ROLLBACK_REQUESTED")
        return True

    def _go_back(self, rolling: Rolling, back: Rolling, status: str = "ROLLBACK_IN_PROGRESS") -> Rolling:
        self.told[rolling.id] = status
        self.clock.after(COUNTED, lambda: self._rolls_back(rolling))
        rolling.status, back.status, back.state, back.desired = "ACTIVE", "PRIMARY", "IN_PROGRESS", self.desired
        self.deployments.remove(back)
        self.deployments.insert(0, back)
        back.epoch += 1
        back.reason, back.created = "", self.clock.now
        if not self.quiet:
            self._event(f"(service {self.name}) rolling back to deployment {back.id}.")
        self._fill(back)
        return back

    def _rolls_back(self, rolling: Rolling) -> None:
        if self.told[rolling.id] == "ROLLBACK_REQUESTED":
            self.told[rolling.id] = "ROLLBACK_IN_PROGRESS"

    def unprotect(self) -> None:
        """UpdateTaskProtection, or its time is over."""
        self.protected = False
        self._watch_steady(self.primary)

    def _watch_steady(self, rolling: Rolling) -> None:
        if rolling.running != self.desired or rolling.state != "IN_PROGRESS":
            return
        if rolling.stages and rolling.stages.now == "SCALE_UP":
            rolling.stages.advance()
        elif rolling.stages is None or rolling.stages.over:
            seen = rolling.epoch
            self.clock.after(DRAINS, lambda: self._drain(rolling, seen))
            self.clock.after(STEADY, lambda: self._steady(rolling, seen))

    def _drain(self, rolling: Rolling, epoch: int) -> None:
        """The old tasks drain: their deployment's own count is 0, and they run on for a while."""
        if rolling.status != "PRIMARY" or rolling.epoch != epoch or rolling.state != "IN_PROGRESS":
            return
        for each in self.deployments:
            if each is rolling:
                continue
            each.desired = 0
            if self.protected and not self.quiet:
                reason = f"was unable to scale in due to (reason {each.running} tasks under protection)"
                self._event(f"(service {self.name}, taskSet {each.id}) {reason}")

    def _steady(self, rolling: Rolling, epoch: int) -> None:
        if rolling.status != "PRIMARY" or rolling.epoch != epoch or rolling.state != "IN_PROGRESS" or self.protected:
            return
        rolling.state, rolling.monitored, self.live = "COMPLETED", False, rolling.revision
        rolling.reason = f"ECS deployment {rolling.id} completed."
        rolled_back = next((ident for ident, status in self.told.items() if status.startswith("ROLLBACK_")
                            and status not in ("ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")), None)  # fmt: skip
        if rolled_back:
            self.told[rolled_back] = "ROLLBACK_SUCCESSFUL"
        elif rolling.id in self.told:
            self.told[rolling.id] = "SUCCESSFUL"
        kept = [each for each in self.deployments if each is not rolling and self.ministack and each.state == "FAILED"]
        for each in self.deployments:
            if each is not rolling:
                each.alive, each.pending = {}, 0
        self.deployments = [rolling, *kept]
        if not self.quiet:
            self._event(f"(service {self.name}) (deployment {rolling.id}) deployment completed.")
        self._event(f"(service {self.name}) has reached a steady state.")

    def _event(self, message: str) -> None:
        self.events.append(ServiceEvent(f"{self.name}-{len(self.events)}", moment(self.clock.now), message))

    def _number(self) -> str:
        self.tasks += 1
        return f"{self.name}{self.tasks:04}"

    def _task(
        self, rolling: Rolling, number: str, started: float | None, code: str, reason: str, exit_code: int | None
    ) -> Task:
        container = Container(
            name=self.name,
            last_status="STOPPED",
            exit_code=exit_code,
            reason=reason if exit_code is None else "",
            log=LogStream(f"/ecs/{self.name}", f"{self.name}/{number}") if exit_code is not None else None,
        )
        return Task(
            arn=f"{TASK}{number}",
            task_definition=rolling.revision,
            last_status="STOPPED",
            started_by=rolling.id,
            stop_code=code,
            stopped_reason=reason,
            started_at=None if started is None else moment(started),
            stopped_at=moment(self.clock.now),
            containers=(container,),
        )
