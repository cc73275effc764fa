"""The files through which a step talks to the Actions runner: job summary and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deploytool.output.markup import cleaned

# The files through which a step talks to the Actions runner: job summary and outputs.

LARGEST_SUMMARY = 1024 * 1024
"""Bytes per step; the runner drops a summary that is larger."""


def append_summary(path: str, markdown: str) -> bool:
    """Add to the job summary (``GITHUB_STEP_SUMMARY``); False where it would grow too large, and nothing is written."""
    file = Path(path)
    held = file.stat().st_size if file.exists() else 0
    data = markdown.encode("utf-8")
    if held + len(data) > LARGEST_SUMMARY:
        return False
    with file.open("ab") as written:
        written.write(data)
    return True


def append_outputs(path: str, entries: str) -> None:
    """Add entries, spelled by report.github_actions.outputs, to ``GITHUB_OUTPUT``."""
    with Path(path).open("a", encoding="utf-8", newline="\n") as written:
        written.write(entries)


# Workflow commands and output files, spelled as the Actions runner reads them.
#
# Escaping follows ``@actions/toolkit`` (``packages/core/src/command.ts``).


def error(message: str, title: str = "") -> str:
    """An error annotation."""
    return _command("error", message, title)


def warning(message: str, title: str = "") -> str:
    """A warning annotation."""
    return _command("warning", message, title)


def notice(message: str, title: str = "") -> str:
    """A notice annotation."""
    return _command("notice", message, title)


def add_mask(secret: str) -> tuple[str, ...]:
    """Commands that hide a secret in everything the runner prints from now on, line by line as the runner compares.

    Blank lines are left out: masking them would blank every log.
    """
    return tuple(_command("add-mask", line) for line in secret.splitlines() if line.strip())


def group(title: str) -> str:
    """Opens a fold in the log; groups do not nest."""
    return _command("group", " ".join(cleaned([title])))


def end_group() -> str:
    """Closes the open fold."""
    return "::endgroup::"


def escape_commands(line: str) -> tuple[str, ...]:
    """Somebody else's output, as lines in which the runner finds no command.

    ``::name::`` counts at the start of a line, after blanks; the older ``##[name]`` counts anywhere in it.
    """
    return tuple(_disarm(part) for part in cleaned([line]))


def outputs(values: Mapping[str, str], delimiter: str) -> str:
    """Entries for the file ``GITHUB_OUTPUT``.

    Raises ``ValueError`` where a value holds ``delimiter``, which must be random so that no value can close its own
    entry and begin another.
    """
    if any(delimiter in text for pair in values.items() for text in pair):
        raise ValueError("an output holds the delimiter that ends it")
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items())


def _command(name: str, message: str, title: str = "") -> str:
    properties = f" title={_property(title)}" if title else ""
    return f"::{name}{properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _disarm(line: str) -> str:
    # The runner compares by culture, which ignores invisible characters: only a visible one breaks a command.
    line = line.replace("##[", "# #[")
    return line.replace("::", ": :", 1) if line.lstrip().startswith("::") else line
