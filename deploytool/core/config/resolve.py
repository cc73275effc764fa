"""The settings of one release: one environment's, with the variables filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploytool.core.config.faults import did_you_mean
from deploytool.core.config.model import Settings
from deploytool.core.config.variables import filled
from deploytool.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploytool.core.config.model import Config


def resolve(config: Config, environment_name: str, variables: Mapping[str, str] | None = None) -> Settings:
    """What holds in the environment.

    `variables` gives `commit`, and `short_commit` unless its first seven characters will do. Without them, what is made
    of the commit (tags, build arguments, the expected version) stays as written, which suits a command that releases
    nothing. `${host}` always stays: see `verify_at`.

    Raises:
        ConfigurationError: there is no such environment.
    """
    environment = config.environments.get(environment_name)
    if environment is None:
        fix = did_you_mean(environment_name, config.environments)
        raise ConfigurationError(f'there is no environment "{environment_name}" in the configuration', fix)
    known = {"app": config.app, "environment": environment.name, "region": environment.region, **(variables or {})}
    if environment.account:
        known["account"] = environment.account
    if "commit" in known:
        known.setdefault("short_commit", known["commit"][:7])
    done = filled(environment, known)
    return Settings(
        app=config.app,
        environment=done.name,
        region=done.region,
        cluster=done.cluster,
        repository=done.repository,
        account=done.account,
        role_arn=done.role_arn,
        github_environment=done.github_environment,
        url=done.url,
        production=done.production,
        timeout=done.timeout,
        images=done.images,
        migrate=done.migrate,
        services=done.services,
        ledger=done.ledger,
        rollback_checkbox=done.rollback_checkbox,
        rollback_workflow=done.rollback_workflow,
        infra=done.infra,
    )
