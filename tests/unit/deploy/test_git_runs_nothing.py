"""No program that a checkout names is run, no token reaches git, and a checkout of another user is read."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from deploytool import git_command
from deploytool.deploy import git
from deploytool.errors import ConfigurationError
from deploytool.sandbox import checkout
from deploytool.sandbox.github.repository import GitCheckout
from tests.unit.deploy.odd_repository import Repository, repository
from tests.unit.deploy.test_odd_commits import SIGNATURE

PROGRAMS = [
    "core.fsmonitor", "core.pager", "pager.status", "pager.log", "core.editor", "core.sshCommand", "core.askPass",
    "core.gitProxy", "core.alternateRefsCommand", "credential.helper", "gpg.program", "gpg.ssh.program",
    "gpg.x509.program", "diff.external", "diff.odd.command", "diff.odd.textconv", "merge.odd.driver",
    "filter.odd.clean", "filter.odd.smudge", "filter.odd.process", "filter.lfs.clean", "filter.lfs.process",
    "interactive.diffFilter", "trailer.odd.command", "sequence.editor", "uploadpack.packObjectsHook",
    "remote.origin.uploadpack", "remote.origin.vcs", "alias.status", "alias.rev-list", "tar.odd.command",
]  # fmt: skip
HOOKS = ["post-index-change", "fsmonitor-watchman", "reference-transaction", "pre-commit"]


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A program that writes `sang` beside itself, with the names of what it could read of the environment."""
    program = tmp_path / "canary"
    program.write_text(f'#!/bin/sh\nenv > "{tmp_path}/sang"\ncat\n')
    program.chmod(0o755)
    return program


@pytest.fixture
def odd(tmp_path: Path) -> Repository:
    """Two commits, the second checked out; a file of it was written again since, so that git compares its content."""
    made = repository(tmp_path / "odd")
    attributes = made.git("hash-object", "-w", "--stdin", given=b"file filter=odd diff=odd merge=odd\nlfs filter=lfs\n")
    blob = made.git("hash-object", "-w", "--stdin", given=b"content")
    names = ((".gitattributes", attributes), ("file", blob), ("lfs", blob))
    tree = made.git("mktree", given="".join(f"100644 blob {each}\t{name}\n" for name, each in names).encode())
    first = made.commit(b"First", header=SIGNATURE)
    made.commit(b"Signed", header=SIGNATURE, parent=first, tree=tree, to="main")
    made.git("reset", "-q", "--hard")
    return made


def touch(root: Path) -> None:
    for name in ("file", "lfs"):
        (root / name).write_text("content")
        os.utime(root / name, (time.time() + 9, time.time() + 9))


def ask_all(odd: Repository) -> None:
    """Everything that the product asks."""
    head = odd.git("rev-parse", "HEAD")
    first = odd.git("rev-parse", "HEAD^")
    touch(odd.root)
    assert git.commit(odd.root).subject == "Signed"
    git.checkout(odd.root)
    assert len(git.between(odd.root, first, head)) == 1
    assert len(git.added(odd.root, first, head)) == 3
    assert git.has_workflow(odd.root, "x") is False
    assert git.top(odd.root) == odd.root
    assert git.head_and_tags(odd.root)[0] == head
    assert git.default_branch(odd.root) == "main"
    git.origin_url(odd.root)
    checkout_of_server = GitCheckout(odd.root)
    assert checkout_of_server.commit(head)
    assert checkout_of_server.file(head, "file") == b"content"
    assert checkout_of_server.changes(first, head) == (3, 4, 0)
    assert len(checkout_of_server.list_directory(head, "")) == 3
    git.between(odd.root, "f" * 40, head)
    git.added(odd.root, "f" * 40, head)


@pytest.mark.parametrize(
    "settings",
    # A filter's process would be run instead of its clean, and a monitor may end git before the rest.
    [
        [each for each in PROGRAMS if not each.endswith((".process", ".fsmonitor"))],
        ["filter.odd.process", "filter.lfs.process"],
        ["core.fsmonitor"],
        ["gpg.program"],
    ],
)
def test_no_program_runs_when_the_configuration_of_the_checkout_names_one(
    odd: Repository, canary: Path, settings: list[str]
) -> None:
    config = odd.root / ".git" / "config"
    kept = config.read_text()
    odd.git("config", "log.showSignature", "true")
    odd.git("config", "remote.origin.url", f"ext::{canary}")
    odd.git("config", "protocol.ext.allow", "always")
    odd.git("config", "extensions.partialClone", "origin")
    odd.git("config", "remote.origin.promisor", "true")
    for setting in settings:
        odd.git("config", setting, f"!{canary}" if setting.startswith("alias.") else str(canary))
    hostile = config.read_text()
    config.write_text(kept)
    head, first = odd.git("rev-parse", "HEAD"), odd.git("rev-parse", "HEAD^")
    touch(odd.root)
    config.write_text(hostile)
    assert git.commit(odd.root).subject == "Signed"
    git.checkout(odd.root)
    git.between(odd.root, first, head)
    git.between(odd.root, "f" * 40, head)
    git.added(odd.root, first, head)
    git.head_and_tags(odd.root)
    git.default_branch(odd.root)
    checkout_of_server = GitCheckout(odd.root)
    checkout_of_server.commit(head)
    checkout_of_server.file(head, "file")
    checkout_of_server.changes(first, head)
    checkout_of_server.has_file("f" * 40, "x")
    assert not canary.with_name("sang").exists()


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("path", ["", "hooks-of-its-own"])
def test_no_hook_runs_when_the_checkout_has_one(odd: Repository, canary: Path, hook: str, path: str) -> None:
    hooks = odd.root / (path or ".git/hooks")
    hooks.mkdir(exist_ok=True)
    shutil.copy(canary, hooks / hook)
    if path:
        odd.git("config", "core.hooksPath", str(hooks))
    canary.with_name("sang").unlink(missing_ok=True)
    touch(odd.root)
    git.checkout(odd.root)
    git.commit(odd.root)
    checkout.git(odd.root, "commit", "-q", "--allow-empty", "-m", "As the sandbox does")
    assert not canary.with_name("sang").exists()


def test_no_filter_runs_when_a_submodule_names_one(tmp_path: Path, odd: Repository, canary: Path) -> None:
    outer = repository(tmp_path / "outer")
    outer.git("submodule", "--quiet", "add", str(odd.root), "sub")
    outer.git("commit", "-q", "-m", "Submodule")
    inner = Repository(outer.root / "sub")
    inner.git("config", "filter.odd.clean", str(canary))
    inner.git("config", "core.fsmonitor", str(canary))
    touch(inner.root)
    git.checkout(outer.root)
    assert not canary.with_name("sang").exists()


def test_the_users_own_filter_runs_without_tokens_when_a_file_was_written_again(
    odd: Repository, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = canary.with_name("gitconfig")
    theirs.write_text(f'[filter "odd"]\n\tclean = {canary}\n\trequired = true\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(theirs))
    secrets = ("GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL",
               "INPUT_TOKEN", "AWS_SECRET_ACCESS_KEY", "DATABASE_URL")  # fmt: skip
    for name in secrets:
        monkeypatch.setenv(name, "s3cret")
    touch(odd.root)
    assert git.checkout(odd.root).changed == ()
    assert "s3cret" not in canary.with_name("sang").read_text()


@pytest.mark.parametrize(
    "name",
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE"],
)  # fmt: skip
def test_the_checkout_is_this_one_when_a_variable_leads_to_another(
    odd: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    other = repository(tmp_path / "other")
    other.commit(b"Other", to="main")
    head = odd.git("rev-parse", "HEAD")
    monkeypatch.setenv(name, str(other.root / ".git"))
    assert git.commit(odd.root).sha == head
    assert git.checkout(odd.root) == git.Checkout(odd.root, head, ())


def test_no_program_runs_when_variables_name_one(
    odd: Repository, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND", "GIT_PAGER", "GIT_ASKPASS", "GIT_PROXY_COMMAND"):
        monkeypatch.setenv(name, str(canary))
    ask_all(odd)
    assert not canary.with_name("sang").exists()


@pytest.mark.parametrize("count", [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_PARAMETERS", "'core.fsmonitor=canary'")])
def test_no_program_runs_when_variables_configure_one(
    odd: Repository, canary: Path, monkeypatch: pytest.MonkeyPatch, count: tuple[str, str]
) -> None:
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(canary))
    monkeypatch.setenv(count[0], count[1].replace("canary", str(canary)))
    ask_all(odd)
    assert not canary.with_name("sang").exists()


@pytest.fixture
def owned_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """git takes every checkout for another user's, as in a container job."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


@pytest.mark.usefixtures("owned_by_another")
def test_the_checkout_is_read_when_another_user_owns_it(odd: Repository, tmp_path: Path) -> None:
    (odd.root / "deep").mkdir()
    link = tmp_path / "link"
    link.symlink_to(odd.root / "deep")
    outer = repository(tmp_path / "outer")
    outer.git("submodule", "--quiet", "add", str(odd.root), "sub")
    outer.git("commit", "-q", "-m", "Submodule")
    ask_all(odd)
    assert git.commit(link).subject == "Signed"
    assert git.top(link) == odd.root
    assert git.checkout(outer.root).changed == ()


def test_the_fix_trusts_the_checkout_when_an_old_git_refuses_it(
    odd: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"fatal: detected dubious ownership in repository at '{odd.root}'\nTo add an exception, call:\n\n\tgit\n"
    monkeypatch.setattr(git_command, "run_git", lambda *_, **__: git_command.GitResult(128, b"", said.encode()))
    with pytest.raises(ConfigurationError) as told:
        git.checkout(odd.root)
    assert told.value.cause.endswith(f"detected dubious ownership in repository at '{odd.root}'")
    assert told.value.fix == f"trust it: git config --global --add safe.directory {odd.root}"


def test_git_is_stopped_when_it_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexec sleep 30\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(git_command.GitTimedOut, match=r"git status was stopped after 0\.2 s"):
        git_command.run_git(tmp_path, "status", timeout_seconds=0.2)


def test_git_is_named_when_it_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(git_command.GitMissing, match="git is not installed"):
        git.commit(tmp_path)


LFS = (("local", "filter.lfs.clean", "git-lfs clean -- %f"), ("local", "filter.lfs.process", "git-lfs filter-process"))


@pytest.mark.parametrize(
    ("entries", "settings"),
    [
        ((), {}),
        (LFS, {}),
        ((("global", "filter.x.clean", "x"), ("system", "filter.y.process", "y")), {}),
        ((("local", "filter.x.clean", "x"),), {"filter.x.clean": "", "filter.x.required": "false"}),
        ((("worktree", "filter.a=b.c.process", "x"),), {"filter.a=b.c.process": "", "filter.a=b.c.required": "false"}),
        ((("global", "filter.x.clean", "theirs"), ("local", "filter.x.clean", "x")), {"filter.x.clean": "theirs"}),
        ((("local", "filter.lfs.clean", "git-lfs clean -- %f; x"),),
         {"filter.lfs.clean": "", "filter.lfs.required": "false"}),
        ((("global", "filter.lfs.clean", "git-lfs clean -- %f"), ("local", "lfs.extension.x.clean", "x")),
         {"filter.lfs.clean": "", "filter.lfs.required": "false"}),
        ((*LFS, ("local", "lfs.extension.x.clean", "x")),
         {"filter.lfs.clean": "", "filter.lfs.process": "", "filter.lfs.required": "false"}),
        ((("local", "filter.x.smudge", "x"), ("local", "filter.x.required", "true")), {}),
    ],
)  # fmt: skip
def test_filters_are_overruled_when_only_the_checkout_names_them(
    entries: tuple[tuple[str, str, str], ...], settings: dict[str, str]
) -> None:
    assert dict(git_command.filter_overrides(entries)) == settings
