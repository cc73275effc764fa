"""What the last lines of an app's own log say about why it failed: the root cause, or nothing where it is not sure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from deploytool.diagnosis import Diagnosis, RuleMatch
from deploytool.ecs.log_lines import LogLine, LogRule, any_of, read_lines
from deploytool.ecs.migration_failures import MIGRATIONS
from deploytool.ecs.runtime_failures import FILES, PROCESS
from deploytool.ecs.store_failures import ACCESS, NETWORK, REDIS
from deploytool.ecs.variable_failures import SECRETS, VARIABLES
from deploytool.redaction import mask_credentials

LOOPBACK = "app-loopback-only"
RULES: tuple[LogRule, ...] = (*SECRETS, *VARIABLES, *FILES, *PROCESS, *MIGRATIONS, *REDIS, *ACCESS, *NETWORK)
_LINE_SHOWN = 200
_WINDOW = 12
"""Lines that a pattern may reach over at most."""
_STEADY = 3
"""So often a line that announces another attempt must come until the app is stuck and not starting."""

_AGAIN = re.compile(
    any_of(
        r"(?<!and )(?<!please )\bretry(?:ing)?\b|\bretries\b",
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
        r"registered|handler for|\btest(?:s|ed)? (?:pass|for)|✓|\b(?-i:PASS)\b|simulat|will be (?:generated|created)",
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
        r"Started \w+ in [\d.]+ s|Started Server\w*@|Application startup complete|Compiled success",
        r"migrations? (?:applied|complete|finished|done)|All migrations have been",
        r"service is (?:up|ready|healthy)|is ready\b|server is (?:up|running)|up and running|system is ready",
    ),
    re.IGNORECASE,
)
_NOT_SUCCESS = re.compile(
    any_of(
        r"dis-?connected|not connected|fail|error|unable|cannot|could not|refused|lost",
        r"\?|^\s*is the |make sure|please|check (?:that|if)",
    ),
    re.IGNORECASE,
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
_FRAME = re.compile(r"^\s+(?:at |File \"/|from /|\.\.\. \d+ )")
"""Of a stack trace: where, and not why."""
_HINT = re.compile(
    any_of(
        r"error|exception|fail|fatal|panic|refus|reject|denied|not |n't|no |non |un\w|in(?:valid|correct|consistent)",
        r"missing|require|must|can|could|E[A-Z]{3,}|P[123]\d{3}|time|memory|heap|GLIBC|format|address|listen|running|serving",
        r"start|bound|too many|read-?only|permi|cert|self|AUTH|PASS|MOVED|dirty|lock|multiple|version|key|default",
        r"placeholder|\": \{",
        r"env|path|set|provide|illegal|expected|slot|crash|MODULE|clear|\d{5}|abort|wrong|terminat|pending|support|disabled|mismatch|differ|\^M|\\r",
    ),
    re.IGNORECASE,
)
"""What a line contains at least that any rule matches; a cheap first look."""
_TRACE = re.compile(r"^(?:Caused by:|Traceback \(most|[\w.$]*(?:Error|Exception|Refused)\b)")
_STOPPING = re.compile(r"exit|stop|shut|terminat|kill|clos|SIG|abort|crash", re.IGNORECASE)
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

    rule: LogRule
    groups: dict[str, str]
    quote: str
    position: int
    order: tuple[int, int, int, int]
    again: bool
    """The line announces another attempt."""


def diagnose_log(lines: Sequence[str]) -> Diagnosis | None:
    """Why the app failed, by the last ``lines`` of its output, oldest first; ``None`` where no rule is sure.

    Of several reasons the root cause wins: what ends a program by itself before what may follow from it, then the first
    error of the last run, and in a chain of causes the innermost. What a later success disproves does not count.
    """
    entries = _last_run(_inherit(read_lines(lines)))
    candidates = [each for each in _candidates(entries) if not _disproved(each, entries)]
    repeated = Counter(each.rule.code for each in candidates if each.again)
    sure = [each for each in candidates if not each.again or repeated[each.rule.code] >= _STEADY]
    best = min(sure, key=lambda each: (each.again, each.order), default=None)
    if best is None:
        return None
    diagnosis = RuleMatch(best.rule, best.groups).to_diagnosis("", {}, error_line=best.quote)
    return replace(diagnosis, quote=best.quote, quoted="the log", log=tuple(lines))


def _inherit(entries: Sequence[LogLine]) -> list[LogLine]:
    """Lines of a stack trace have the level of the line that they follow, unless the log ends with the trace."""
    leveled: list[LogLine] = []
    last = max((number for number, entry in enumerate(entries) if entry.stamped), default=-1)
    level: bool | None = None
    for number, entry in enumerate(entries):
        if entry.stamped:
            level = entry.quiet
        elif not _CONTINUES.match(entry.text) or (number > last and _TRACE.match(entry.text)):
            level = None
        leveled.append(replace(entry, quiet=True) if level and not entry.stamped else entry)
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
        if _FRAME.match(entry.text) or not _HINT.search(entry.text):
            continue
        together = " ".join(each.text for each in entries if each.index == entry.index)
        harmless = bool(entry.quiet or _HARMLESS.search(together))
        framed = entries[max(number - 1, 0)].text[:1].isspace()
        window = [each.text for each in entries[number : number + _WINDOW]]
        for rule in RULES:
            if (harmless and not rule.any_level) or (framed and rule.alone):
                continue
            if match := _match(rule, window):
                groups = {name.rstrip("0123456789"): value for name, value in match.groupdict().items() if value}
                around = f"{entries[block].text} {together} {_following(entries, number)}"
                again = bool(_AGAIN.search(around)) and not _GAVE_UP.search(around)
                order = (rule.rank, block, -depth, number)
                yield _Candidate(rule, groups, _quote(match, window[0]), number, order, again)
                break


def _following(entries: Sequence[LogLine], number: int) -> str:
    """The next line, where it only goes on with what this one says."""
    after = entries[number + 1 : number + 2]
    return "" if not after or after[0].stamped else after[0].text


@lru_cache(maxsize=len(RULES))
def _pattern(rule: LogRule) -> re.Pattern[str]:
    pattern = rule.pattern if rule.lines == 1 else rf"\A[^\n]*?(?P<whole>{rule.pattern})"
    return re.compile(pattern, re.IGNORECASE)


def _match(rule: LogRule, window: Sequence[str]) -> re.Match[str] | None:
    match = _pattern(rule).search("\n".join(window[: rule.lines]))
    return None if match and rule.unless and re.search(rule.unless, window[0], re.IGNORECASE) else match


def _quote(match: re.Match[str], line: str) -> str:
    """The line, or those lines that the match spans; of a long one the part around what matches."""
    lines = match.string[: match.end()].count("\n")
    text = " ".join(match.string.split("\n", lines + 1)[: lines + 1]) if lines else line
    text = mask_credentials(" ".join(text.split()))
    if len(text) <= _LINE_SHOWN:
        return text
    words = " ".join((match.groupdict().get("whole") or match.group()).split())
    start = max(0, min(text.find(words[:40]) - _LINE_SHOWN // 4, len(text) - _LINE_SHOWN))
    return ("…" if start else "") + text[start : start + _LINE_SHOWN] + ("…" if start + _LINE_SHOWN < len(text) else "")


def _disproved(candidate: _Candidate, entries: Sequence[LogLine]) -> bool:
    rule, later = candidate.rule, entries[candidate.position + 1 :]
    if rule.code == LOOPBACK:
        return any(_listens_elsewhere(each.text) for each in entries)
    if rule.passing and any(each.quiet and each.stamped and not _STOPPING.search(each.text) for each in later):
        return True
    return bool(rule.store) and any(_succeeds(each.text, rule.store) for each in later)


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
