"""What a verb starts from: the clock and identity of its run, and the environment with its ledger and lock."""

from __future__ import annotations

import getpass
import os
import random
import secrets
import signal
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from deploytool.aws.session import LOOPBACK_SWITCH, Session, is_switched_to_loopback
from deploytool.config.loader import resolve
from deploytool.config.model import ConfigFile, EnvironmentConfig
from deploytool.config.yaml import read_config
from deploytool.deploy import git
from deploytool.endpoints import role_or_token
from deploytool.errors import ConfigurationError, Exit
from deploytool.ledger.lock_store import Lock
from deploytool.ledger.store import Ledger
from deploytool.output.console import print_text
from deploytool.release.model import Commit, ReleaseRequest, TriggeredBy
from deploytool.release.ports import Cancelled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploytool.sandbox.state import SandboxState


FASTEST, SLOWEST = 0.65, 0.85
"""Seconds between polls: 1.33 a second, and with service deployments below 1.5 for ten services."""


class SystemClock:
    """Port ``release.ports.Clock``. SIGINT and SIGTERM end the next wait; a second signal ends the process at once."""

    def __init__(self) -> None:
        self._stop_requested = threading.Event()
        self._by = ""
        self._cancelled = False
        self._random = random.Random()  # noqa: S311  (jitter, not cryptography)

    def listen(self) -> None:
        """Take over SIGINT and SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, or raise Cancelled, once, after a signal."""
        if self._cancelled:
            time.sleep(seconds)
        elif self._stop_requested.wait(seconds):
            self._cancelled = True
            raise Cancelled(self._by)

    def pace(self) -> float:
        """Seconds until the next poll."""
        return self._random.uniform(FASTEST, SLOWEST)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if self._stop_requested.is_set():
            os._exit(Exit.CANCELLED)
        self._by = signal.Signals(number).name
        self._stop_requested.set()


@dataclass(frozen=True)
class Run:
    """One run of a verb that changes something."""

    id: str
    """The release id, where it releases."""
    triggered_by: TriggeredBy
    clock: SystemClock


def start_run() -> Run:
    """A run with an id of its own; from now on SIGINT and SIGTERM cancel it in order."""
    clock = SystemClock()
    clock.listen()
    return Run(release_id(), triggered_by(), clock)


def triggered_by() -> TriggeredBy:
    """GitHub's actor and run, else the login name."""
    run_id = os.environ.get("GITHUB_RUN_ID", "")
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    return TriggeredBy(
        # Who ran it again, where it was: GITHUB_ACTOR stays the first one.
        actor=os.environ.get("GITHUB_TRIGGERING_ACTOR") or os.environ.get("GITHUB_ACTOR") or _login(),
        run_id=run_id,
        run_url=f"{server}/{repository}/actions/runs/{run_id}" if run_id and repository else "",
    )


def release_id() -> str:
    """Sorts by time, and is short enough for RunTask's client token (64 characters)."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a uid that no passwd entry names.
        return "unknown"


@dataclass(frozen=True)
class Context:
    """One environment of one checkout."""

    root: Path
    """Directory of the configuration file; paths in it are relative to this."""
    config: ConfigFile
    settings: EnvironmentConfig
    commit: Commit
    """Without sha for a verb that needs none."""
    session: Session

    @cached_property
    def account(self) -> str:
        """The configured account, else the one that we are signed in to. Raises CloudError."""
        from deploytool.aws.session import account_id

        return self.settings.account or account_id(self.session)

    def at(self, commit: Commit) -> Context:
        """The same environment, its settings filled in for another commit."""
        variables = _variables(self.root, self.config, commit)
        settings = resolve(self.config, self.settings.environment, variables, os.environ)
        return replace(self, settings=settings, commit=commit)

    def request(self, release_id: str, triggered_by: TriggeredBy) -> ReleaseRequest:
        """What a release of this commit here is asked for."""
        settings = self.settings
        return ReleaseRequest(
            release_id,
            settings.app,
            settings.environment,
            self.commit,
            triggered_by,
            settings.github_environment,
            settings.production,
        )

    def elsewhere(self, environment: str) -> Context:
        """The same commit in another environment. Raises ConfigurationError."""
        settings = resolve(self.config, environment, _variables(self.root, self.config, self.commit), os.environ)
        return replace(self, settings=settings, session=Session(settings.region, settings.role_arn))


def enter_sandbox() -> None:
    """Inside a sandbox's checkout, point boto3 and ghapi at the sandbox; a real account is never reached from there.

    Nothing is read in GitHub Actions, nor where the process has a role or an OIDC token: there a file in the checkout
    must not say where AWS is. Raises SandboxRefused for a state that is not this user's own, or not alive.
    """
    if is_switched_to_loopback(os.environ):
        print_text(f"note: {LOOPBACK_SWITCH} is set: STS may be on this machine, for tests only", err=True)
    if runs_in_actions(os.environ):
        return
    from deploytool.sandbox import trust

    if identity := role_or_token(os.environ):
        if trust.is_near(Path.cwd()):
            print_text(f"note: the sandbox in this directory is not used: {identity} is set", err=True)
        return
    state = trust.find_running_sandbox(Path.cwd())
    if state is None:
        return
    point_to(state)
    print_text(f"using the sandbox ({state.aws_endpoint_url})", err=True)


def runs_in_actions(environ: Mapping[str, str]) -> bool:
    """Whether this is a job of GitHub Actions, or of a runner that works like it."""
    return environ.get("GITHUB_ACTIONS", "").lower() not in ("", "false")


def point_to(state: SandboxState) -> None:
    """Set the variables that lead boto3 and ghapi to this sandbox."""
    from deploytool.sandbox import trust

    for name, value in trust.sandbox_environment(state).items():
        if value:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)


def open_context(config_path: str, environment: str | None, revision: str | None = "HEAD") -> Context:
    """Read the configuration and the commit, of the sandbox where we are in one. Raises ConfigurationError.

    ``revision`` is ``None`` for a verb that releases no commit of this checkout: it needs neither git nor a repository.
    """
    enter_sandbox()
    return context_of(config_path, environment, revision)


def context_of(config_path: str, environment: str | None, revision: str | None = "HEAD") -> Context:
    """As ``open_context``, wherever we are. Raises ConfigurationError."""
    config = read_config(config_path)
    root = Path(config_path).resolve().parent
    commit = Commit("") if revision is None else git.commit(root, revision)
    variables = _variables(root, config, commit, revision or "")
    settings = resolve(config, chosen_environment(config, environment), variables, os.environ)
    return Context(root, config, settings, commit, Session(settings.region, settings.role_arn))


def _variables(root: Path, config: ConfigFile, commit: Commit, revision: str = "") -> dict[str, str]:
    """What the configuration may name of a commit; git is asked for its tag only where it does."""
    if not commit.sha:
        return {}
    tag = git.tag_of(root, commit.sha, revision) if "${git_tag}" in repr(config) else ""
    return {"commit": commit.sha} | ({"git_tag": tag} if tag else {})


def chosen_environment(config: ConfigFile, environment: str | None) -> str:
    """The environment asked for, else ``DEPLOYTOOL_ENVIRONMENT`` (the sandbox sets it), else the only one there is."""
    if name := environment or os.environ.get("DEPLOYTOOL_ENVIRONMENT"):
        return name
    if len(config.environments) == 1:
        return next(iter(config.environments))
    names = ", ".join(config.environments)
    raise ConfigurationError(f"several environments are configured: {names}", "add --environment NAME")


class NoLedger(ConfigurationError):
    """The configuration says ``ledger: false``."""

    def __init__(self, environment: str) -> None:
        super().__init__(
            f"{environment} has no ledger: deploytool.yml says `ledger: false`",
            f"take `ledger` out of environments.{environment}, or name a DynamoDB table there",
        )


def ledger_of(context: Context) -> Ledger:
    """Raises NoLedger."""
    settings = context.settings
    return Ledger(context.session, _table(context), settings.app, settings.environment)


def lock_of(context: Context) -> Lock:
    """Raises NoLedger."""
    settings = context.settings
    return Lock(context.session, _table(context), settings.app, settings.environment)


def _table(context: Context) -> str:
    if context.settings.ledger is None:
        raise NoLedger(context.settings.environment)
    return context.settings.ledger
