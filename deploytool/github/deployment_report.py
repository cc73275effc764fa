"""A release as a deployment: opened with the first status, closed with the outcome."""

from __future__ import annotations

from deploytool.core.outcome import Outcome, Result
from deploytool.core.plan_model import Plan
from deploytool.github.attempts import Attempts
from deploytool.github.deployments import Deployments, Status

_SUBJECT = "the deployment"
_OLDER = "that older deployments are inactive"
_DOING = {
    "build": "building",
    "migrate": "migrating",
    "roll out": "rolling out",
    "verify": "verifying",
    "put back": "putting every service back",
}


class DeploymentReport:
    """Keeps GitHub's deployment at the last status wanted."""

    def __init__(self, deployments: Deployments, plan: Plan, attempts: Attempts) -> None:
        self._deployments = deployments
        self._plan = plan
        self._attempts = attempts
        self._id: int | None = None
        self._older: tuple[int, ...] | None = None
        self._wanted = Status("in_progress", "releasing")
        self._said: Status | None = None

    def want(self, status: Status) -> None:
        """Set what the deployment is to say; :meth:`send` says it."""
        self._wanted = status

    def send(self, last: bool = False) -> None:
        """Say what is wanted, where it is not said yet."""
        if self._wanted != self._said:
            self._attempts.make(_SUBJECT, self._say, last)

    @property
    def id(self) -> int | None:
        """Of the deployment on GitHub; None while it is not there."""
        return self._id

    def find_older(self) -> None:
        """Look up early which deployments a success will retire: there is time while AWS works."""
        if self._id is not None and self._older is None:
            self._attempts.make(_OLDER, self._look)

    def retire_older(self) -> None:
        """Set our older deployments inactive, unless nothing could be said of this one."""
        if self._id is not None and self._said == self._wanted:
            self._attempts.make(_OLDER, self._retire, last=True)

    def say_live(self) -> None:
        """Where there was nothing to do: GitHub shows the commit as live, or is told so now."""
        self._attempts.make(_SUBJECT, self._correct, last=True)

    def _say(self) -> None:
        wanted = self._wanted
        if self._id is None:
            self._id = self._deployments.open(self._plan)
        self._deployments.say(self._id, wanted, self._plan.url if wanted.state == "success" else "")
        self._said = wanted

    def _look(self) -> None:
        if self._id is not None:
            self._older = self._deployments.superseded_by(self._id)

    def _retire(self) -> None:
        if self._older is None:
            self._look()
        self._deployments.retire(self._older or ())

    def _correct(self) -> None:
        if not self._deployments.shows_live():
            self._wanted = Status("success", "already live")
            self._say()
            self._retire()


def doing(step: str) -> Status:
    """The status while a step goes on."""
    return Status("in_progress", _DOING.get(step, step))


def closing(outcome: Outcome | None) -> Status:
    """The last status of a release's deployment; without an outcome it ended by a fault of ours."""
    if outcome is None:
        return Status("error", "ended without an outcome")
    if outcome.good:
        return Status("success", outcome.sentence)
    return Status("error" if outcome.result is Result.FAILED else "failure", outcome.sentence)
