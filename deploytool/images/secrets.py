"""Values of build secrets: checked, and masked in all output."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from deploytool.images.errors import SecretMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from deploytool.images.spec import BuildSecret


MASK = "***"

# Masking a single brace or comma of a JSON secret would mask every log.
_SHORTEST_PART = 3
# Four characters of Base64 or hex occur in any log by chance.
_SHORTEST_ENCODED = 6


def masking(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that replaces every occurrence of a secret in a line by ``***``.

    Each line of a multi-line secret is a secret too, since output comes line by line; so is each value of a JSON
    secret. The usual encodings are masked as well: percent, JSON, HTML, shell and Python quoting, hex, and Base64 also
    where the secret stands in the middle of what was encoded, as in the header of ``user:secret``.
    """
    forms = {form for secret in secrets for part in secret_parts(secret) for form in (part, *_encoded(part))}
    # Longest first: of a secret that begins with another one, nothing may remain.
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None
    return lambda line: pattern.sub(MASK, line) if pattern else line


def secret_parts(secret: str) -> Iterator[str]:
    """What must not be shown of a secret: its lines and the values in it, but not a brace alone."""
    lines = [line.strip() for line in secret.splitlines() if line.strip()]
    if len(lines) == 1:
        yield lines[0]
    else:
        yield from (line for line in lines if len(line) >= _SHORTEST_PART)
    yield from (value for value in _json_values(secret) if len(value) >= _SHORTEST_PART)


def _json_values(secret: str) -> Iterator[str]:
    """The texts in a JSON object or list, and what follows from them: the lines of a key, for one."""
    if not secret.lstrip().startswith(("{", "[")):
        return
    try:
        rest: list[Any] = [json.loads(secret)]
    except (ValueError, RecursionError):
        return
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            rest.extend(value.values())
        elif isinstance(value, list):
            rest.extend(value)
        elif isinstance(value, str):
            yield from (line.strip() for line in (value, *value.splitlines()))


def _encoded(part: str) -> Iterator[str]:
    data = part.encode("utf-8", "surrogatepass")
    percent = (quote(data, safe=""), quote(data, safe="/"), quote_plus(data))
    yield from percent
    yield from (re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), form) for form in percent)
    escaped = json.dumps(part)[1:-1]
    yield from (escaped, escaped.replace("/", r"\/"), json.dumps(part, ensure_ascii=False)[1:-1])
    yield from (html.escape(part), html.escape(part, quote=False), shlex.quote(part).strip("'"), repr(part)[1:-1])
    encoded = (data.hex(), data.hex().upper(), *_base64(data))
    yield from (form for form in encoded if len(form) >= _SHORTEST_ENCODED)


def _base64(data: bytes) -> Iterator[str]:
    """What is the same in the Base64 of everything that holds ``data``, for each of the three offsets it may have."""
    for offset, first in ((0, 0), (1, 2), (2, 3)):
        last = (offset + len(data)) * 8 // 6
        form = base64.b64encode(bytes(offset) + data).decode()[first:last]
        yield from (form, form.replace("+", "-").replace("/", "_"))


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
