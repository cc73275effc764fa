"""Values of build secrets: checked, and masked in all output."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from deploytool.images.errors import SecretMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from deploytool.images.spec import BuildSecret


MASK = "***"

# Masking a single brace or comma of a JSON secret would mask every log.
_SHORTEST_PART = 3


def mask(lines: Iterable[str], secrets: Iterable[str]) -> Iterator[str]:
    """``lines`` with every occurrence of a secret replaced by ``***``.

    Each line of a multi-line secret is a secret too, since output comes line by line. Percent-encoded forms are masked
    as well: tokens in URLs of package registries have them.
    """
    pattern = _pattern(secrets)
    for line in lines:
        yield pattern.sub(MASK, line) if pattern else line


def _pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    forms = {form for secret in secrets for part in _parts(secret) for form in (part, quote(part, safe=""))}
    # Longest first: of a secret that begins with another one, nothing may remain.
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None


def _parts(secret: str) -> Iterator[str]:
    lines = [line.strip() for line in secret.splitlines() if line.strip()]
    if len(lines) == 1:
        yield lines[0]
        return
    yield from (line for line in lines if len(line) >= _SHORTEST_PART)


def secret_values(secrets: Iterable[BuildSecret], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The values of ``secrets``. Docker itself would build without a secret whose variable is not set.

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
    except OSError as error:
        raise SecretMissing(
            f"build secret {secret.id}: cannot read {secret.file}: {error.strerror}",
            "create the file before the release, or correct its path",
        ) from error
