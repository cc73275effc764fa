"""What the last lines of an app's own log say about why it failed: the root cause, or nothing where it is not sure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from deploytool.diagnosis import Diagnosis, RuleMatch, find
from deploytool.ecs.log_lines import LogLine, LogRule, any_of, mask_credentials, read_lines
from deploytool.ecs.runtime_failures import FILES, PROCESS, SECRETS, VARIABLES
from deploytool.ecs.store_failures import ACCESS, MIGRATIONS, NETWORK, REDIS

LOOPBACK = "app-loopback-only"
RULES: tuple[LogRule, ...] = (*SECRETS, *VARIABLES, *FILES, *PROCESS, *MIGRATIONS, *REDIS, *ACCESS, *NETWORK)
_LINE_SHOWN = 200
_STEADY = 3
"""So often a line that announces another attempt must come until the app is stuck and not starting."""

_AGAIN = re.compile(
    any_of(
        r"\bretry(?:ing|ies)?\b|\bretries\b",
        r"attempt(?:s|ing)?[ :#(]*\d|attempting to re|\(\d+/\d+\)",
        r"will (?:try|retry)|try(?:ing)? again|next (?:try|attempt)|reconnect",
        r"back(?:ing)?[- ]?off|waiting for|sleeping|not (?:yet )?ready",
    ),
    re.IGNORECASE,
)
_GAVE_UP = re.compile(
    any_of(
        r"giv(?:ing|en?|e)? up|gave up|exhausted|exceed|limit reached|no more|abort|exiting|last attempt",
        r"max(?:imum)? (?:\w+ )*(?:retries|attempts|retry)|MaxRetriesPerRequest|retries (?:failed|left: 0)",
        r"after \d+ (?:\w+ )?(?:attempts|retries|tries|times|seconds)|all (?:\d+ )?(?:attempts|retries)",
    ),
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    any_of(
        r"deprecat|\bwarn(?:ing)?\b[:\]]|non[- ]?fatal|can be ignored|safely ignore|\bignor(?:ed|ing)\b",
        r"\bskipp(?:ed|ing)\b|fall(?:ing|s)? ?back|continuing|recovered|\bno longer\b|was handled|successfully|rescued",
        r"\bif you (?:see|get|need)|in case of|to avoid|how to|for example|e\.g\.|\bexample:|documentation",
        r"\bHTTP/[\d.]+\"? (?:[1-4]\d\d)\b|errors?[\"']?[:=] ?0\b|\b0 (?:errors|failed)",
        r"registered|handler for|\btest(?:s|ed)? (?:pass|for)|✓|PASS\b|simulat",
    ),
    re.IGNORECASE,
)
_SUCCESS = re.compile(
    any_of(
        r"(?<!not )(?<!not yet )\b(?:re)?connected\b|successfully connected|connect(?:ion)? success",
        r"connection (?:has been |was )?(?:successfully )?(?:established|restored|successful|succeeded|ok\b|ready)",
        r"re-?established|accepting connections",
    ),
    re.IGNORECASE,
)
_STARTED = re.compile(
    any_of(
        r"(?:listening|running|serving|server started|started server|ready)\b[^\n]*(?:on|at|in)\b[^\n]*\d",
        r"Started \w+ in [\d.]+ s|Application startup complete|Compiled success",
        r"migrations? (?:applied|complete|finished|done)|All migrations have been",
        r"service is (?:up|ready|healthy)|is ready\b|server is (?:up|running)|up and running|system is ready",
    ),
    re.IGNORECASE,
)
_NOT_SUCCESS = re.compile(
    r"dis-?connected|not connected|fail|error|unable|cannot|could not|refused|lost|ECONN", re.IGNORECASE
)
_LISTENS = re.compile(r"(?:listening|running|serving|started|Network:)[^\n]*?(?:://|\bon |at )[^\n]*", re.IGNORECASE)
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+|\[::\]|\*:\d|:::\d|(?<=//)::")
_SUBJECTS = (
    ("redis", re.compile(r"redis|valkey|cache|bull|queue|sidekiq|celery", re.IGNORECASE)),
    (
        "database",
        re.compile(r"postgres|mysql|maria|mongo|database|\bdb\b|prisma|sequelize|typeorm|\bpg\b|sql", re.IGNORECASE),
    ),
)
_RUN_BEGINS = re.compile(
    any_of(
        r"^> \S+@\S+ |\[nodemon\] (?:re)?start|=> Booting|entrypoint",
        r"^(?:Starting|Launching|Booting) |Starting gunicorn|Booting worker|Starting \w+ (?:v[\d.]+ )?using Java",
    ),
    re.IGNORECASE,
)
_VOLATILE = re.compile(r"\d+")
_CAUSED_BY = re.compile(r"^\s*(?:\[cause\]|\[errors\]|Caused by|cause):", re.IGNORECASE)
_CONTINUES = re.compile(
    any_of(
        r"^(?:\s+\S|\s*at |\s*\.\.\. \d+ (?:more|common)|[}\])]|$)",
        r"^(?:Caused by:|Traceback \(most|The above exception|During handling)",
        r"^[\w.$]*(?:Error|Exception|Refused|Warning)\b",
    )
)


@dataclass(frozen=True)
class _Candidate:
    """A rule that matches at a line: where, and the words of the log that it matches."""

    match: RuleMatch
    rule: LogRule
    position: int
    order: tuple[int, int, int, int]
    again: bool
    quote: str


def diagnose_log(lines: Sequence[str]) -> Diagnosis | None:
    """Why the app failed, by the last ``lines`` of its output, oldest first; ``None`` where no rule is sure.

    Of several reasons the root cause wins: what ends a program by itself before what may follow from it, then the first
    error of the last run, and in a chain of causes the innermost. What a later success disproves does not count.
    """
    entries = _last_run(_inherit(read_lines(lines)))
    candidates = [each for each in _candidates(entries) if not _disproved(each, entries)]
    repeated = Counter(each.rule.code for each in candidates if each.again)
    sure = [each for each in candidates if not each.again or repeated[each.rule.code] >= _STEADY]
    if not sure:
        return None
    best = min(sure, key=lambda each: (each.again, each.order))
    diagnosis = best.match.to_diagnosis("", {}, error_line=best.quote)
    return replace(diagnosis, quote=best.quote, quoted="the log", log=tuple(map(mask_credentials, lines)))


def _inherit(entries: Sequence[LogLine]) -> list[LogLine]:
    """Lines of a stack trace have the level of the line that they follow, unless the log ends with them."""
    leveled: list[LogLine] = []
    last = max((number for number, entry in enumerate(entries) if entry.stamped), default=-1)
    level: bool | None = None
    for number, entry in enumerate(entries):
        if entry.stamped or not _CONTINUES.match(entry.text):
            level = entry.quiet if entry.stamped else None
            leveled.append(entry)
        else:
            quiet = level if level and number < last else entry.quiet
            leveled.append(replace(entry, quiet=quiet))
    return leveled


def _last_run(entries: list[LogLine]) -> list[LogLine]:
    """From where the program was started for the last time, if the log shows that it was started again."""
    starts: dict[str, int] = {}
    begin = 0
    for number, entry in enumerate(entries):
        if _RUN_BEGINS.search(entry.text):
            key = _VOLATILE.sub("0", entry.text)
            if key in starts and number - starts[key] > 1:
                begin = number
            starts[key] = number
    return entries[begin:]


def _candidates(entries: Sequence[LogLine]) -> Iterator[_Candidate]:
    block, depth = 0, 0
    for number, entry in enumerate(entries):
        if entry.stamped or not _CONTINUES.match(entry.text):
            block, depth = number, 0
        elif _CAUSED_BY.match(entry.text):
            depth += 1
        if not entry.text.strip():
            continue
        together = " ".join(each.text for each in entries if each.index == entry.index)
        harmless = bool(entry.quiet) or bool(_HARMLESS.search(together))
        window = [each.text for each in entries[number : number + 12]]
        rule, match = _match(window, harmless=harmless)
        if rule is None or match is None:
            continue
        again = bool(_AGAIN.search(together)) and not _GAVE_UP.search(together)
        order = (rule.rank, block, -depth, number)
        yield _Candidate(match, rule, number, order, again, _quote(entry.text, rule, window))


def _match(window: Sequence[str], *, harmless: bool) -> tuple[LogRule | None, RuleMatch | None]:
    for rule in RULES:
        if harmless and not rule.any_level:
            continue
        text = "\n".join(window[: rule.lines])
        pattern = rule.pattern if rule.lines == 1 else rf"\A[^\n]*?(?:{rule.pattern})"
        match = find((replace(rule, pattern=pattern),), text)
        if match and not (rule.unless and re.search(rule.unless, window[0], re.IGNORECASE)):
            return rule, match
    return None, None


def _quote(line: str, rule: LogRule, window: Sequence[str]) -> str:
    text = " ".join(" ".join(window[: min(rule.lines, 4)]).split()) if rule.lines > 1 else " ".join(line.split())
    text = mask_credentials(text)
    return text if len(text) <= _LINE_SHOWN else text[:_LINE_SHOWN] + "…"


def _disproved(candidate: _Candidate, entries: Sequence[LogLine]) -> bool:
    store = candidate.rule.store
    later = entries[candidate.position + 1 :]
    if candidate.rule.code == LOOPBACK:
        return any(_listens_elsewhere(each.text) for each in entries)
    return bool(store) and any(_succeeds(each.text, store) for each in later)


def _succeeds(text: str, store: str) -> bool:
    if _NOT_SUCCESS.search(text):
        return False
    if _STARTED.search(text):
        return True
    if not _SUCCESS.search(text):
        return False
    subjects = [name for name, pattern in _SUBJECTS if pattern.search(text)]
    return not subjects or store == "any" or store in subjects


def _listens_elsewhere(text: str) -> bool:
    address = _ADDRESS.search(text) if _LISTENS.search(text) else None
    return address is not None and not address.group().startswith("127.")
