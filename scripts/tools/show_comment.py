"""Show the release comment on the current commit's pull request, read back from the sandbox's GitHub."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from deploytool.sandbox import trust

WIDTH = 110


def main() -> None:
    argparse.ArgumentParser(prog="scripts/dev show-comment", description=__doc__).parse_args()
    state = trust.find_sandbox(Path.cwd())
    if state is None:
        sys.exit("show-comment: there is no sandbox here")
    head = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(head, cwd=state.workdir, capture_output=True, text=True, check=True).stdout.strip()
    repository = f"{state.github_api_url}/repos/{state.repository}"
    pull = _get(f"{repository}/commits/{commit}/pulls")[0]
    comments = _get(f"{repository}/issues/{pull['number']}/comments")
    console = Console()
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    for comment in comments:
        about = f"{comment['user']['login']} on #{pull['number']} {pull['title']}"
        console.print(Panel(Markdown(_without_html(comment["body"])), title=Text(about), title_align="left"))
    console.print(f"The page: {pull['html_url']}", soft_wrap=True)


def _get(url: str) -> Any:
    answer = requests.get(url, headers={"Authorization": "Bearer sandbox-token"}, timeout=10)
    answer.raise_for_status()
    return answer.json()


def _without_html(body: str) -> str:
    """GitHub hides comments and folds details; a terminal can do neither."""
    body = re.sub(r"<!--.*?-->\n?", "", body, flags=re.DOTALL)
    body = re.sub(r"<summary>(.*?)</summary>", r"**\1**\n", body)
    # Zero-width spaces keep GitHub from linking; terminals disagree about their width.
    return re.sub(r"</?details>|\u200b", "", body)


if __name__ == "__main__":
    main()
