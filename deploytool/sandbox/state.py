"""The sandbox's state, ``.deploytool/sandbox.json``, and the locks that keep two commands out of each other's way."""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from deploytool.sandbox.errors import SandboxError
from deploytool.sandbox.process import SandboxProcess, WriteLine, cache

DIRECTORY = ".deploytool"
FILE = "sandbox.json"


@dataclass(frozen=True)
class SandboxState:
    """Everything that ``down`` must remove and that ``release`` needs to reach.

    Written again after each step of ``up``: one that was killed leaves nothing that ``down`` does not know of.
    """

    id: str
    root: Path
    aws_endpoint_url: str
    registry: str
    github_api_url: str
    github_web_url: str
    repository: str
    workdir: Path
    app_url: str
    region: str = "us-east-1"
    processes: dict[str, SandboxProcess] = field(default_factory=dict)
    containers: dict[str, str] = field(default_factory=dict)
    networks: list[str] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)
    environments: list[str] = field(default_factory=list)
    dockerd_started: bool = False
    ready: bool = False
    good_commit: str = ""
    broken: list[str] = field(default_factory=list)
    left_out: str = ""
    """One line: what the stacks would have in AWS and have not here."""

    @property
    def directory(self) -> Path:
        """Where the sandbox keeps its files: ``.deploytool`` of the directory in which ``up`` was run."""
        return self.root / DIRECTORY

    @property
    def aws_config(self) -> Path:
        """An AWS configuration with one empty profile, `default`, instead of the user's own files."""
        return self.directory / "aws.config"

    @property
    def addresses(self) -> Path:
        """Where the databases are, for MiniStack: see ``databases.write_addresses``."""
        return self.directory / "stores.json"

    def log(self, name: str) -> Path:
        return self.directory / "logs" / f"{name}.log"

    @property
    def label(self) -> str:
        """The Docker label on the containers that the sandbox itself starts."""
        return f"deploytool.sandbox={self.id}"

    @property
    def ministack_label(self) -> str:
        """The Docker label that MiniStack puts on the containers of its tasks."""
        return f"ministack.instance={ministack_host(self.id)}:{self.ports['aws']}"


def ministack_host(sandbox_id: str) -> str:
    """The name by which this sandbox's MiniStack marks its containers as its own."""
    return f"deploytool-{sandbox_id}"


def save_state(state: SandboxState) -> None:
    """Atomic: a reader sees the old state or the new one."""
    state.directory.mkdir(parents=True, exist_ok=True)
    path = state.directory / FILE
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(state), indent=2, default=str) + "\n")
    partial.replace(path)


def load_state(root: Path) -> SandboxState | None:
    """The sandbox started in this directory, or None.

    Raises:
        SandboxError: the file exists and cannot be read as a state.
    """
    path = root / DIRECTORY / FILE
    try:
        document: dict[str, Any] = json.loads(path.read_text())
        names = {f.name for f in fields(SandboxState)}
        values = {key: value for key, value in document.items() if key in names}
        values["root"], values["workdir"] = Path(document["root"]), Path(document["workdir"])
        values["processes"] = {name: SandboxProcess(**process) for name, process in document["processes"].items()}
        return _validated(SandboxState(**values))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SandboxError(
            f"{path} cannot be read ({error})",
            f"remove {path} and the containers that `docker ps` shows, then run `deploytool sandbox up`",
        ) from error


def _validated(state: SandboxState) -> SandboxState:
    """A dataclass takes values of any type. Raises TypeError."""
    texts = [getattr(state, f.name) for f in fields(SandboxState) if f.type == "str"]
    numbers = [process.pid for process in state.processes.values()]
    texts += [process.started for process in state.processes.values()] + state.environments
    if not state.environments or not all(isinstance(text, str) for text in texts):
        raise TypeError("a text is missing")
    if not all(type(number) is int for number in (*numbers, *state.ports.values())):
        raise TypeError("a number is missing")
    return state


class StateFile:
    """The state while ``up`` runs: several threads add what they started, and each addition is on disk at once."""

    def __init__(self, state: SandboxState) -> None:
        self._lock = threading.Lock()
        self.state = state
        save_state(state)

    def change(self, **values: Any) -> None:
        with self._lock:
            self.state = replace(self.state, **values)
            save_state(self.state)

    def add_process(self, name: str, process: SandboxProcess) -> None:
        with self._lock:
            self.state = replace(self.state, processes={**self.state.processes, name: process})
            save_state(self.state)


@contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """Hold the directory's sandbox for one command; the kernel frees it when we end, however we end.

    Raises:
        SandboxError: another command holds it.
    """
    directory = root / DIRECTORY
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            cause = "another `deploytool sandbox` command is running in this directory"
            raise SandboxError(cause, "wait until it is done") from error
        yield


@contextmanager
def one_at_a_time(write_line: WriteLine) -> Iterator[None]:
    """Sandboxes of one machine start one after the other.

    Each takes ports that are free until something listens, and the first one makes the images that all of them use.
    """
    with (cache() / "up.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            write_line("waiting for another sandbox to start")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
