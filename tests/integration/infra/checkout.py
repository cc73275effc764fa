"""A repository with a configuration, and the installed command that reads it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploytool.aws.session import Session
from tests.support.json_documents import valid_document
from tests.support.ministack import aws_at

COMMAND = Path(sys.executable).parent / "deploytool"
DIGEST = "sha256:" + "0" * 64
CONFIG = """\
app: {app}
images: {{app: {{}}}}
services: {{app: {{image: app}}, worker: {{image: app}}}}
environments:
  production:
    region: us-east-1
    cluster: {app}
    ledger: {app}-ledger
    infra: {{parameters: {{ContainerPort: 8080}}}}
"""


@dataclass
class Checkout:
    """A repository with a configuration, and the way to MiniStack."""

    root: Path
    app: str
    environ: dict[str, str]
    session: Session

    def command(self, *words: str) -> list[str]:
        return [str(COMMAND), "infra", *words]

    def infra(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            cwd=self.root,
            env=self.environ,
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )

    def document(self, *words: str) -> Any:
        """What it prints as JSON, on standard output alone."""
        done = self.infra(*words, "--output", "json")
        return {**valid_document(done.stdout), "exit": done.returncode}

    def image(self) -> tuple[str, str]:
        return ("--parameter", f"AppImage=localhost/{self.app}@{DIGEST}")

    def configure(self, text: str) -> None:
        (self.root / "deploytool.yml").write_text(text)
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost"]
        for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x", "--allow-empty"]):
            subprocess.run([*git, *words], cwd=self.root, check=True, capture_output=True)


def make_checkout(root: Path, app: str, session: Session, aws: str) -> Checkout:
    """In ``root``, committed; ``aws`` is the address of MiniStack or of the front."""
    kept = {name: each for name, each in os.environ.items() if not name.startswith(("AWS_", "GITHUB_", "DEPLOYTOOL_"))}
    environ = {
        **kept,
        **aws_at(aws),
        "DEPLOYTOOL_REGISTRY": aws.removeprefix("http://").replace("127.0.0.1", "localhost"),
        "DEPLOYTOOL_SANDBOX": str(root),
        "CI": "true",
    }
    found = Checkout(root, app, environ, session)
    found.configure(CONFIG.format(app=app))
    return found
