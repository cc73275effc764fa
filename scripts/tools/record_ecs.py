"""Record what ECS shows of a deployment on a real account, in the format of tests/evidence."""

from __future__ import annotations

import argparse
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.exceptions import BotoCoreError, ClientError

IMAGE = "public.ecr.aws/docker/library/busybox:stable"
COST = """This creates a service of one Fargate task with 0.25 vCPU and 0.5 GB; two tasks run during an update.
An hour of one task costs 0.012 USD in us-east-1, and 0.005 USD for its public IPv4 address.
All scenarios take about half an hour: 0.02 USD.
Prices: https://aws.amazon.com/fargate/pricing/ and https://aws.amazon.com/vpc/pricing/"""
STAY = "trap 'exit 0' TERM; while true; do sleep 1; done"
CRASH = "exit 1"
LONGEST = 1800.0
"""Seconds of one scenario: a breaker that counts image pulls takes twelve minutes."""
OVER = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
ENTRY = ("id", "status", "rolloutState", "rolloutStateReason", "taskDefinition", "desiredCount", "runningCount",
         "pendingCount", "failedTasks")  # fmt: skip
DEPLOYMENT = (
    "status",
    "statusReason",
    "lifecycleStage",
    "deploymentCircuitBreaker",
    "rollback",
    "lifecycleHookDetails",
)

Json = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """One update of the service, and what it shows."""

    name: str
    happened: str
    drive: tuple[str, ...]
    command: str = STAY
    force: bool = False
    stop: bool = False


SCENARIOS = {
    each.name: each
    for each in (
        Scenario("succeeds", "a deployment that succeeds", ("update healthy",)),
        Scenario(
            "forced-deployment", "a new deployment of the same revision is forced", ("force healthy",), force=True
        ),
        Scenario("breaker-trips", "the circuit breaker trips and ECS rolls back", ("update crashes",), command=CRASH),
        Scenario(
            "stopped-by-hand",
            "StopServiceDeployment with ROLLBACK",
            ("update healthy", "await progress", "stop"),
            stop=True,
        ),
    )
}


@dataclass
class Names:
    """What stands in a record for what belongs to the account: ids in the order in which they were first seen."""

    service: str
    cluster: str
    ids: dict[str, str] = field(default_factory=dict)

    def replaced(self, value: Any) -> Any:
        """``value`` without ids of the account, of tasks and of deployments."""
        if isinstance(value, Mapping):
            return {key: self.replaced(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.replaced(item) for item in value]
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat(timespec="milliseconds")
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        text = re.sub(r"ecs-svc/([\w-]+)", lambda match: f"ecs-svc/{self._number(match[1])}", text)
        text = re.sub(r"(service-revision/[\w-]+/[\w-]+/)(\w+)", lambda match: match[1] + self._number(match[2]), text)
        text = re.sub(r"(service-deployment/[\w-]+/[\w-]+/)[\w-]+", r"\1a", text)
        text = re.sub(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", self._task, text)
        text = re.sub(r"(?<=:)\d{12}(?=:)|\b\d{12}(?=\.dkr\.)", "123456789012", text)
        return text.replace(self.service, "app").replace(self.cluster, "shop")

    def _number(self, ident: str) -> str:
        known = [key for key in self.ids if not key.startswith("task ")]
        return self.ids.setdefault(ident, str(len(known) + 1))

    def _task(self, match: re.Match[str]) -> str:
        known = [key for key in self.ids if key.startswith("task ")]
        return self.ids.setdefault(f"task {match[0]}", f"{len(known) + 1:032x}")


def reading(service: Mapping[str, Any], deployment: Mapping[str, Any] | None, known: frozenset[str]) -> Json:
    """The fields of one reading that a record keeps; ``known`` are ids of events from before it began."""
    shown: Json = {
        "deployments": [
            {key: entry[key] for key in ENTRY if entry.get(key) is not None} for entry in service["deployments"]
        ]
    }
    for entry in shown["deployments"]:
        entry["taskDefinition"] = entry["taskDefinition"].rpartition("/")[2]
    events = [event["message"] for event in service["events"] if event["id"] not in known]
    if events:
        shown["events"] = events
    if deployment:
        shown["serviceDeployment"] = {key: deployment[key] for key in DEPLOYMENT if deployment.get(key)}
    return shown


def ended(shown: Mapping[str, Any]) -> bool:
    """Whether nothing more will happen by itself."""
    entries, deployment = shown["deployments"], shown.get("serviceDeployment")
    over = deployment is None or deployment["status"] in OVER
    return over and len(entries) == 1 and entries[0].get("rolloutState") in ("COMPLETED", "FAILED")


def record(scenario: Scenario, readings: Sequence[Json], rollout: Json, region: str, names: Names) -> str:
    """The file: what it lacks is the status that deploytool must give, which a person states."""
    document = {
        "happened": scenario.happened,
        "grade": "captured",
        "source": f"scripts/record-ecs in {region}",
        "date": datetime.now(UTC).date().isoformat(),
        "rollout": rollout,
        "service": {"desiredCount": 1, "breaker": "rollback"},
        "drive": list(scenario.drive),
        "readings": list(readings),
    }
    return "# Add `is` to the readings: the status that deploytool must give.\n" + yaml.safe_dump(
        names.replaced(document), sort_keys=False, width=150, allow_unicode=True
    )


class Recorder:
    """One service, created for this and removed afterwards."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.name = options, f"deploytool-record-{uuid.uuid4().hex[:8]}"
        self.ecs = boto3.client("ecs")
        self.definitions: dict[str, str] = {}

    @contextmanager
    def service(self) -> Iterator[None]:
        """Removed whatever happens; what cannot be removed is named."""
        try:
            self._create()
            yield
        finally:
            self._remove()

    def record(self, scenario: Scenario) -> str:
        """Update the service, and read it until it has ended."""
        before = self._describe()
        known = frozenset(event["id"] for event in before["events"])
        previous = self._primary(before)["id"]
        names = Names(self.name, self.options.cluster.rpartition("/")[2])
        shown = [self._at(reading(before, None, known))]
        updated = self._update(scenario)
        rollout = {"deploymentId": self._primary(updated)["id"], "previousDeploymentId": previous}
        shown.append(self._at(reading(updated, None, known)))
        stopped, deadline = not scenario.stop, time.monotonic() + LONGEST
        while time.monotonic() < deadline:
            service = self._describe()
            deployment = self._deployment(service)
            now = reading(service, deployment, known)
            if now != {key: value for key, value in shown[-1].items() if key != "at"}:
                shown.append(self._at(now))
                print(f"  {shown[-1]['at']}  {self._line(now)}", flush=True)
            if not stopped and deployment and deployment["status"] == "IN_PROGRESS":
                arn = deployment["serviceDeploymentArn"]
                self.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
                stopped = True
                continue
            if ended(now):
                break
            time.sleep(self.options.every)
        return record(scenario, shown, rollout, self.ecs.meta.region_name, names)

    def _create(self) -> None:
        public = "DISABLED" if self.options.no_public_ip else "ENABLED"
        network = {"subnets": self.options.subnet, "assignPublicIp": public}
        if self.options.security_group:
            network["securityGroups"] = self.options.security_group
        self.ecs.create_service(
            cluster=self.options.cluster,
            serviceName=self.name,
            taskDefinition=self._definition(STAY),
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
            deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        )
        self._wait(lambda service: self._primary(service).get("rolloutState") == "COMPLETED", "is not steady")

    def _remove(self) -> None:
        left: list[str] = []
        where = {"cluster": self.options.cluster, "service": self.name}
        self._try(left, f"aws ecs delete-service --force --cluster {self.options.cluster} --service {self.name}",
                  lambda: self.ecs.delete_service(**where, force=True))  # fmt: skip
        for arn in dict.fromkeys(self.definitions.values()):
            self._try(left, f"aws ecs deregister-task-definition --task-definition {arn}",
                      lambda arn=arn: self.ecs.deregister_task_definition(taskDefinition=arn))  # type: ignore[misc]  # fmt: skip
        if left:
            print("Not removed. Fix: run\n  " + "\n  ".join(left), file=sys.stderr)
        else:
            print(f"Removed service {self.name} and its task definitions.")

    @staticmethod
    def _try(left: list[str], command: str, remove: Callable[[], Any]) -> None:
        try:
            remove()
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("ServiceNotFoundException", "ServiceNotActiveException"):
                left.append(command)
        except BotoCoreError:
            left.append(command)

    def _definition(self, command: str, number: int = 0) -> str:
        key = f"{number} {command}"
        if key not in self.definitions:
            container = {
                "name": "app",
                "image": self.options.image,
                "essential": True,
                "command": ["sh", "-c", command],
            }
            answer = self.ecs.register_task_definition(
                family=self.name, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
                containerDefinitions=[container],
            )  # fmt: skip
            self.definitions[key] = answer["taskDefinition"]["taskDefinitionArn"]
        return self.definitions[key]

    def _update(self, scenario: Scenario) -> Any:
        change: Json = {"forceNewDeployment": True} if scenario.force else {
            "taskDefinition": self._definition(scenario.command, len(self.definitions))
        }  # fmt: skip
        return self.ecs.update_service(cluster=self.options.cluster, service=self.name, **change)["service"]

    def _describe(self) -> Any:
        return self.ecs.describe_services(cluster=self.options.cluster, services=[self.name])["services"][0]

    def _deployment(self, service: Mapping[str, Any]) -> Any:
        arn = service.get("currentServiceDeployment")
        answer = self.ecs.describe_service_deployments(serviceDeploymentArns=[arn]) if arn else {}
        return next(iter(answer.get("serviceDeployments", ())), None)

    def _wait(self, until: Callable[[Any], bool], otherwise: str) -> None:
        deadline = time.monotonic() + LONGEST
        while not until(self._describe()):
            if time.monotonic() > deadline:
                raise SystemExit(f"service {self.name} {otherwise} after {LONGEST:.0f} s")
            time.sleep(self.options.every)

    @staticmethod
    def _primary(service: Mapping[str, Any]) -> Any:
        return next(each for each in service["deployments"] if each["status"] == "PRIMARY")

    @staticmethod
    def _at(shown: Json) -> Json:
        return {"at": datetime.now(UTC).strftime("%H:%M:%S"), **shown}

    @staticmethod
    def _line(shown: Mapping[str, Any]) -> str:
        entries = [
            f"{each['status']} {each.get('rolloutState')} {each['runningCount']}" for each in shown["deployments"]
        ]
        return " | ".join([*entries, shown.get("serviceDeployment", {}).get("status", "")]).rstrip(" |")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every scenario was recorded, 2 where nothing was done."""
    parser = argparse.ArgumentParser(prog="scripts/record-ecs", description=__doc__)
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--subnet", action="append", required=True)
    parser.add_argument("--security-group", action="append", default=[])
    parser.add_argument("--scenario", action="append", choices=tuple(SCENARIOS))
    parser.add_argument("--image", default=IMAGE)
    parser.add_argument("--no-public-ip", action="store_true")
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--output", type=Path, default=Path())
    parser.add_argument("--yes", action="store_true")
    options = parser.parse_args(arguments)
    print(COST)
    if not options.yes:
        print("Nothing was created. Fix: add --yes")
        return 2
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        recorder = Recorder(options)
        with recorder.service():
            for name in options.scenario or SCENARIOS:
                print(f"{name}:", flush=True)
                path = options.output / f"recorded-{name}.yaml"
                path.write_text(recorder.record(SCENARIOS[name]), encoding="utf-8")
                print(f"  wrote {path}")
    except (ClientError, BotoCoreError) as error:
        print(f"AWS refused: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
