"""The text of a new `deploytool.yml`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from deploytool.core.init.model import Check, Draft, Environment, Image, Migrate, Parameters, Service

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_PROVIDER = "  # UseExistingProvider: true       where the account has GitHub's OIDC provider already"
NOT_TEXT = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
"""Words that YAML 1.1 reads as something else than text."""


def configuration(draft: Draft) -> str:
    """The file, with a word on what can be changed where."""
    return "\n".join(_lines(draft)) + "\n"


def _lines(draft: Draft) -> Iterator[str]:
    yield "# What is released, and where. Written by `deploytool init`; `deploytool config check` checks it."
    yield f"app: {_text(draft.app)}"
    yield ""
    yield "# Built once per commit, and run by digest."
    yield "images:"
    yield from (f"  {image.name}: {_image(image)}" for image in draft.images)
    if draft.migrate:
        yield ""
        yield "# Runs before any service changes. A failed migration ends the release there."
        yield f"migrate: {_migrate(draft.migrate)}"
    yield ""
    yield "# Released together: if one fails, all go back."
    yield "services:"
    for service in draft.services:
        yield from _service(service)
    several = len(draft.environments) > 1 and draft.shared
    if several:
        yield ""
        yield "# Parameters of stacks that all environments share."
        yield "x-shared: &shared"
        yield from (f"  {name}: {_value(value)}" for name, value in draft.shared.items())
        yield _PROVIDER
    yield ""
    yield "environments:"
    for environment in draft.environments:
        yield from _environment(environment, draft)


def _image(image: Image) -> str:
    told = {"dockerfile": "Dockerfile"}
    if image.target:
        told["target"] = image.target
    if image.repository:
        told["repository"] = image.repository
    parts = _parts(told)
    if image.takes_commit:
        parts += ', build_args: {COMMIT: "${commit}"}'
    return f"{{{parts}}}"


def _migrate(migrate: Migrate) -> str:
    told = {"task": migrate.task, "image": migrate.image, "like": migrate.like}
    if migrate.files:
        told["files"] = migrate.files
    return f"{{{_parts(told)}}}"


def _service(service: Service) -> Iterator[str]:
    runs = f"image: {service.image}" if service.image else f"containers: {{{_parts(service.containers)}}}"
    if service.check is None:
        yield f"  {service.name}: {{{runs}}}"
        return
    yield f"  {service.name}:"
    yield f"    {runs}"
    if not service.check.is_known:
        yield "    # `deploytool infra status` prints the address. With it, a release waits for the new version:"
    yield f"    {'' if service.check.is_known else '# '}verify: {_check(service.check)}"


def _check(check: Check) -> str:
    expect = ', expect: {version: "${commit}"}' if check.tells_version else ""
    return f"{{url: {json.dumps(check.url)}{expect}}}"


def _environment(environment: Environment, draft: Draft) -> Iterator[str]:
    yield f"  {environment.name}:"
    for key in ("region", "cluster", "repository", "account", "url"):
        if value := getattr(environment, key):
            yield f"    {key}: {_text(value)}"
    if draft.checkbox:
        yield "    rollback_checkbox: true # a box in the pull request's comment; rollback.yml acts on it"
    if environment.parameters is not None:
        yield "    infra: # what `deploytool infra` makes"
        yield "      size: minimal # or: scaled"
        yield from (f"      {line}" for line in _parameters(environment.parameters, draft))
    if overrides := _overrides(environment, draft):
        yield f"    overrides: {{{overrides}}}"


def _parameters(own: Parameters, draft: Draft) -> Iterator[str]:
    several = len(draft.environments) > 1 and draft.shared
    told = own if several else {**draft.shared, **own}
    yield "parameters:" if several or told else "# parameters:"
    if several:
        yield "  <<: *shared"
    yield from (f"  {name}: {_value(value)}" for name, value in told.items())
    if draft.shared and not several:
        yield _PROVIDER
    yield "  # AlertEmail: you@example.com    who hears of alarms"
    if "DomainName" not in told:
        yield "  # DomainName: app.example.com    the app's own name, and"
        yield "  # HostedZoneId: Z0123456789      its zone in Route 53; without them CloudFront's own name is used"


def _overrides(environment: Environment, draft: Draft) -> str:
    parts = []
    if environment.task:
        parts.append(f"migrate: {{task: {_text(environment.task)}}}")
    if environment.check_url:
        checked = next(service.name for service in draft.services if service.check)
        parts.append(f"services: {{{checked}: {{verify: {{url: {json.dumps(environment.check_url)}}}}}}}")
    return ", ".join(parts)


def _value(value: str | tuple[str, ...]) -> str:
    return _text(value) if isinstance(value, str) else f"[{', '.join(map(_text, value))}]"


def _parts(told: Mapping[str, str]) -> str:
    return ", ".join(f"{key}: {_text(value)}" for key, value in told.items())


def _text(value: str) -> str:
    """A YAML scalar; JSON's quotes are YAML's."""
    return value if _PLAIN.fullmatch(value) and value.lower() not in NOT_TEXT else json.dumps(value)
