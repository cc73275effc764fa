"""Credentials that stand in words of others: passwords in URLs, values of keys that name a secret, tokens, PEM keys.

A comment is public where its repository is, and GitHub masks nothing in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

MASK = "***"

_CONFIDENTIAL = (
    r"(?:(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential"
    r"|auth[_-]?key|encryption[_-]?key)[\w.-]{0,60})"
)
_NO_VALUE = (
    r"(?:yes|no|true|false|undefined|null|none|nil|required|missing|invalid|empty|string|not|must|is|was|and|or|\*+"
    r"|expected|field|input|value|authentication|arn)\b"
)
_ARN = re.compile(r"\barn:aws[\w-]{0,12}:[\w-]{2,40}:[\w-]{0,20}:[\w*-]{0,14}:[\w/:+.@*-]{1,400}")
_STAND_INS = tuple(map(chr, range(0xE000, 0xE000 + 100)))
"""Characters of Unicode's private use area: no text of AWS or of an app has them."""
_KEY_BEGINS = re.compile("-----BEGIN [A-Z ]*PRIVATE KEY-----")
_KEY_ENDS = re.compile("-----END [A-Z ]*PRIVATE KEY-----")


@cache
def _masks() -> tuple[tuple[re.Pattern[str], str], ...]:
    # Compiled when first needed: `deploytool --help` has nothing to hide.
    return (
        (re.compile(r"(://[^\s:/@\"'<>]{0,200}:)[^\s\"'<>]{1,500}@"), rf"\1{MASK}@"),
        (re.compile(r"(://)[^\s:/@\"'<>]{16,500}@"), rf"\1{MASK}@"),
        (
            re.compile(r"input_value=(?:\{.{0,400}?\}(?=, input_type|\]|$)|.*?(?=, input_type|\]|$))"),
            f"input_value={MASK}",
        ),
        (
            re.compile(
                rf"({_CONFIDENTIAL}\\*[\"']?\s*(?:=>?|:)\s*)(\\*[\"'`])(?!{_NO_VALUE}\2|\2)[^\n]{{0,400}}?\2(?!\w)",
                re.IGNORECASE,
            ),
            rf"\1\2{MASK}\2",
        ),
        (
            re.compile(rf"({_CONFIDENTIAL}=)(?!{_NO_VALUE}|[\"'`*\s])[^\s;&,\"')\]]+", re.IGNORECASE),
            rf"\1{MASK}",
        ),
        (
            re.compile(
                rf"({_CONFIDENTIAL}:\s+)(?!{_NO_VALUE}|[\"'`*\s]|(?-i:[A-Z][A-Z0-9_]*\b))"
                rf"(?=\S{{0,200}}[\d!@#$%^&+/=])[^\s,;\"')\]}}]{{6,}}",
                re.IGNORECASE,
            ),
            rf"\1{MASK}",
        ),
        (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {MASK}"),
        (re.compile(r"\b(?:sk|pk|rk|whsec)[_-](?:live|test|proj|ant)?[\w-]{12,}"), MASK),
        (re.compile(r"\b(?:gh[opsu]_|github_pat_|glpat-|xox[abprs]-|AKIA|ASIA|AIza)[\w-]{12,}"), MASK),
        (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), MASK),
        (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), MASK),
    )


def mask_credentials(text: str) -> str:
    """``text`` without passwords of URLs, values of keys that name a secret, and tokens of well-known shapes.

    The ARN of a secret names it and holds nothing of it: a fix needs it whole.
    """
    arns = list(dict.fromkeys(_ARN.findall(text)))[: len(_STAND_INS)]
    for arn, stand_in in zip(arns, _STAND_INS, strict=False):
        text = text.replace(arn, stand_in)
    text = _masked(text)
    for arn, stand_in in zip(arns, _STAND_INS, strict=False):
        text = text.replace(stand_in, arn)
    return text


def _masked(text: str) -> str:
    for pattern, replacement in _masks():
        text = pattern.sub(replacement, text)
    return text


def mask_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Every line as ``mask_credentials`` leaves it, and of a private key that spans several of them nothing."""
    shown, inside = [], False
    for line in lines:
        begins, ends = _KEY_BEGINS.search(line), _KEY_ENDS.search(line)
        if begins and not ends:
            shown.append(line[: begins.start()] + MASK)
        elif not inside:
            shown.append(mask_credentials(line))
        inside = bool(begins or inside) and not ends
    return tuple(shown)
