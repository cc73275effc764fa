"""One service: rolling update and circuit breaker as ECS does them, with MiniStack's rollback as a variant.

Rollback: three captures of real services agree. The earlier deployment is PRIMARY again under its old id. Ours is
listed as FAILED, and is gone once the rollback is COMPLETED. The breaker never makes a new deployment.

Rolling update: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
Circuit breaker: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html

Left out: minimum and maximum percent (all new tasks start beside the old ones, 100/200), health checks other than a
task's own end, and replacing tasks of a deployment that is no longer PRIMARY.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from deploytool.ecs.model import Container, LoadBalancer, LogStream, ServiceEvent, ServiceState, Task
from tests.support.fake_ecs.clock import VirtualClock
from tests.support.fake_ecs.deployment import Rolling, moment
from tests.support.fake_ecs.life import Life

TASK = "arn:aws:ecs:us-east-1:123456789012:task/shop/"
STEADY = 6.0
"""Seconds of nothing happening, old tasks drained meanwhile, after which ECS calls a deployment COMPLETED."""
BACKOFF = 1.0
"""Seconds between a task's failure and its replacement."""
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
    lenient: bool = False
    """A task that crashes after RUNNING never trips the breaker: "once a service deployment has one or more running
    tasks, the failed task count resets to zero and stops being evaluated" (API_Deployment, failedTasks)."""
    deployments: list[Rolling] = field(default_factory=list)
    events: list[ServiceEvent] = field(default_factory=list)
    stopped: list[Task] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    """Service deployments: deployment id to status (API_ServiceDeployment)."""
    completed: tuple[str, str] | None = None
    """Id and revision of the last deployment that completed: what the breaker rolls back to."""
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
        self.deployments, self.completed = [old], (old.id, revision)

    def move_to(self, revision: str) -> None:
        """UpdateService: a new deployment, unless nothing would change."""
        if revision == self.primary.revision:
            return
        for ident, status in self.told.items():
            if status in ("IN_PROGRESS", "ROLLBACK_IN_PROGRESS"):
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
        self._fill(begun)
        return begun

    def _counted(self, begun: Rolling) -> None:
        if begun.state != "FAILED":
            begun.desired = self.desired

    def _fill(self, rolling: Rolling) -> None:
        if rolling.status != "PRIMARY" or rolling.state == "FAILED":
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
        rolling.state, rolling.desired, rolling.pending = "FAILED", 0, 0
        rolling.reason = "ECS deployment circuit breaker: tasks failed to start."
        if not self.quiet:
            self._event(f"(service {self.name}) (deployment {rolling.id}) deployment failed: tasks failed to start.")
        if not self.rollback or self.completed is None or self.completed[0] == rolling.id:
            self.told[rolling.id] = "STOPPED"
            return
        self._go_back(rolling, *self.completed)

    def stop(self, deployment_id: str) -> bool:
        """StopServiceDeployment with ROLLBACK: only while it is in progress and something completed before it.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html
        """
        rolling = self.primary
        if self.told.get(deployment_id) != "IN_PROGRESS" or rolling.id != deployment_id or self.completed is None:
            return False
        rolling.state, rolling.desired, rolling.pending = "FAILED", 0, 0
        rolling.reason = f"ECS deployment {rolling.id} was stopped."
        self._go_back(rolling, *self.completed)
        return True

    def _go_back(self, rolling: Rolling, before_id: str, before: str) -> None:
        self.told[rolling.id] = "ROLLBACK_IN_PROGRESS"
        back = next(each for each in self.deployments if each.id == before_id)
        assert back.revision == before
        rolling.status, back.status, back.state = "ACTIVE", "PRIMARY", "IN_PROGRESS"
        self.deployments.remove(back)
        self.deployments.insert(0, back)
        back.epoch += 1
        if self.quiet:
            rolling.reason = back.reason = ""
        else:
            back.reason = f"ECS deployment circuit breaker: rolling back to deploymentId {before_id}."
            self._event(f"(service {self.name}) rolling back to deployment {before_id}.")
        self._fill(back)

    def _watch_steady(self, rolling: Rolling) -> None:
        if rolling.running == self.desired and rolling.state == "IN_PROGRESS":
            seen = rolling.epoch
            self.clock.after(STEADY, lambda: self._steady(rolling, seen))

    def _steady(self, rolling: Rolling, epoch: int) -> None:
        if rolling.status != "PRIMARY" or rolling.epoch != epoch or rolling.state != "IN_PROGRESS":
            return
        rolling.state, rolling.monitored = "COMPLETED", False
        rolling.reason = f"ECS deployment {rolling.id} completed."
        rolled_back = next((ident for ident, status in self.told.items() if status == "ROLLBACK_IN_PROGRESS"), None)
        if rolled_back:
            self.told[rolled_back] = "ROLLBACK_SUCCESSFUL"
        elif rolling.id in self.told:
            self.told[rolling.id] = "SUCCESSFUL"
        kept = [each for each in self.deployments if each is not rolling and self.ministack and each.state == "FAILED"]
        for each in self.deployments:
            if each is not rolling:
                each.alive, each.pending = {}, 0
        self.deployments = [rolling, *kept]
        self.completed = (rolling.id, rolling.revision)
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
