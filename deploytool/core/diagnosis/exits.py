"""What a container's exit code tells."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from deploytool.core.diagnosis.rule import Rule
from deploytool.core.observed import Container

_BY_CODE = {
    0: Rule(
        "container-ended",
        "",
        "container {container} ended by itself with exit code 0, and a service's container must keep running",
        "let the command of container {container} stay in the foreground",
    ),
    1: Rule(
        "container-failed",
        "",
        "container {container} exited with code 1: the program failed",
        "read its log: the program says there why it stopped",
    ),
    2: Rule(
        "container-failed",
        "",
        "container {container} exited with code 2: wrong arguments, or the program failed",
        "check command of container {container}, and read its log",
    ),
    126: Rule(
        "command-not-executable",
        "",
        "container {container} exited with code 126: its command is there but cannot be executed",
        "make the file executable in the image (COPY --chmod=755), or correct command of container {container}",
        fatal=True,
    ),
    127: Rule(
        "command-not-found",
        "",
        "container {container} exited with code 127: its command was not found in the image",
        "correct command or entryPoint of container {container}, or put the program into the image {image}",
        fatal=True,
    ),
    137: Rule(
        "container-killed",
        "",
        "container {container} was killed (exit code 137): out of memory, a failed health check, or it did not stop in "
        "time",
        "look at its memory use against its limit ({memory}), at healthCheck, and at stopTimeout",
    ),
    139: Rule(
        "container-crashed",
        "",
        "container {container} crashed with a segmentation fault (exit code 139)",
        "look for a native library built for another system (Alpine or Debian, other CPU), and read its log",
    ),
    143: Rule(
        "container-terminated",
        "",
        "container {container} was asked to stop (exit code 143, SIGTERM)",
        "find what stopped it: another essential container, a deployment, or somebody; it did not fail by itself",
    ),
    255: Rule(
        "container-failed",
        "",
        "container {container} exited with code 255: the program failed, or could not be run at all",
        "read its log; without one, check the image's CPU and its entryPoint",
    ),
}

NEVER_STARTED = Rule(
    "container-never-started",
    "",
    "container {container} never started",
    "read AWS's words below; nothing of it ran, so there is no log",
)

OUT_OF_MEMORY = Rule(
    "out-of-memory",
    r"OutOfMemory",
    "container {container} used more memory than its limit of {memory} and was killed",
    "raise memory of container {container} (and memory of the task), or let the program use less",
)

_TELLING = re.compile(
    r"error|exception|fatal|panic|cannot|can't|could not|unable|failed|denied|refused|not found|not set|no such|missing"
    r"|invalid",
    re.IGNORECASE,
)
_LINE_SHOWN = 200


def of_exit_code(code: int) -> Rule:
    """What an exit code means by convention; 128 + n is death by signal n."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    try:
        name = signal.Signals(code - 128).name
    except ValueError:
        return Rule(
            "container-failed",
            "",
            f"container {{container}} exited with code {code}: the program failed",
            "read its log: the program says there why it stopped",
        )
    return Rule(
        "container-crashed",
        "",
        f"container {{container}} was ended by signal {name} (exit code {code})",
        "read its log",
    )


def to_blame(containers: Sequence[Container], text: str = "") -> Container | None:
    """The container whose end ended the task; the others were told to stop because of it.

    First one that ECS itself accuses: by OutOfMemoryError, or by its image in ``text`` where nothing ever started. Then
    essential ones, and among them one that failed before one that was killed, ended well, or never started.
    """
    started = any(container.exit_code is not None for container in containers)

    def innocence(container: Container) -> tuple[bool, bool, int]:
        accused = "OutOfMemory" in container.reason
        if not started:
            accused = bool(container.reason) or (bool(container.image) and container.image in text)
        order = {None: 4, 0: 3, 143: 2, 137: 1}
        return not accused, not container.essential, order.get(container.exit_code, 0)

    return min(containers, key=innocence, default=None)


def telling_line(log: Sequence[str]) -> str:
    """The last line that speaks of a failure; empty where none does."""
    line = next((line.strip() for line in reversed(log) if _TELLING.search(line)), "")
    return line if len(line) <= _LINE_SHOWN else line[:_LINE_SHOWN] + "…"
