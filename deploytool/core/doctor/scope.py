"""What is examined, from the configuration."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from deploytool.core.config.model import Settings
from deploytool.core.doctor.facts import Scope


def scope_of(settings: Settings, account: str, now: datetime) -> Scope:
    """``account`` is the number of the one that is looked at."""
    return Scope(
        app=settings.app,
        account=account,
        environment=settings.environment,
        region=settings.region,
        cluster=settings.cluster,
        github_environment=settings.github_environment,
        now=now,
        host=_host(settings),
        migrate=settings.migrate.task if settings.migrate else "",
        checkbox=settings.rollback_checkbox,
        rollback_workflow=settings.rollback_workflow,
    )


def _host(settings: Settings) -> str:
    """The host of ``url``, else of the first address that is verified; ``${host}`` is the load balancer's own."""
    verified = (service.verify.url for service in settings.services.values() if service.verify)
    for url in (settings.url, *verified):
        host = urlsplit(url).hostname if url else None
        if host and "$" not in host:
            return host
    return ""
