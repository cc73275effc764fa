"""Find the sandbox of a directory, and use it only if it is this user's own: it decides which AWS and GitHub we call.

A state file may also come with a checkout, or be in a parent directory that belongs to another user.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploytool.endpoints import SIGN_IN, is_loopback, is_loopback_authority
from deploytool.git_command import GitMissing, GitTimedOut, run_git
from deploytool.sandbox.errors import SandboxRefused
from deploytool.sandbox.process import alive
from deploytool.sandbox.state import DIRECTORY, FILE, SandboxState, load_state

AWS_CONFIG = "[default]\n"
"""The sandbox's whole AWS configuration; more could name endpoints, or programs to run."""
SERVER = b"ministack_server.py"
GIT_SECONDS = 10.0
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


def find_sandbox(start: Path) -> SandboxState | None:
    """The sandbox that was started in ``start`` or in a parent directory; its checkout counts too.

    It need not be running. Raises as ``load_sandbox``: one that is refused hides those above it.
    """
    directory = _sandbox_directory(start)
    return None if directory is None else load_sandbox(directory)


def find_running_sandbox(start: Path) -> SandboxState | None:
    """The same, and it is running: nothing may be sent to a port that another program has taken since.

    Raises:
        SandboxRefused: it is not this user's own, or it is not running.
        SandboxError: the state file exists and cannot be read.
    """
    state = find_sandbox(start)
    if state is not None and not is_running(state):
        fix = f"run `deploytool sandbox up` in {state.root}, or `deploytool sandbox down`"
        raise SandboxRefused(state.root, "it is not running", fix)
    return state


def load_sandbox(root: Path) -> SandboxState | None:
    """The sandbox that was started in this directory, or None.

    Raises:
        SandboxRefused: the state file is not this user's own, or names addresses that are not on this machine.
        SandboxError: it exists and cannot be read.
    """
    if not entries(root):
        return None
    file = root / DIRECTORY / FILE
    fix = f"remove {file}, or work outside {root}; `deploytool sandbox up` creates your own"
    if why := _why_not_trusted(root):
        raise SandboxRefused(root, why, fix)
    state = load_state(root)
    if state is not None and (why := why_not_local(state, root)):
        raise SandboxRefused(root, why, fix)
    return state


def is_near(start: Path) -> bool:
    """Whether a state file is in ``start`` or above it. It is not read."""
    return _sandbox_directory(start) is not None


def _sandbox_directory(start: Path) -> Path | None:
    start = start.resolve()
    return next((directory for directory in (start, *start.parents) if entries(directory)), None)


@dataclass(frozen=True)
class Entry:
    """The file system's data of one path, links not followed."""

    path: str
    mode: int
    """``st_mode``: kind and permissions."""
    uid: int
    links: int


def entries(root: Path) -> list[Entry]:
    """The directory, what ``up`` creates in it, and the two files that decide; empty without a state file."""
    directory = root / DIRECTORY
    config = directory / "aws.config"
    try:
        paths = [root, directory, directory / FILE, *([config] if os.path.lexists(config) else [])]
        return [_entry(path) for path in paths]
    except OSError:
        # Missing, or in a directory that this user may not list.
        return []


def _entry(path: Path) -> Entry:
    status = path.lstat()
    return Entry(str(path), status.st_mode, status.st_uid, status.st_nlink)


def why_not_own(entries: Sequence[Entry], uid: int) -> str:
    """Why one of these files and directories may be another user's; empty where all are the user's."""
    for entry in entries:
        if not (stat.S_ISREG(entry.mode) or stat.S_ISDIR(entry.mode)):
            return f"{entry.path} is a link or a special file"
        if stat.S_ISREG(entry.mode) and entry.links != 1:
            return f"{entry.path} has a second name (hard link)"
        if entry.uid != uid:
            return f"{entry.path} belongs to another user (uid {entry.uid}, not {uid})"
        if entry.mode & stat.S_IWOTH:
            return f"every user may write to {entry.path}"
    return ""


def why_not_own_directory(root: Path) -> str:
    """Why no sandbox may be started in ``root``: it would not be used afterwards. Empty where it may."""
    paths = (root, root / DIRECTORY)
    return why_not_own([_entry(path) for path in paths if os.path.lexists(path)], os.geteuid())


def why_not_local(state: SandboxState, root: Path) -> str:
    """Why this cannot be the state of the sandbox in ``root``; empty where it can."""
    for name in ("aws_endpoint_url", "github_api_url", "github_web_url", "app_url"):
        if not is_loopback(getattr(state, name)):
            return f"its {name} is not on this machine (127.0.0.1, localhost or ::1)"
    if not is_loopback_authority(state.registry):
        return "its registry is not on this machine (127.0.0.1, localhost or ::1)"
    if state.root != root or state.workdir != root / DIRECTORY / "workdir":
        return "it was made for another directory"
    if not _REGION.fullmatch(state.region) or not _REPOSITORY.fullmatch(state.repository):
        return "its region or repository is not a valid name"
    return ""


def _why_not_trusted(root: Path) -> str:
    """Why the existing state file of ``root`` must not be read; empty where it may."""
    config = root / DIRECTORY / "aws.config"
    if why := why_not_own(entries(root), os.geteuid()):
        return why
    if config.exists():
        with config.open("rb") as file:
            if file.read(len(AWS_CONFIG) + 1) != AWS_CONFIG.encode():
                return f"{config} is not what the sandbox wrote"
    return _why_tracked(root)


def _why_tracked(root: Path) -> str:
    """A file that git tracks came with the checkout, whatever .gitignore says."""
    unknown = f"git does not say whether it tracks {root / DIRECTORY}"
    for top in (root, *root.parents):
        if not os.path.lexists(top / ".git"):
            continue
        try:
            repository = run_git(top, "rev-parse", "--git-dir", timeout_seconds=GIT_SECONDS)
            if repository.code and "not a git repository" in repository.cause:
                continue
            # Ignoring case, as some file systems do.
            pathspec = f":(icase,literal){(root / DIRECTORY).relative_to(top)}"
            tracked = run_git(top, "ls-files", "-z", "--", pathspec, timeout_seconds=GIT_SECONDS)
        except (GitMissing, GitTimedOut):
            return unknown
        if repository.code or tracked.code:
            return unknown
        if tracked.out:
            return f"git tracks {root / DIRECTORY}: it came with the checkout"
    return ""


def is_running(state: SandboxState) -> bool:
    """Whether its AWS is running: this very process, of this user, and not another with the same number."""
    server = state.processes.get("ministack")
    if server is None or not alive(server):
        return False
    process = Path(f"/proc/{server.pid}")
    try:
        return process.stat().st_uid == os.geteuid() and SERVER in (process / "cmdline").read_bytes()
    except OSError:
        return False


def sandbox_environment(state: SandboxState) -> dict[str, str]:
    """The variables that make boto3, ghapi and deploytool call the sandbox and nothing else.

    The user's profiles and the instance metadata service are out of reach, so that no real account is called by
    accident. An empty value means that the variable must not be set. The profile is explicit, since botocore takes an
    empty name for a name; `default` is the only one in the sandbox's configuration file.
    """
    return {
        "AWS_ENDPOINT_URL": state.aws_endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "",
        "AWS_DEFAULT_REGION": state.region,
        "AWS_REGION": state.region,
        "AWS_PROFILE": "default",
        "AWS_DEFAULT_PROFILE": "default",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "",
        "AWS_CONFIG_FILE": str(state.aws_config),
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        # The sandbox has its own keys; the job's identity is not sent to it.
        **dict.fromkeys(SIGN_IN, ""),
        "GITHUB_API_URL": state.github_api_url,
        "GITHUB_SERVER_URL": state.github_web_url,
        "GITHUB_REPOSITORY": state.repository,
        "GITHUB_TOKEN": "sandbox-token",
        "DEPLOYTOOL_REGISTRY": state.registry,
        "DEPLOYTOOL_ENVIRONMENT": state.environments[0],
        "DEPLOYTOOL_SANDBOX": str(state.directory),
    }
