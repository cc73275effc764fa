"""The files and the log through which a step talks to the runner, read as the runner reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_COMMAND = re.compile(r"^\s*::(?P<name>[\w-]+)(?: (?P<properties>[^:]*(?::(?!:)[^:]*)*))?::(?P<data>.*)$")
_OLD_COMMAND = re.compile(r"##\[(?P<name>[\w-]+)(?P<properties>)[^\]]*\](?P<data>.*)")


def entries(text: str) -> dict[str, str]:
    """``name=value`` and ``name<<DELIMITER`` entries of GITHUB_OUTPUT, GITHUB_ENV and GITHUB_STATE.

    Raises ValueError, where the runner fails the step, for a line that is neither and for a value that never ends.
    """
    result: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if not line:
            continue
        name, mark, rest = re.match(r"([^=<]*)(=|<<)?(.*)", line, re.DOTALL).groups()  # type: ignore[union-attr] # matches anything
        if mark == "=":
            result[name] = rest
        elif mark == "<<":
            result[name] = "\n".join(_until(rest, lines))
        else:
            raise ValueError(f"Invalid format '{line}'")
    return result


def _until(delimiter: str, lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        if line == delimiter:
            return
        yield line
    raise ValueError(f"Matching delimiter not found '{delimiter}'")


@dataclass(frozen=True)
class Command:
    """A workflow command that the runner found in the log."""

    name: str
    data: str


def commands(log: str) -> list[Command]:
    """Every command in the log that the runner would act on; ``::stop-commands`` stops it from looking."""
    result: list[Command] = []
    stopped = ""
    for line in log.splitlines():
        if stopped:
            stopped = "" if line.strip() == f"::{stopped}::" else stopped
            continue
        if match := _COMMAND.match(line) or _OLD_COMMAND.search(line):
            command = Command(match["name"].lower(), match["data"])
            result.append(command)
            if command.name == "stop-commands":
                stopped = command.data
    return result
