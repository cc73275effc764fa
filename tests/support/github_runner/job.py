"""A job of a workflow, run step by step as GitHub's runner does."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.github_runner.node import Expressions
from tests.support.github_runner.step import Interruption, StandIn, StepResult, run_script

ROOT = Path(__file__).parent.parent.parent.parent
OWN = ("./", "$/")
"""How a workflow of this repository names the action: at the checkout, or at the commit that runs."""
INHERITED = ("PATH", "LANG", "HOME", "DOCKER_HOST", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy")


@dataclass
class JobResult:
    """What became of a job."""

    status: str
    """``success``, ``failure``, ``cancelled`` or ``skipped``."""
    steps: dict[str, StepResult] = field(default_factory=dict)
    concurrency: str = ""
    environment: str = ""

    @property
    def log(self) -> str:
        """All that its steps said."""
        return "".join(inner.log for step in self.steps.values() for inner in (step, *step.inner))

    @property
    def summary(self) -> str:
        """The job summary."""
        return "".join(inner.summary for step in self.steps.values() for inner in (step, *step.inner))


@dataclass
class Runner:
    """One runner: its contexts, its stand-ins for other people's actions, its machine's variables."""

    expressions: Expressions
    workspace: Path
    temp: Path
    stand_ins: Mapping[str, StandIn]
    github: dict[str, Any]
    """The ``github`` context, the event in it."""
    variables: dict[str, str] = field(default_factory=dict)
    """The repository's ``vars``."""
    environ: dict[str, str] = field(default_factory=dict)
    interruption: Interruption | None = None
    """Where it is to happen; in the first ``run`` step whose log says so."""
    action: Path = ROOT
    _status: str = "success"
    _path: list[str] = field(default_factory=list)

    def run(self, workflow: Path, job: str, inputs: Mapping[str, str] | None = None) -> JobResult:
        """Run the job to its end. ``inputs`` are those of ``workflow_dispatch``."""
        # YAML 1.1 reads a bare `on` as true, which this never asks for.
        read = yaml.safe_load(workflow.read_text())
        definition = read["jobs"][job]
        contexts: dict[str, Any] = {
            "github": self.github, "vars": self.variables, "inputs": dict(inputs or {}), "needs": {}, "steps": {},
            "runner": {"os": "Linux", "arch": "X64", "temp": str(self.temp)}, "env": {},
        }  # fmt: skip
        group = (definition.get("concurrency") or read.get("concurrency") or {}).get("group", "")
        result = JobResult(
            "skipped",
            {},
            self.expressions.text(group, contexts),
            self._environment(definition.get("environment"), contexts),
        )
        if not self.expressions.condition(str(definition.get("if", "")), contexts, "success"):
            return result
        contexts["env"] = self._texts({**(read.get("env") or {}), **(definition.get("env") or {})}, contexts)
        self._status = "success"
        result.steps = self._steps(definition["steps"], contexts, {})
        result.status = self._status
        return result

    def _environment(self, told: Any, contexts: Mapping[str, Any]) -> str:
        name = told.get("name", "") if isinstance(told, dict) else told or ""
        return self.expressions.text(str(name), contexts)

    def _texts(self, told: Mapping[str, Any], contexts: Mapping[str, Any]) -> dict[str, str]:
        return {name: self.expressions.text(_plain(value), contexts, self._status) for name, value in told.items()}

    def _steps(
        self, told: Sequence[Mapping[str, Any]], contexts: dict[str, Any], more: Mapping[str, str]
    ) -> dict[str, StepResult]:
        done: dict[str, StepResult] = {}
        contexts["steps"] = {}
        for number, step in enumerate(told):
            name = str(step.get("id") or f"__{number}")
            result = StepResult(name)
            if self.expressions.condition(str(step.get("if", "")), contexts, self._status):
                result = self._step(name, step, contexts, more)
                self._take(result, step, contexts)
            done[name] = result
            contexts["steps"][name] = {
                "outputs": result.outputs, "outcome": result.outcome, "conclusion": result.conclusion,
            }  # fmt: skip
        return done

    def _step(
        self, name: str, step: Mapping[str, Any], contexts: dict[str, Any], more: Mapping[str, str]
    ) -> StepResult:
        own = self._texts(step.get("env") or {}, {**contexts, "env": contexts["env"]})
        environ = {**self._machine(), **contexts["env"], **own, **more}
        if "run" in step:
            script = self.expressions.text(str(step["run"]), contexts, self._status)
            result = run_script(name, script, environ, self.workspace, self._interrupts(step))
            if result.outcome == "cancelled":
                self.interruption = None
            return result
        uses = str(step["uses"])
        given = self._texts(step.get("with") or {}, contexts)
        if uses in OWN:
            return self._composite(name, given, contexts)
        result = self.stand_ins[uses.partition("@")[0]](given, environ)
        result.name = name
        return result

    def _interrupts(self, step: Mapping[str, Any]) -> Interruption | None:
        return self.interruption if self._status == "success" else None

    def _composite(self, name: str, given: Mapping[str, str], outer: Mapping[str, Any]) -> StepResult:
        action = yaml.safe_load((self.action / "action.yml").read_text())
        defaults = {key: output.get("default", "") for key, output in action["inputs"].items()}
        assert set(given) <= set(defaults), f"Unexpected input(s) {set(given) - set(defaults)}"
        contexts = dict(outer)
        # What is not given and what is given empty are told apart: only the first has the default.
        contexts["inputs"] = {**self._texts(defaults, contexts), **given}
        more = {"GITHUB_ACTION_PATH": str(self.action)}
        inner = self._steps(action["runs"]["steps"], contexts, more)
        outputs = {key: self.expressions.text(output["value"], contexts) for key, output in action["outputs"].items()}
        worst = next((item.outcome for item in inner.values() if item.outcome in ("failure", "cancelled")), "success")
        return StepResult(name, worst, outputs=outputs, conclusion=worst, inner=list(inner.values()))

    def _take(self, result: StepResult, step: Mapping[str, Any], contexts: dict[str, Any]) -> None:
        contexts["env"] = {**contexts["env"], **result.environ}
        self._path = [*result.path, *self._path]
        if result.outcome == "cancelled" or (result.outcome == "failure" and step.get("continue-on-error")):
            result.conclusion = result.outcome if result.outcome == "cancelled" else "success"
        if result.conclusion in ("failure", "cancelled") and self._status == "success":
            self._status = result.conclusion

    def _machine(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        output = {
            "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64", "RUNNER_TEMP": str(self.temp),
            **{f"GITHUB_{key.upper()}": str(value) for key, value in self.github.items() if isinstance(value, str | int)
               and key not in ("token", "event")},
        }  # fmt: skip
        environ = {**inherited, **output, **self.environ}
        environ["PATH"] = os.pathsep.join([*self._path, environ["PATH"]])
        return {key: value for key, value in environ.items() if value}


def _plain(value: Any) -> str:
    """YAML's values as the runner pastes them."""
    return {True: "true", False: "false", None: ""}.get(value, str(value)) if not isinstance(value, str) else value
