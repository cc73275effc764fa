"""Whether a state file that was found is this user's own sandbox: it decides where AWS, GitHub and images are.

A file of that name may come with a checkout, or lie in a directory above that belongs to somebody else.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.endpoints import SIGN_IN, is_loopback, is_loopback_authority
from deploytool.git_command import GitMissing, GitTimedOut, ask
from deploytool.sandbox.errors import SandboxRefused
from deploytool.sandbox.process import alive
from deploytool.sandbox.state import DIRECTORY, FILE, load_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploytool.sandbox.state import SandboxState


# SEG sandbox.trust
# Whether a state file that was found is this user's own sandbox: it decides where AWS, GitHub and images are.
#
# A file of that name may come with a checkout, or lie in a directory above that belongs to somebody else.

AWS_CONFIG = "[default]\n"
"""All that the sandbox's own AWS configuration says; more could name endpoints, or programs to run."""
SERVER = b"ministack_server.py"
GIT_SECONDS = 10.0
"""Time that git may take to look into its index."""
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Entry:
    """What the file system says about one path, links not followed."""

    path: str
    """As the user is told."""
    mode: int
    """``st_mode``: kind and permissions."""
    uid: int
    links: int


def why_not_own(entries: Sequence[Entry], uid: int) -> str:
    """Why one of these files and directories may be somebody else's; empty where all are the user's."""
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


def why_not_local(state: SandboxState, root: Path) -> str:
    """Why what a state says cannot be of the sandbox in ``root``; empty where it can."""
    urls = {
        "aws_endpoint_url": state.aws_endpoint_url,
        "github_api_url": state.github_api_url,
        "github_web_url": state.github_web_url,
        "app_url": state.app_url,
    }
    for name, url in urls.items():
        if not is_loopback(url):
            return f"its {name} is not on this machine (127.0.0.1, localhost or ::1)"
    if not is_loopback_authority(state.registry):
        return "its registry is not on this machine (127.0.0.1, localhost or ::1)"
    if state.root != root or state.workdir != root / DIRECTORY / "workdir":
        return "it was made for another directory"
    if not _REGION.fullmatch(state.region) or not _REPOSITORY.fullmatch(state.repository):
        return "its region or repository is no name"
    return ""


def entries(root: Path) -> list[Entry]:
    """The directory, what ``up`` makes in it, and the two files that decide; empty where no state file is there."""
    directory = root / DIRECTORY
    config = directory / "aws.config"
    try:
        (directory / FILE).lstat()
        found = [_entry(path) for path in (root, directory, directory / FILE)]
        return [*found, _entry(config)] if os.path.lexists(config) else found
    except OSError:
        # Not there, or in a directory that this user may not even look into.
        return []


def why_not_ours(root: Path) -> str:
    """Why the state file of ``root``, which is there, must not be read; empty where it may."""
    found = entries(root)
    return (
        why_not_own(found, os.geteuid())
        or ("" if len(found) < len(("root", "directory", "state", "config")) else _why_not_our_config(root))
        or _why_tracked(root)
    )


def why_not_own_directory(root: Path) -> str:
    """Why no sandbox may be started in ``root``: one that is there would not be used. Empty where it may."""
    places = (root, root / DIRECTORY)
    return why_not_own([_entry(path) for path in places if os.path.lexists(path)], os.geteuid())


def lives(state: SandboxState) -> bool:
    """Whether its AWS still runs: this very process, of this user, and not another with the same number."""
    server = state.processes.get("ministack")
    if server is None or not alive(server):
        return False
    process = Path(f"/proc/{server.pid}")
    try:
        return process.stat().st_uid == os.geteuid() and SERVER in (process / "cmdline").read_bytes()
    except OSError:
        return False


def _entry(path: Path) -> Entry:
    found = path.lstat()
    return Entry(str(path), found.st_mode, found.st_uid, found.st_nlink)


def _why_not_our_config(root: Path) -> str:
    path = root / DIRECTORY / "aws.config"
    with path.open("rb") as file:
        ours = file.read(len(AWS_CONFIG) + 1) == AWS_CONFIG.encode()
    return "" if ours else f"{path} is not what the sandbox wrote"


def _why_tracked(root: Path) -> str:
    """A file that git tracks came with the checkout, whatever .gitignore says."""
    for top in (root, *root.parents):
        if not os.path.lexists(top / ".git"):
            continue
        try:
            repository = ask(top, "rev-parse", "--git-dir", timeout_seconds=GIT_SECONDS)
            if repository.code and "not a git repository" in repository.cause:
                continue
            # Without regard to case, as some file systems have it.
            place = f":(icase,literal){(root / DIRECTORY).relative_to(top)}"
            listed = ask(top, "ls-files", "-z", "--", place, timeout_seconds=GIT_SECONDS)
        except (GitMissing, GitTimedOut):
            return f"git does not say whether it tracks {root / DIRECTORY}"
        if repository.code or listed.code:
            return f"git does not say whether it tracks {root / DIRECTORY}"
        if listed.out:
            return f"git tracks {root / DIRECTORY}: it came with the checkout"
    return ""


# SEG sandbox.discover
# From a directory to the sandbox it belongs to, and from a sandbox to the environment variables that lead to it.


def find_sandbox(start: Path) -> SandboxState | None:
    """The sandbox that was started in ``start`` or in a directory above it; its checkout lies below, so it counts too.

    It need not run any more. Raises as ``at``: one that is refused hides those above it.
    """
    directory = _place(start)
    return None if directory is None else at(directory)


def living(start: Path) -> SandboxState | None:
    """The same, and it runs: nothing may be sent to a port that another program has taken since.

    Raises:
        SandboxRefused: it is not this user's own, or it does not run.
        SandboxError: a state file is there and cannot be read.
    """
    state = find_sandbox(start)
    if state is not None and not lives(state):
        raise SandboxRefused(
            state.root, "it does not run", f"run `deploytool sandbox up` in {state.root}, or `deploytool sandbox down`"
        )
    return state


def at(root: Path) -> SandboxState | None:
    """The sandbox that was started in this directory, or None.

    Raises:
        SandboxRefused: the state file is not this user's own, or leads off this machine.
        SandboxError: it is there and cannot be read.
    """
    if not entries(root):
        return None
    file = root / DIRECTORY / FILE
    remove = f"remove {file}, or work outside {root}; `deploytool sandbox up` makes one that is yours"
    if why := why_not_ours(root):
        raise SandboxRefused(root, why, remove)
    state = load_state(root)
    if state is not None and (why := why_not_local(state, root)):
        raise SandboxRefused(root, why, remove)
    return state


def is_near(start: Path) -> bool:
    """Whether a state file is in ``start`` or above it. It is not read."""
    return _place(start) is not None


def _place(start: Path) -> Path | None:
    here = start.resolve()
    return next((directory for directory in (here, *here.parents) if entries(directory)), None)


def sandbox_environment(state: SandboxState) -> dict[str, str]:
    """The variables that make boto3, ghapi and deploytool talk to the sandbox and to nothing else.

    The user's profiles and the instance metadata service are out of reach: no real account is met by accident. An empty
    value means that the variable must not be set. The profile is named, since botocore takes an empty name for a name;
    `default` is all that the sandbox's own configuration file holds.
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
        # The sandbox has keys of its own, and no identity of a job is shown to it.
        **dict.fromkeys(SIGN_IN, ""),
        "GITHUB_API_URL": state.github_api_url,
        "GITHUB_SERVER_URL": state.github_web_url,
        "GITHUB_REPOSITORY": state.repository,
        "GITHUB_TOKEN": "sandbox-token",
        "DEPLOYTOOL_REGISTRY": state.registry,
        "DEPLOYTOOL_ENVIRONMENT": state.environments[0],
        "DEPLOYTOOL_SANDBOX": str(state.directory),
    }
