"""Tasks of RunTask: started once per client token, then pending, running and stopped as their life says.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from deploytool.ecs.model import Container, LogStream, RunTaskFailure, Task
from tests.support.fake_ecs.clock import VirtualClock
from tests.support.fake_ecs.deployment import moment
from tests.support.fake_ecs.life import Life


@dataclass
class _Running:
    arn: str
    revision: str
    container: str
    life: Life
    launched: float
    token: str
    started_by: str
    stopped: float | None = None
    """When StopTask was called."""


@dataclass
class Migrations:
    """``lives`` is taken one by one, a fresh token each; the last one stays. Text is the reason of a ``failures[]``."""

    clock: VirtualClock
    lives: list[Life | str] = field(default_factory=lambda: [Life(starts_after=3.0, runs_for=5.0, exit_code=0)])
    started: dict[str, _Running] = field(default_factory=dict)

    def run(self, revision: str, container: str, token: str, started_by: str = "") -> Task | RunTaskFailure:
        """The same token is the same task."""
        known = next((each for each in self.started.values() if each.token == token), None)
        if known is None:
            life = self.lives.pop(0) if len(self.lives) > 1 else self.lives[0]
            if isinstance(life, str):
                return RunTaskFailure(life)
            arn = f"arn:aws:ecs:us-east-1:123456789012:task/shop/migrate{len(self.started) + 1}"
            known = _Running(arn, revision, container, life, self.clock.now, token, started_by)
            self.started[arn] = known
        return self.view(known)

    def task(self, arn: str) -> Task | None:
        """DescribeTasks."""
        return self.view(self.started[arn]) if arn in self.started else None

    def stop(self, arn: str) -> None:
        """StopTask: SIGTERM, and the task ends at once."""
        task = self.started[arn]
        task.stopped = self.clock.now if task.stopped is None else task.stopped

    def running(self) -> list[str]:
        """Tasks that have not stopped."""
        return [each.arn for each in self.started.values() if self.view(each).last_status != "STOPPED"]

    def view(self, task: _Running) -> Task:
        """``lastStatus`` now."""
        now, life = self.clock.now, task.life
        starts = task.launched + life.starts_after
        ends = starts + life.runs_for if life.runs_for is not None else None
        by_hand = task.stopped is not None and now >= task.stopped and (ends is None or task.stopped < ends)
        if life.never_starts and now >= starts:
            return self._task(task, "STOPPED", None, "TaskFailedToStart", life.never_starts)
        if by_hand:
            return self._task(task, "STOPPED", 137, "UserInitiated", "Task stopped by user")
        if now < starts:
            return self._task(task, "PENDING", None)
        if ends is None or now < ends:
            return self._task(task, "RUNNING", None)
        reason = "Essential container in task exited"
        return self._task(task, "STOPPED", life.exit_code, "EssentialContainerExited", reason)

    def _task(self, task: _Running, status: str, exit_code: int | None, code: str = "", reason: str = "") -> Task:
        log = LogStream("/ecs/migrate", f"migrate/{task.arn[-8:]}")
        container = Container(task.container, status, exit_code, log=log)
        return Task(
            arn=task.arn,
            task_definition=task.revision,
            last_status=status,
            started_by=task.started_by,
            stop_code=code,
            stopped_reason=reason,
            created_at=moment(task.launched),
            containers=(container,),
        )
