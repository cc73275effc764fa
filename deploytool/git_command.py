"""The one place that starts git: it reads in bytes, runs no program of the checkout, and gets no token."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType

from deploytool.errors import ConfigurationError

TIMEOUT_SECONDS = 60.0

# Only what git itself needs. Tokens of the job (GITHUB_TOKEN, ACTIONS_ID_TOKEN_REQUEST_*, INPUT_*, AWS_*) stay out, and
# so does every GIT_* that leads to another repository, index or configuration, or names a program.
_KEPT = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CONFIG_HOME", "LD_LIBRARY_PATH", "DEVELOPER_DIR",
    "GIT_EXEC_PATH", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
    "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM",
})  # fmt: skip
_SET = {
    "LC_ALL": "C",  # `fatal:` in English
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",  # the commit of a hash is that commit, not what a replace ref or graft says of it
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone fetches what it lacks, by programs that its configuration names
    "GIT_ATTR_NOSYSTEM": "1",
}
_CONFIG = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.editor=false",
    "core.askPass=",
    "core.sshCommand=false",
    "core.quotePath=false",
    "credential.helper=",
    "gpg.program=false",
    "gpg.ssh.program=false",
    "gpg.x509.program=false",
    "log.showSignature=false",
    "commit.gpgSign=false",
    "i18n.logOutputEncoding=UTF-8",
    "diff.orderFile=/dev/null",
    "color.ui=false",
    "column.ui=never",
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    # A directory of the checkout may itself look like a repository, with commits and configuration of its author's.
    "safe.bareRepository=explicit",
)
_KNOWN_FILTERS = frozenset({
    "git-lfs clean -- %f", "git lfs clean -- %f", "git-lfs filter-process", "git lfs filter-process",
    '"git-crypt" clean',
})  # fmt: skip
# The year 9999 begins: a reader's time zone must not lead past the last year that Python counts.
_LAST_SECOND = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())
_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class GitMissing(ConfigurationError):
    """git is not on PATH."""


class GitTimedOut(ConfigurationError):
    """git was still running after the time that it is given."""


@dataclass(frozen=True)
class GitResult:
    """How git ended, and what it wrote."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """The output; what is not UTF-8 in it is replaced by U+FFFD."""
        return decoded(self.out)

    @property
    def items(self) -> tuple[str, ...]:
        """The parts of an output that ends each of them with NUL."""
        return tuple(decoded(part) for part in self.out.split(b"\0")[:-1])

    @property
    def cause(self) -> str:
        """Why it failed: git's first ``fatal:`` line, else its first ``error:``, else its first line."""
        lines = [line.strip() for line in decoded(self.err).split("\n") if line.strip()]
        for sign in ("fatal: ", "error: "):
            for line in lines:
                if line.startswith(sign):
                    return line.removeprefix(sign)
        return lines[0] if lines else f"it ended with {self.code} without a message"


def run_git(
    directory: Path,
    *words: str,
    given: bytes = b"",
    environ: Mapping[str, str] = _NO_VARIABLES,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> GitResult:
    """Run ``git WORDS`` in ``directory``. ``given`` is its standard input; ``environ`` is added to its variables.

    Raises:
        GitMissing, GitTimedOut: ConfigurationErrors; any other failure is in the result's code.
    """
    config = [word for setting in (*_CONFIG, f"safe.directory={checkout_root(directory)}") for word in ("-c", setting)]
    try:
        done = subprocess.run(
            ["git", "--no-pager", "-C", str(directory), *config, *words],
            input=given,
            capture_output=True,
            check=False,
            env={**environment(os.environ), **environ},
            timeout=timeout_seconds,
        )
    except FileNotFoundError as error:
        raise GitMissing("git is not installed", "install git") from error
    except subprocess.TimeoutExpired as error:
        raise GitTimedOut(
            f"git {words[0]} was stopped after {timeout_seconds:g} s",
            "run it by hand in the checkout, and see whether the disk is slow or another git holds a lock",
        ) from error
    return GitResult(done.returncode, done.stdout, done.stderr)


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What git gets of our environment variables, and what it gets besides."""
    return {name: value for name, value in environ.items() if name in _KEPT} | _SET


def without_filters(directory: Path) -> dict[str, str]:
    """Variables for :func:`run_git` that turn off the content filters of this repository's own configuration.

    A filter is a program. The user's own (``git config --global``) stay, and so do Git LFS and git-crypt.
    """
    items = run_git(directory, "config", "--show-scope", "-z", "--get-regexp", r"^(filter|lfs\.extension)\.").items
    entries = [(scope, *entry.partition("\n")[::2]) for scope, entry in zip(items[::2], items[1::2], strict=False)]
    settings = filter_overrides(entries)
    return {"GIT_CONFIG_COUNT": str(len(settings))} | {
        f"GIT_CONFIG_{kind}_{number}": text
        for number, setting in enumerate(settings)
        for kind, text in zip(("KEY", "VALUE"), setting, strict=True)
    }


def filter_overrides(entries: Iterable[tuple[str, str, str]]) -> tuple[tuple[str, str], ...]:
    """Settings that overrule filters of the repository, from every one that is configured: scope, name and value."""
    own: dict[str, str] = {}
    users: dict[str, str] = {}
    for scope, name, value in entries:
        (own if scope in {"local", "worktree"} else users)[name] = value
    # An extension of Git LFS is one more program, which even the user's own filter would run.
    extended = any(name.startswith("lfs.extension.") for name in own)
    settings: dict[str, str] = {}
    for name in own | users:
        driver, _, what = name.rpartition(".")
        if not driver.startswith("filter.") or what not in {"clean", "process"}:
            continue
        if extended and driver == "filter.lfs":
            settings |= {name: "", f"{driver}.required": "false"}
        elif name in own and own[name] not in _KNOWN_FILTERS:
            settings[name] = users.get(name, "")
            if not any(users.get(f"{driver}.{each}") for each in ("clean", "process")):
                settings[f"{driver}.required"] = "false"
    return tuple(settings.items())


def decoded(output: bytes) -> str:
    """Text of git's; what is not UTF-8 in it is replaced by U+FFFD."""
    return output.decode("utf-8", "replace")


def path(output: bytes) -> Path:
    """The path that is all of an output, byte for byte."""
    return Path(os.fsdecode(re.sub(rb"\n\Z", b"", output)))


def moment(seconds: str, raw: str) -> datetime | None:
    """The date of a commit, from git's ``%ct`` and from its ``%cd`` with ``--date=raw``.

    Both are needed: only the second has the zone, and git writes 0 there for seconds that it cannot count. No other
    format will do, since git ends with an error at some zones. None is no date, or one after the year 9998.
    """
    match = re.fullmatch(r"([0-9]{1,12}) ([+-])([0-9]+)", raw)
    if not match or not re.fullmatch(r"[0-9]{1,12}", seconds) or int(seconds) != int(match[1]):
        return None
    if int(seconds) >= _LAST_SECOND:
        return None
    hours, minutes = divmod(int(match[3][:9]), 100)
    away = timedelta(hours=hours, minutes=minutes)
    zone = timezone(-away if match[2] == "-" else away) if away < timedelta(days=1) and minutes < 60 else UTC
    return datetime.fromtimestamp(int(seconds), UTC).astimezone(zone)


def checkout_root(directory: Path) -> Path:
    """The checkout around ``directory``, whoever owns it: in a container job that is another user than ours."""
    real = directory.resolve()
    return next((each for each in (real, *real.parents) if os.path.lexists(each / ".git")), real)
