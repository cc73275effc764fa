"""The example as a git repository of its own: its first version on `main`, its second one commit further on `next`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import yaml

from deploytool import git_command
from deploytool.sandbox.account import ExampleEnvironment, architecture
from deploytool.sandbox.errors import CommandFailed
from deploytool.sandbox.state import SandboxState

# In the repository, and in the installed package, where the wheel puts it (pyproject.toml, force-include).
PLACES = (Path(__file__).parents[2] / "examples" / "architecturedeck", Path(__file__).parent / "_example")
SECOND = "next"
NOT_SHIPPED = shutil.ignore_patterns(SECOND, "__pycache__", ".deploytool")
AUTHOR = "Octo Dev"
EMAIL = "octo-dev@example.com"
# Without the user's own git configuration (hooks, signing, templates).
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": AUTHOR,
    "GIT_AUTHOR_EMAIL": EMAIL,
    "GIT_COMMITTER_NAME": AUTHOR,
    "GIT_COMMITTER_EMAIL": EMAIL,
}
TIMEOUT_SECONDS = 300.0
MAIN = "main"
FIRST_PULL_REQUEST = ("Take jobs and keep their results", 1)
SECOND_PULL_REQUEST = ("Remember who ordered a result, greet more warmly", 2)


def git(workdir: Path, *arguments: str) -> str:
    """Run git in the checkout, as the example's developer; its output without the last line end.

    Raises:
        CommandFailed: git ended with an error.
        ConfigurationError: git is not installed, or was not done in time.
    """
    # A GIT_DIR from a hook that called us would point git to another repository.
    unset = {name: str(value) for name, value in (("GIT_DIR", workdir / ".git"), ("GIT_WORK_TREE", workdir))}
    result = git_command.run_git(workdir, *arguments, environ={**ENVIRONMENT, **unset}, timeout_seconds=TIMEOUT_SECONDS)
    if result.code:
        raise CommandFailed(" ".join(("git", *arguments[:3])), result.cause)
    return result.text.rstrip("\n")


def create(state: SandboxState, environments: Iterable[ExampleEnvironment], steady: int | None = None) -> None:
    """Create it: `main` at the first version, checked out; `next` one commit ahead; `origin` the GitHub server."""
    source = next(place for place in PLACES if place.is_dir())
    workdir = state.workdir
    shutil.rmtree(workdir, ignore_errors=True)
    shutil.copytree(source, workdir, ignore=NOT_SHIPPED)
    _point_to_sandbox(workdir / "deploytool.yml", state, environments, steady)
    git(workdir, "init", "-q", "-b", MAIN)
    git(workdir, "remote", "add", "origin", f"{state.github_web_url}/{state.repository}")
    commit(workdir, *FIRST_PULL_REQUEST)
    git(workdir, "checkout", "-q", "-b", SECOND)
    shutil.copytree(source / SECOND, workdir, dirs_exist_ok=True)
    commit(workdir, *SECOND_PULL_REQUEST)
    git(workdir, "checkout", "-q", MAIN)


def advance(state: SandboxState) -> str:
    """Move `main` to the second version, as merging its pull request would; the commit."""
    git(state.workdir, "merge", "-q", "--ff-only", SECOND)
    return head(state.workdir)


def commit(workdir: Path, title: str, number: int) -> str:
    """Commit everything, as GitHub does when a pull request is squashed; the commit."""
    git(workdir, "add", "-A")
    git(workdir, "commit", "-q", "-m", f"{title} (#{number})")
    return head(workdir)


def head(workdir: Path) -> str:
    return git(workdir, "rev-parse", "HEAD")


def next_number(workdir: Path) -> int:
    """The number of the next pull request: one more than the highest in any commit's subject."""
    subjects = git(workdir, "log", "-z", "--all", "--format=%s").split("\0")
    matches = (re.search(r"\(#([0-9]{1,9})\)\Z", subject) for subject in subjects)
    return 1 + max((int(match.group(1)) for match in matches if match), default=0)


def _point_to_sandbox(
    file: Path, state: SandboxState, environments: Iterable[ExampleEnvironment], steady: int | None
) -> None:
    """Replace the environments with the sandbox's, with full URLs: a load balancer's name resolves in AWS only."""
    text = file.read_text()
    shared = text.partition("environments:\n")[0]
    if steady is not None:
        shared = re.sub(r"\bsteady: \w+", f"steady: {steady}s", shared)
    examples = yaml.safe_load(text)["environments"]["production"]["infra"]["parameters"]
    lines = ["environments:"]
    for environment in environments:
        url = environment.url(state.aws_endpoint_url)
        # The databases are containers of the sandbox: its Redis speaks no TLS.
        parameters = {**examples, "Cpu": architecture(), "DatabaseName": environment.database, "RedisTls": "false"}
        lines += [
            f"  {environment.name}:",
            f"    region: {state.region}",
            f"    cluster: {environment.cluster}",
            f"    repository: {environment.repository}",
            f"    url: {url}",
            "    rollback_checkbox: true",
            "    infra:",
            "      parameters:",
            *(f'        {name}: "{value}"' for name, value in parameters.items()),
            "    overrides:",
            f"      migrate: {{task: {environment.family('migrate')}}}",
            f'      services: {{app: {{verify: {{url: "{url}/api/health"}}}}}}',
        ]
    file.write_text(shared + "\n".join(lines) + "\n")
