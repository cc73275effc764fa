"""The state file: written whole, read back the same, found from below, turned into other programs' environment."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from deploytool.sandbox import trust
from deploytool.sandbox.errors import SandboxError
from deploytool.sandbox.process import SandboxProcess
from deploytool.sandbox.state import SandboxState, exclusive, load_state, save_state


def state_in(root: Path) -> SandboxState:
    return SandboxState(
        id="0123abcd",
        root=root,
        aws_endpoint_url="http://127.0.0.1:4566",
        registry="localhost:4566",
        github_api_url="http://127.0.0.1:4580",
        github_web_url="http://127.0.0.1:4580",
        repository="archdeck/architecturedeck",
        workdir=root / ".deploytool" / "workdir",
        app_url="http://127.0.0.1:4566/_alb/architecturedeck",
        processes={"ministack": SandboxProcess(1, "2")},
        ports={"aws": 4566, "github": 4580},
        environments=["production"],
    )


def test_a_state_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    save_state(state_in(tmp_path))
    assert load_state(tmp_path) == state_in(tmp_path)


def test_a_state_is_found_when_looked_for_in_the_checkout(tmp_path: Path) -> None:
    state = state_in(tmp_path)
    save_state(state)
    (state.workdir / "migrations").mkdir(parents=True)
    assert trust.find_sandbox(state.workdir / "migrations") == state


def test_no_state_is_found_when_there_is_none_above(tmp_path: Path) -> None:
    assert trust.find_sandbox(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"root": 1'])
def test_a_damaged_state_is_told_and_not_taken_for_none(tmp_path: Path, text: str) -> None:
    save_state(state_in(tmp_path))
    (tmp_path / ".deploytool" / "sandbox.json").write_text(text)
    with pytest.raises(SandboxError, match=r"sandbox\.json cannot be read"):
        load_state(tmp_path)


def test_a_second_command_is_refused_while_one_is_at_work(tmp_path: Path) -> None:
    with exclusive(tmp_path), pytest.raises(SandboxError, match="another"), exclusive(tmp_path):
        raise AssertionError("both were let in")


def test_boto3_uses_the_sandbox_when_the_user_has_a_profile_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = state_in(tmp_path)
    save_state(state)
    state.aws_config.write_text("[default]\n")
    monkeypatch.setenv("AWS_PROFILE", "company-production")
    for name, value in trust.sandbox_environment(state).items():
        monkeypatch.setenv(name, value)
    session = boto3.session.Session()
    assert session.client("ecs").meta.endpoint_url == state.aws_endpoint_url
    assert session.get_credentials().access_key == "test"
