"""Reads the values of build secrets: only to check that they are there, and to mask them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploytool.docker.errors import SecretMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deploytool.docker.spec import BuildSecret


def secret_values(secrets: Iterable[BuildSecret], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The values of ``secrets``.

    Docker builds happily without a secret whose variable is unset, and the image is then subtly wrong: refused here.

    Raises:
        SecretMissing: a variable is not set or empty, or a file cannot be read.
    """
    return tuple(_value(secret, environ) for secret in secrets)


def _value(secret: BuildSecret, environ: Mapping[str, str]) -> str:
    if secret.file is None:
        value = environ.get(secret.env or "", "")
        if not value:
            raise SecretMissing(
                f"build secret {secret.id}: the environment variable {secret.env} is not set",
                f"set {secret.env}; in a workflow: env: {{{secret.env}: ${{{{ secrets.{secret.env} }}}}}}",
            )
        return value
    try:
        return secret.file.read_text(encoding="utf-8", errors="replace")
    except OSError as fault:
        raise SecretMissing(
            f"build secret {secret.id}: cannot read {secret.file}: {fault.strerror}",
            "create the file before the release, or correct its path",
        ) from fault
