"""What a verb starts from: the configuration, the environment, the commit, the AWS session."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploytool.aws import sts
from deploytool.aws.session import Session
from deploytool.cli import git
from deploytool.cli.print_text import print_text
from deploytool.cli.read_config import read_config
from deploytool.core.config.model import Config, Settings
from deploytool.core.config.resolve import resolve
from deploytool.core.model import Commit
from deploytool.core.sign_in import role_or_token
from deploytool.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploytool.sandbox.state import SandboxState


@dataclass(frozen=True)
class Project:
    """One environment of one checkout."""

    root: Path
    """Directory of the configuration file; paths in it are relative to this."""
    config: Config
    settings: Settings
    commit: Commit
    session: Session

    @cached_property
    def account(self) -> str:
        """The configured account, else the one that we are signed in to. Raises CloudError."""
        from deploytool.aws.identity import account

        return self.settings.account or account(self.session)

    def at(self, commit: Commit) -> Project:
        """The same environment, its settings filled in for another commit."""
        settings = resolve(self.config, self.settings.environment, {"commit": commit.sha})
        return replace(self, settings=settings, commit=commit)

    def elsewhere(self, environment: str) -> Project:
        """The same commit in another environment. Raises ConfigurationError."""
        settings = resolve(self.config, environment, {"commit": self.commit.sha})
        return replace(self, settings=settings, session=Session(settings.region, settings.role_arn))


def enter_sandbox() -> None:
    """Inside a sandbox's checkout, point boto3 and ghapi at the sandbox; a real account is never reached from there.

    In GitHub Actions, and where the process has a role or an OIDC token to show, nothing is read: there a file in the
    checkout must not say where AWS is. Raises SandboxRefused for a state that is not this user's own, or not alive.
    """
    if sts.is_switched_to_loopback(os.environ):
        print_text(f"note: {sts.LOOPBACK_SWITCH} is set: STS may be on this machine, for tests only", err=True)
    if runs_in_actions(os.environ):
        return
    from deploytool.sandbox import discover

    if identity := role_or_token(os.environ):
        if discover.is_near(Path.cwd()):
            print_text(f"note: a sandbox is here, and is not used: {identity} is set", err=True)
        return
    state = discover.living(Path.cwd())
    if state is None:
        return
    point_to(state)
    click.echo(f"using the sandbox ({state.aws_endpoint_url})", err=True)


def runs_in_actions(environ: Mapping[str, str]) -> bool:
    """Whether this is a job of GitHub Actions, or of a runner that says that it is like one."""
    return environ.get("GITHUB_ACTIONS", "").lower() not in ("", "false")


def point_to(state: SandboxState) -> None:
    """Set the variables that lead boto3 and ghapi to this sandbox."""
    from deploytool.sandbox import discover

    for name, value in discover.environment(state).items():
        if value:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)


def project(config_path: str, environment: str | None, revision: str = "HEAD") -> Project:
    """Read the configuration and the commit, of the sandbox where we are in one. Raises ConfigurationError."""
    enter_sandbox()
    return opened(config_path, environment, revision)


def opened(config_path: str, environment: str | None, revision: str = "HEAD") -> Project:
    """Read the configuration and the commit. Raises ConfigurationError."""
    config = read_config(config_path)
    root = Path(config_path).resolve().parent
    commit = git.commit(root, revision)
    settings = resolve(config, chosen(config, environment), {"commit": commit.sha})
    return Project(root, config, settings, commit, Session(settings.region, settings.role_arn))


def chosen(config: Config, environment: str | None) -> str:
    """The environment asked for, else ``DEPLOYTOOL_ENVIRONMENT`` (the sandbox sets it), else the only one there is."""
    if asked := environment or os.environ.get("DEPLOYTOOL_ENVIRONMENT"):
        return asked
    if len(config.environments) == 1:
        return next(iter(config.environments))
    names = ", ".join(config.environments)
    raise ConfigurationError(f"which environment? There are: {names}", "add --environment NAME")
