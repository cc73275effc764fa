"""Lines of a container's output as a person would read them: without color and JSON, with their level."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploytool.diagnosis import Rule

_HEAD, _TAIL = 300, 500
"""Characters of a longer line that are read: how it begins, and how it ends, where nested causes stand."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_COMPOSE = re.compile(r"^[\w.-]+\s*\|\s")
_STAMP = re.compile(r"^[\[(]?\d{4}[-/]\d\d[-/]\d\d[T ]?[\d:.,]*(?:Z|[+-]\d\d:?\d\d)?[\])]?")

_QUIET = frozenset(
    {"trace", "debug", "dbug", "info", "information", "notice", "log", "warn", "warning", "verbose", "wrn"}
)
_LOUD = frozenset(
    {"error", "err", "fatal", "critical", "crit", "severe", "panic", "alert", "emerg", "emergency", "fail", "dpanic"}
)
_WORD = "|".join(sorted(_QUIET | _LOUD, key=len, reverse=True))
_NAMED = re.compile(
    rf"\b(?:level|severity|lvl|LogLevel)\"?[=:]\s*\"?(?P<field>{_WORD})\b"
    rf"|^\W*(?P<first>{_WORD})\b(?=[\]:|>)\s])(?!\s*(?:[=(]|handling|handler))"
    rf"|[\[(<|]\s*(?P<bracket>{_WORD})(?:/\w+)?\s*[\])>|]"
    rf"|\bnpm (?P<npm>warn|err|error|notice|info)\b"
    rf"|(?P<python>(?!UnhandledPromise)\b\w*Warning):\s",
    re.IGNORECASE,
)
_CAPITAL = re.compile(rf"(?<![\w/.'\"-])(?P<word>{_WORD.upper()})(?![\w/'\"=-])")
_EXCEPTION = re.compile(r"^\W*(?:Uncaught |Unhandled |Caused by: )?(?:[\w.$]+\.)?(?:[A-Z]\w*)?(?-i:Error|Exception)\b")
_LEVELED_AREA = 110

_LEVELS = {
    "10": "debug",
    "20": "debug",
    "30": "info",
    "40": "warn",
    "50": "error",
    "60": "fatal",
    "d": "debug",
    "i": "info",
    "w": "warn",
    "e": "error",
    "f": "fatal",
}
"""Of pino and bunyan; of MongoDB and logcat."""
_TEXT_KEYS = ("msg", "message", "event", "@m", "@mt", "log", "textpayload", "body", "short_message", "fields")
_ERROR_KEYS = (
    "error",
    "err",
    "exception",
    "exc_info",
    "@x",
    "cause",
    "reason",
    "error.message",
    "details",
    "errorverbose",
)
_STACK_KEYS = ("stack", "stack_trace", "stacktrace", "error.stack_trace", "trace", "traceback")
_LEVEL_KEYS = ("level", "severity", "log.level", "loglevel", "lvl", "@l", "levelname", "level_name", "s")


@dataclass(frozen=True)
class LogLine:
    """One line of text; ``index`` is that of the physical line it came with."""

    text: str
    index: int
    quiet: bool | None = None
    """Logged as a warning or less; ``None`` where the line has no level."""
    stamped: bool = False
    """Begins like a logger's line: with a time or a level."""


def read_lines(lines: Sequence[str]) -> list[LogLine]:
    """What the lines say; a JSON line that holds a stack trace becomes several."""
    return [entry for index, line in enumerate(lines) for entry in _read(line, index)]


def _read(line: str, index: int) -> Iterator[LogLine]:
    text = _COMPOSE.sub("", _ANSI.sub("", line)).rstrip()
    document = _document(text)
    if document is None:
        for part in text.replace('\\"', '"').splitlines() or [""]:
            yield _plain(_cut(part), index)
        return
    level = _level_of(document)
    prefix = text[: text.find('{"')].strip()
    for number, part in enumerate(_texts(document)):
        entry = _plain(_cut(f"{prefix} {part}".strip() if not number else part), index)
        quiet = entry.quiet if level is None else level
        yield LogLine(entry.text, index, quiet, stamped=not number)


def _cut(text: str) -> str:
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]} … {text[-_TAIL:]}"


def _plain(text: str, index: int) -> LogLine:
    stamp = _STAMP.match(text)
    body = text[stamp.end() :] if stamp else text
    quiet = _quiet(body)
    return LogLine(text, index, quiet, stamped=bool(stamp) or (quiet is not None and not _EXCEPTION.match(body)))


def _quiet(text: str) -> bool | None:
    if _EXCEPTION.match(text):
        return False
    area = text[:_LEVELED_AREA]
    matches = [match for match in (_NAMED.search(area), _CAPITAL.search(area)) if match]
    if not matches:
        return None
    match = min(matches, key=lambda each: each.start())
    word = next(value for value in match.groupdict().values() if value).lower()
    return word not in _LOUD


def _document(text: str) -> Mapping[str, Any] | None:
    """The JSON object that the line is or ends with."""
    start = text.find('{"')
    if start < 0 or not text.endswith("}"):
        return None
    try:
        document = json.loads(text[start:])
    except ValueError:
        return None
    keys = {str(key).lower() for key in document}
    return document if keys & {*_TEXT_KEYS, *_ERROR_KEYS} else None


def _level_of(document: Mapping[str, Any]) -> bool | None:
    lowered = {str(key).lower(): value for key, value in document.items()}
    value = next((lowered[key] for key in _LEVEL_KEYS if key in lowered), None)
    word = str(value).lower()
    word = _LEVELS.get(word, word)
    return False if word in _LOUD else True if word in _QUIET else None


def _texts(document: Mapping[str, Any]) -> list[str]:
    """The message with what went wrong on one line, then their other lines and the stack; each line once."""
    lowered = {str(key).lower(): value for key, value in document.items()}
    texts = [text for key in (*_TEXT_KEYS, *_ERROR_KEYS) for text in _strings(lowered.get(key))]
    known = {*_TEXT_KEYS, *_ERROR_KEYS, *_STACK_KEYS, *_LEVEL_KEYS}
    others = [value for key, value in lowered.items() if key not in known and isinstance(value, str) and " " in value]
    others += [json.dumps(lowered[key]) for key in ("errors", "issues") if isinstance(lowered.get(key), (dict, list))]
    stacks = [*others, *(text for key in _STACK_KEYS for text in _strings(lowered.get(key)))]
    parts = [[line for line in text.splitlines() if line.strip()] for text in texts]
    head = ": ".join(dict.fromkeys(lines[0] for lines in parts if lines))
    rest = [line for lines in parts for line in lines[1:]]
    return list(dict.fromkeys([head, *rest, *(line for text in stacks for line in text.splitlines() if line.strip())]))


def _strings(value: Any) -> list[str]:
    """Texts of an error as loggers write it: a text, an object with type, message and stack, or a list of such."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for each in value for text in _strings(each)]
    if not isinstance(value, Mapping):
        return []
    lowered = {str(key).lower(): each for key, each in value.items()}
    kind = next((lowered[key] for key in ("exc_type", "type", "name", "class") if key in lowered), "")
    message = next((lowered[key] for key in ("exc_value", "message", "msg", "value") if lowered.get(key)), "")
    head = f"{kind}: {message}" if kind and message else str(message)
    rest = [text for key in (*_STACK_KEYS, *_ERROR_KEYS) for text in _strings(lowered.get(key))]
    return [text for text in (head, *rest) if text]


@dataclass(frozen=True)
class LogRule(Rule):
    """A rule about what an app's log says."""

    rank: int = 1
    """Of several that match: 0 ends a program whatever else goes wrong, 2 and 3 may only follow from something else."""
    lines: int = 1
    """Over so many lines the pattern may reach; it must begin in the first."""
    store: str = ""
    """What could not be reached; a later success there disproves the rule."""
    passing: bool = False
    """A program may go on after it: where later lines are logged as information, the rule says nothing."""
    unless: str = ""
    """Where this matches the line, the rule says nothing."""
    alone: bool = False
    """Only where no frames of a stack trace stand before the line."""
    any_level: bool = False
    """Also for lines that are logged as information."""


def any_of(*patterns: str) -> str:
    """A pattern that matches where one of ``patterns`` does."""
    return "|".join(patterns)
