"""A state file is believed only where it is this user's own, leads to this machine, and what it names lives."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from deploytool.deploy.context import enter_sandbox
from deploytool.endpoints import SIGN_IN
from deploytool.sandbox import process, trust
from deploytool.sandbox.errors import SandboxError, SandboxRefused
from deploytool.sandbox.lifecycle import UpOptions, up
from deploytool.sandbox.process import SandboxProcess
from deploytool.sandbox.state import SandboxState, save_state
from deploytool.sandbox.trust import Entry, find_sandbox, load_sandbox, sandbox_environment, why_not_local, why_not_own
from tests.unit.sandbox.test_sandbox_state import state_in

OWN_DIRECTORY, OWN_FILE = stat.S_IFDIR | 0o755, stat.S_IFREG | 0o644
URLS = ("aws_endpoint_url", "github_api_url", "github_web_url", "app_url")
ELSEWHERE = [
    "https://evil", "http://127.0.0.1.evil.com", "http://127.0.0.1@evil.com", "http://localhost.evil",
    "http://0x7f000001", "http://user:secret@127.0.0.1", "http://127.0.0.1.", "http://localhost.",
    "http://evil.com\\@127.0.0.1", "http://LOCALHOST.EVIL.COM", "http://127.0.0.1#@evil.com", "",
]  # fmt: skip


@contextmanager
def server(name: str = "ministack_server.py") -> Iterator[SandboxProcess]:
    """A process that is called like the sandbox's AWS."""
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", name])
    try:
        yield SandboxProcess(started.pid, process.started_at(started.pid) or "")
    finally:
        started.kill()
        started.wait()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with a sandbox that lives, entered from its checkout."""
    for name in ("GITHUB_ACTIONS", *SIGN_IN):
        monkeypatch.delenv(name, raising=False)
    kept = dict(os.environ)
    with server() as started:
        state = replace(state_in(tmp_path), processes={"ministack": started})
        save_state(state)
        state.aws_config.write_text(trust.AWS_CONFIG)
        state.workdir.mkdir()
        monkeypatch.chdir(state.workdir)
        yield tmp_path
    os.environ.clear()
    os.environ.update(kept)


def rewrite(root: Path, **values: Any) -> None:
    path = root / ".deploytool" / "sandbox.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def refused(root: Path) -> str:
    """Why the sandbox that is entered here is refused; nothing of it is in the environment."""
    before = dict(os.environ)
    with pytest.raises(SandboxRefused) as error:
        enter_sandbox()
    assert dict(os.environ) == before
    assert "\n" not in error.value.cause
    assert str(root) in error.value.cause
    assert error.value.fix
    return error.value.cause


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([Entry("root", OWN_DIRECTORY, 7, 3), Entry("file", OWN_FILE, 7, 1)], ""),
        ([Entry("root", stat.S_IFDIR | 0o775, 7, 3)], ""),
        ([Entry("root", OWN_DIRECTORY, 8, 3)], "another user"),
        ([Entry("root", OWN_DIRECTORY, 0, 3)], "another user"),
        ([Entry("root", OWN_DIRECTORY, 7, 3), Entry("file", OWN_FILE, 8, 1)], "another user"),
        ([Entry("root", stat.S_IFDIR | 0o777, 7, 3)], "every user may write"),
        ([Entry("root", stat.S_IFDIR | 0o1777, 7, 3)], "every user may write"),
        ([Entry("file", stat.S_IFREG | 0o666, 7, 1)], "every user may write"),
        ([Entry("file", stat.S_IFLNK | 0o777, 7, 1)], "link"),
        ([Entry("file", OWN_FILE, 7, 2)], "second name"),
        ([Entry("file", stat.S_IFIFO | 0o644, 7, 1)], "special file"),
    ],
)
def test_files_are_own_when_owner_kind_and_permissions_say_so(entries: list[Entry], why: str) -> None:
    result = why_not_own(entries, 7)
    assert (why in result) if why else result == ""


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_state_is_refused_when_one_address_is_elsewhere(name: str, url: str) -> None:
    state = state_in(Path("/home/o/shop"))
    address: dict[str, Any] = {name: url}
    assert why_not_local(state, state.root) == ""
    assert name in why_not_local(replace(state, **address), state.root)


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize("url", ["http://[::1]:80", "http://LOCALHOST:80", "https://127.0.0.1:4566/path"])
def test_a_state_is_believed_when_an_address_is_loopback_in_another_spelling(name: str, url: str) -> None:
    state = state_in(Path("/home/o/shop"))
    address: dict[str, Any] = {name: url}
    assert why_not_local(replace(state, **address), state.root) == ""


@pytest.mark.parametrize(
    "values",
    [
        {"registry": "evil.com"},
        {"registry": "localhost:4566@evil.com"},
        {"registry": "localhost.evil.com:4566"},
        {"root": Path()},
        {"root": Path("/home/o/other")},
        {"workdir": Path("/home/o")},
        {"region": "us-east-1.evil.com/"},
        {"repository": "../../x"},
        {"repository": "a/b/c"},
    ],
)
def test_a_state_is_refused_when_it_leads_out_of_its_directory(values: dict[str, Any]) -> None:
    state: SandboxState = replace(state_in(Path("/home/o/shop")), **values)
    assert why_not_local(state, Path("/home/o/shop"))


def test_the_sandbox_is_used_when_it_is_own_and_lives(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    enter_sandbox()
    assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert "using the sandbox" in capsys.readouterr().err


def test_a_state_is_refused_when_its_address_is_elsewhere(place: Path) -> None:
    rewrite(place, aws_endpoint_url="https://evil")
    assert "aws_endpoint_url" in refused(place)


def _link_directory(root: Path) -> None:
    (root / ".deploytool").rename(root / "real")
    (root / ".deploytool").symlink_to("real")


def _link_file(root: Path) -> None:
    file = root / ".deploytool" / "sandbox.json"
    file.rename(root / "real.json")
    file.symlink_to(root / "real.json")


def _link_hard(root: Path) -> None:
    os.link(root / ".deploytool" / "sandbox.json", root / "second")


def _link_config(root: Path) -> None:
    (root / "config").write_text(trust.AWS_CONFIG)
    (root / ".deploytool" / "aws.config").unlink()
    (root / ".deploytool" / "aws.config").symlink_to(root / "config")


def _change_config(root: Path) -> None:
    (root / ".deploytool" / "aws.config").write_text("[default]\nservices = evil\n")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_link_directory, "link"),
        (_link_file, "link"),
        (_link_hard, "second name"),
        (_link_config, "link"),
        (_change_config, "not what the sandbox wrote"),
        (lambda root: root.chmod(0o777), "every user may write"),
        (lambda root: root.chmod(0o1777), "every user may write"),
        (lambda root: (root / ".deploytool").chmod(0o777), "every user may write"),
        (lambda root: (root / ".deploytool" / "sandbox.json").chmod(0o666), "every user may write"),
    ],
    ids=["linked directory", "linked file", "hard link", "linked config", "other config", "open root", "sticky root",
         "open directory", "open file"],
)  # fmt: skip
def test_a_state_is_refused_when_it_may_be_anothers(place: Path, change: Callable[[Path], None], why: str) -> None:
    change(place)
    assert why in refused(place)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
@pytest.mark.parametrize("path", [".", ".deploytool", ".deploytool/sandbox.json", ".deploytool/aws.config"])
def test_a_state_is_refused_when_another_user_owns_a_part(place: Path, path: str) -> None:
    os.chown(place / path, 12345, 12345)
    assert "uid 12345" in refused(place)


def git(root: Path, *words: str) -> None:
    author = ("-c", "user.name=O", "-c", "user.email=o@example.com")
    subprocess.run(["git", *author, "-C", root, *words], check=True, capture_output=True)


@pytest.mark.parametrize("path", ["sandbox.json", "aws.config", "other"])
def test_a_state_is_refused_when_git_tracks_the_directory_in_spite_of_gitignore(place: Path, path: str) -> None:
    git(place, "init", "-q")
    (place / ".gitignore").write_text(".deploytool/\n")
    (place / ".deploytool" / "other").touch()
    git(place, "add", "-f", f".deploytool/{path}")
    assert "git tracks" in refused(place)
    git(place, "commit", "-qm", "Fixtures")
    assert "git tracks" in refused(place)


def test_a_state_is_refused_when_a_checkout_further_up_tracks_it(tmp_path: Path, place: Path) -> None:
    git(place, "init", "-q")
    (place / ".deploytool").rename(place / ".DeployTool")
    git(place, "add", "-f", ".DeployTool/sandbox.json")
    (place / ".DeployTool").rename(place / ".deploytool")
    assert "git tracks" in refused(place), "a file system may take both names for one"


def test_a_state_is_believed_when_git_tracks_other_files(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(place, "init", "-q")
    (place / "file").touch()
    git(place, "add", "file")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    enter_sandbox()
    assert os.environ["DEPLOYTOOL_SANDBOX"]


def test_a_state_is_refused_when_git_cannot_tell(place: Path) -> None:
    git(place, "init", "-q")
    (place / ".git" / "index").write_text("damaged")
    assert "git does not say" in refused(place)


def test_no_program_of_the_checkout_runs_when_git_is_asked(place: Path) -> None:
    git(place, "init", "-q")
    git(place, "config", "core.fsmonitor", f"touch {place}/ran; false")
    enter_sandbox()
    assert not (place / "ran").exists()


@pytest.mark.parametrize(
    "processes",
    [
        {},
        {"github": {"pid": os.getpid(), "started": "1"}},
        {"ministack": {"pid": 4194305, "started": "1"}},
        {"ministack": {"pid": os.getpid(), "started": "1"}},
        {"ministack": {"pid": os.getpid(), "started": ""}},
        {"ministack": {"pid": os.getpid(), "started": process.started_at(os.getpid())}},
        {"ministack": {"pid": 1, "started": process.started_at(1)}},
    ],
    ids=["none", "another part", "gone", "reused", "unknown start", "another program", "the first process"],
)
def test_a_state_is_refused_when_its_aws_is_not_running(place: Path, processes: dict[str, Any]) -> None:
    rewrite(place, processes=processes)
    assert "is not running" in refused(place)
    assert find_sandbox(place) is not None, "`down` and `up` still find what is left of it"


@pytest.mark.parametrize(
    "values",
    [
        {"aws_endpoint_url": 5}, {"registry": None}, {"environments": []}, {"environments": [1]},
        {"processes": {"ministack": {"pid": "../..", "started": "1"}}}, {"processes": {"ministack": {"pid": True}}},
        {"ports": {"aws": "x"}},
    ],
)  # fmt: skip
def test_a_state_cannot_be_read_when_a_value_has_another_type(place: Path, values: dict[str, Any]) -> None:
    rewrite(place, **values)
    with pytest.raises(SandboxError, match="cannot be read"):
        enter_sandbox()


def test_a_state_cannot_be_read_when_it_is_nested_without_end(place: Path) -> None:
    (place / ".deploytool" / "sandbox.json").write_text("[" * 100_000)
    with pytest.raises(SandboxError, match="cannot be read"):
        enter_sandbox()


@pytest.mark.parametrize("value", ["true", "True", "1"])
def test_a_state_is_not_looked_at_when_this_is_github_actions(
    place: Path, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", value)
    (place / ".deploytool" / "sandbox.json").write_text("not read")
    enter_sandbox()
    assert "DEPLOYTOOL_SANDBOX" not in os.environ
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["DEPLOYTOOL_ROLE", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
def test_a_state_is_not_read_when_there_is_an_identity_to_lose(
    place: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "x")
    (place / ".deploytool" / "sandbox.json").write_text("not read")
    enter_sandbox()
    assert "DEPLOYTOOL_SANDBOX" not in os.environ
    output = capsys.readouterr().err
    assert name in output
    assert output.count("\n") == 1


def test_the_tests_switch_is_told_when_it_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("DEPLOYTOOL_TEST_ONLY_STS_ON_LOOPBACK", "true")
    enter_sandbox()
    assert "DEPLOYTOOL_TEST_ONLY_STS_ON_LOOPBACK" in capsys.readouterr().err


def test_no_identity_reaches_the_sandbox_when_its_variables_are_given(tmp_path: Path) -> None:
    given = sandbox_environment(state_in(tmp_path))
    assert {name: given[name] for name in SIGN_IN} == dict.fromkeys(SIGN_IN, "")


def test_up_starts_nothing_when_the_directory_or_its_state_may_be_anothers(place: Path) -> None:
    def never(*_: object, **__: object) -> Any:
        raise AssertionError("something was started")

    rewrite(place, aws_endpoint_url="https://evil", containers={"x": "somebodys"})
    with pytest.raises(SandboxRefused):
        up(place, UpOptions(), never, never)
    place.chmod(0o777)
    with pytest.raises(SandboxRefused, match="every user"):
        up(place, UpOptions(), never, never)


def test_what_is_written_is_believed_when_it_is_read(tmp_path: Path) -> None:
    save_state(state_in(tmp_path))
    result = load_sandbox(tmp_path)
    assert result is not None
    assert asdict(result) == asdict(state_in(tmp_path))
