"""Make docs/images from a sandbox: the pull request page of a good and of a failed release, and both in a terminal."""

from __future__ import annotations

import argparse
import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text

from deploytool.sandbox import checkout
from deploytool.sandbox.errors import SandboxError
from deploytool.sandbox.github.client import page_url
from deploytool.sandbox.state import SandboxState, load_state
from tests.support.browser import started

ROOT = Path(__file__).parent.parent.parent
IMAGES = ROOT / "docs" / "images"
DEPLOYTOOL = Path(sys.executable).parent / "deploytool"
COLUMNS = 116
READ_AT_ONCE = 65536
# Screens of a picture that moves follow each other: the last one is what stays.
CURSOR_UP = re.compile(r"(?:\x1b\[\d*A\x1b\[2K|\r\x1b\[2K)+")
CURSOR = re.compile(r"\x1b\[\?25[lh]")


def main() -> None:
    argparse.ArgumentParser(prog="scripts/dev pictures", description=__doc__).parse_args()
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "architecturedeck"
        root.mkdir()
        _run(root, "sandbox", "up", "--steady", "0s")
        try:
            state = load_state(root)
            if state is None:
                raise SandboxError(f"there is no sandbox in {root}", "see what `deploytool sandbox up` said")
            _terminal(state, "released.svg", expected=0)
            checkout.advance(state)
            _run(state.workdir, "release")
            _run(root, "sandbox", "break", "worker")
            _terminal(state, "rolled-back.svg", expected=6)
            with started() as browser:
                for number, name in ((2, "released.png"), (3, "rolled-back.png")):
                    browser.look(width=1100, height=1150)
                    browser.open(page_url(state, number))
                    browser.wait_for_text("github-actions")
                    browser.script("document.querySelectorAll('details').forEach(each => each.open = true)")
                    browser.screenshot(IMAGES / name, whole=False)
        finally:
            _run(root, "sandbox", "down")


def _run(directory: Path, *words: str) -> None:
    print(f"$ deploytool {' '.join(words)}", flush=True)
    subprocess.run([DEPLOYTOOL, *words], cwd=directory, check=True)


def _terminal(state: SandboxState, name: str, *, expected: int) -> None:
    """Release on a terminal, and draw what stays on it."""
    shown, code = _on_a_terminal(["release"], state.workdir)
    if code != expected:
        sys.exit(f"pictures: release ended with {code}, not {expected}:\n{shown}")
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ deploytool release"), Text.from_ansi(_last_screen(shown)), sep="\n")
    console.save_svg(str(IMAGES / name), title="deploytool", theme=DEFAULT_TERMINAL_THEME)


def _on_a_terminal(words: list[str], directory: Path) -> tuple[str, int]:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(directory)
        os.environ |= {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": "60"}
        os.environ.pop("CI", None)
        os.execv(DEPLOYTOOL, ["deploytool", *words])
    read = b""
    while True:
        try:
            part = os.read(terminal, READ_AT_ONCE)
        except OSError:  # Linux's way to say that nobody holds the other end any more
            part = b""
        if not part:
            break
        read += part
    return read.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _last_screen(shown: str) -> str:
    """What is left when every redrawing is done."""
    before, *_ = CURSOR_UP.split(shown)
    first_line = before.partition("\n")[0]
    last = CURSOR_UP.split(CURSOR.sub("", shown))[-1]
    return f"{first_line}\n{last}".replace("\r", "")


if __name__ == "__main__":
    main()
