"""GitHub deployments of ours: opened before anything changes, moved phase by phase, closed with the truth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from deploytool.errors import PreconditionFailed
from deploytool.github.client import GithubClient, Unprocessable
from deploytool.github.comments import BestEffort
from deploytool.github.rollback_model import OURS
from deploytool.release.model import Outcome, Plan, ReleaseRequest, Result, StepName

# GitHub deployments of ours: opened before anything changes, moved phase by phase, closed with the truth.

TYPE = OURS
SCHEMA = 1
LONGEST_DESCRIPTION = 140
PERMISSION = "deployments: write"
SEARCHED = 200
"""How many of our deployments are looked through for one release."""
OPEN = frozenset({"in_progress", "queued", "pending", ""})
"""States of a deployment that has not ended; empty: nobody said anything of it yet."""
State = Literal["in_progress", "success", "failure", "error", "inactive"]


@dataclass(frozen=True)
class Status:
    """What a deployment is said to be."""

    state: State
    description: str

    @property
    def shortened(self) -> str:
        """The description as long as GitHub takes it."""
        text = " ".join(self.description.split())
        return text if len(text) <= LONGEST_DESCRIPTION else f"{text[: LONGEST_DESCRIPTION - 1]}…"


class Deployments:
    """The deployments of one app in one environment."""

    def __init__(self, client: GithubClient, request: ReleaseRequest, run_url: str = "") -> None:
        self._client = client
        self._request = request
        self._run_url = run_url

    def open(self, plan: Plan) -> int:
        """Create the deployment of this release, once however often it is asked for; its id. Raises GithubError.

        ``auto_merge`` would merge the default branch into the ref, and without ``required_contexts: []`` GitHub waits
        for every check of the commit: the workflow that runs us is one of them.
        """
        request = self._request
        made = self._client.create(
            "repos.create_deployment",
            "create a deployment",
            PERMISSION,
            find=self._already_open,
            ref=request.commit.sha,
            auto_merge=False,
            required_contexts=[],
            environment=request.deployed_to,
            production_environment=request.deployed_to == "production"
            if request.production is None
            else request.production,
            description=Status("in_progress", request.commit.subject or request.commit.short).shortened,
            payload=payload(plan),
        )
        if "id" not in made:
            # 202: GitHub merged something instead. Asked not to, it must not happen.
            raise Unprocessable("create a deployment", str(made.get("message", "no id in its answer")), 202)
        return int(made["id"])

    def say(self, deployment: int, status: Status, environment_url: str = "") -> None:
        """Add a status. Raises GithubError."""
        values: dict[str, Any] = {
            "deployment_id": deployment,
            "state": status.state,
            "description": status.shortened,
            # It would leave out production, where it matters most; `retire` does it for every environment.
            "auto_inactive": False,
        }
        if self._run_url:
            values["log_url"] = self._run_url
        if environment_url:
            values["environment_url"] = environment_url
        self._client.create(
            "repos.create_deployment_status",
            f"say {status.state} of a deployment",
            PERMISSION,
            find=lambda: self._already_said(deployment, status),
            **values,
        )

    def close(self, status: Status, known: int | None = None) -> None:
        """Close this release's deployment if a run that was killed left it open; its id is looked for unless ``known``.

        Raises GithubError.
        """
        left = known or self.of_release(self._request.release_id)
        if left is not None and self._state(left) in OPEN:
            self.say(left, status)

    def superseded_by(self, deployment: int) -> tuple[int, ...]:
        """Our older deployments that still count as active, oldest first. Raises GithubError.

        One that is still open belongs to a run that was killed after its last word to the ledger: whoever asks has the
        lock, so that nobody else is at work.

        Read from the newest until one that is inactive already: whoever retired that one retired what is behind it,
        since :meth:`retire` goes from the oldest on.
        """
        active: list[int] = []
        for each in self._ours():
            if int(each["id"]) >= deployment:
                continue
            state = self._state(int(each["id"]))
            if state == "inactive":
                break
            if state == "success" or state in OPEN:
                active.append(int(each["id"]))
        return tuple(reversed(active))

    def retire(self, deployments: tuple[int, ...]) -> None:
        """Set these inactive, oldest first. Raises GithubError."""
        for deployment in deployments:
            self.say(deployment, Status("inactive", f"superseded by {self._request.commit.short}"))

    def shows_live(self) -> bool:
        """True where GitHub's newest active deployment of ours is this commit. Raises GithubError."""
        live = self.live()
        return live is not None and str(live["sha"]) == self._request.commit.sha

    def live(self) -> Mapping[str, Any] | None:
        """Our newest active deployment. Raises GithubError."""
        return next((each for each in self._ours() if self._state(int(each["id"])) == "success"), None)

    def of_release(self, release_id: str) -> int | None:
        """The deployment of a release, looked for among our newest. Raises GithubError."""
        newest = islice(self._ours(), SEARCHED)
        return next((int(each["id"]) for each in newest if payload_of(each).get("release") == release_id), None)

    def _ours(self) -> Iterator[Mapping[str, Any]]:
        deployments = self._client.pages(
            "repos.list_deployments",
            "list the deployments",
            "deployments: read",
            environment=self._request.deployed_to,
        )
        for each in deployments:
            payload = payload_of(each)
            if payload.get("type") == TYPE and payload.get("app") == self._request.app:
                yield each

    def _already_open(self) -> Mapping[str, Any] | None:
        release = self._request.release_id
        return next((each for each in self._ours() if payload_of(each).get("release") == release), None)

    def _already_said(self, deployment: int, status: Status) -> Mapping[str, Any] | None:
        newest = self._newest(deployment)
        said = newest and newest["state"] == status.state and newest["description"] == status.shortened
        return newest if said else None

    def _state(self, deployment: int) -> str:
        newest = self._newest(deployment)
        return str(newest["state"]) if newest else ""

    def _newest(self, deployment: int) -> Mapping[str, Any] | None:
        listed = self._client.call(
            "repos.list_deployment_statuses",
            "read a deployment's statuses",
            "deployments: read",
            deployment_id=deployment,
            per_page=1,
        )
        return listed[0] if listed else None


def payload(plan: Plan) -> dict[str, Any]:
    """What a later rollback reads of a deployment, and what marks it as ours."""
    request = plan.request
    return {
        "type": TYPE,
        "schema": SCHEMA,
        "release": request.release_id,
        "app": request.app,
        "commit": request.commit.sha,
        "run_id": request.triggered_by.run_id,
        "images": {name: image.digest or image.reference for name, image in plan.images.items()},
        "before": {change.key: change.previous_revision for change in plan.changes},
    }


def payload_of(deployment: Mapping[str, Any]) -> Mapping[str, Any]:
    """A deployment's payload, which GitHub returns as an object or as (twice) encoded text."""
    payload = deployment.get("payload")
    for _ in range(3):
        if not isinstance(payload, str):
            break
        try:
            payload = json.loads(payload)
        except ValueError:
            return {}
    return payload if isinstance(payload, dict) else {}


# A release as a deployment: opened with the first status, closed with the outcome.

_SUBJECT = "the deployment"
_OLDER = "that older deployments are inactive"
_DOING = {
    StepName.BUILD: "building",
    StepName.MIGRATE: "migrating",
    StepName.DEPLOY: "deploying",
    StepName.VERIFY: "verifying",
    StepName.REVERT: "rolling back",
}


class DeploymentReport:
    """Keeps GitHub's deployment at the last status wanted."""

    def __init__(self, deployments: Deployments, plan: Plan, attempts: BestEffort) -> None:
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


def progress_text(step: StepName) -> Status:
    """The status while a step goes on."""
    return Status("in_progress", _DOING.get(step, step.value))


def closing(outcome: Outcome | None) -> Status:
    """The last status of a release's deployment; without an outcome it ended by a fault of ours."""
    if outcome is None:
        return Status("error", "ended without an outcome")
    if outcome.succeeded:
        return Status("success", outcome.summary)
    return Status("error" if outcome.result is Result.FAILED else "failure", outcome.summary)


# From a GitHub deployment to the release it was.


class ForeignDeployment(PreconditionFailed):
    """The deployment is none that deploytool made in this environment."""


def release_of(client: GithubClient, deployment: int, environment: str) -> str:
    """The release id in the deployment's payload. Raises ForeignDeployment, GithubError.

    Whether that release exists and was ever live is for the ledger to say: a payload can be written by anybody who may
    write deployments.
    """
    answer = client.call(
        "repos.get_deployment", f"read deployment {deployment}", "deployments: read", deployment_id=deployment
    )
    payload = payload_of(answer)
    release = payload.get("release")
    if payload.get("type") != TYPE or not isinstance(release, str) or not release:
        raise ForeignDeployment(
            f"deployment {deployment} was not made by deploytool", "choose one from `deploytool history`"
        )
    if environment and answer.get("environment") != environment:
        raise ForeignDeployment(
            f"deployment {deployment} is of environment {answer.get('environment')}, not {environment}",
            "give the environment it belongs to",
        )
    return release
