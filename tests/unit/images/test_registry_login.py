"""A private Docker configuration: logged in, gone afterwards, the user's own never touched."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from deploytool.images.errors import DockerConfigUnreadable
from deploytool.images.registry import Auth, registry_login, with_login

AUTH = Auth("AWS", "t0ken")
BASIC = base64.b64encode(b"AWS:t0ken").decode()


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """A user's ~/.docker as a laptop has it."""
    folder = tmp_path / "home" / ".docker"
    for name in ("cli-plugins/docker-buildx", "contexts/meta/a/meta.json", "buildx/instances/big", "buildx/refs/x"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "config.json").write_text('{"auths": {"ghcr.io": {"auth": "eA=="}}, "currentContext": "a"}')
    return folder


def snapshot(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_the_users_configuration_is_untouched_when_we_log_in(users: Path) -> None:
    before = snapshot(users)
    with registry_login("r.example", AUTH, {"HOME": str(users.parent)}) as environ:
        private = Path(environ["DOCKER_CONFIG"])
        assert private != users
        (private / "buildx/instances/big").write_text("buildx notes what it did")
    assert snapshot(users) == before


def test_other_logins_plugins_context_and_builder_stay_usable_when_we_log_in(users: Path) -> None:
    with registry_login("r.example", AUTH, {"DOCKER_CONFIG": str(users)}) as environ:
        private = Path(environ["DOCKER_CONFIG"])
        config = json.loads((private / "config.json").read_text())
        assert config["auths"] == {"ghcr.io": {"auth": "eA=="}, "r.example": {"auth": BASIC}}
        assert config["currentContext"] == "a"
        for name in ("cli-plugins/docker-buildx", "contexts/meta/a/meta.json", "buildx/instances/big"):
            assert (private / name).read_text() == name
        assert not (private / "buildx/refs").exists()


def test_only_this_user_can_read_it(users: Path) -> None:
    with registry_login("r.example", AUTH, {"DOCKER_CONFIG": str(users)}) as environ:
        private = Path(environ["DOCKER_CONFIG"])
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        assert stat.S_IMODE((private / "config.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("reason", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_it_is_deleted_when_the_release_ends_badly(users: Path, reason: type[BaseException]) -> None:
    private: list[Path] = []

    def release() -> None:
        with registry_login("r.example", AUTH, {"DOCKER_CONFIG": str(users)}) as environ:
            private.append(Path(environ["DOCKER_CONFIG"]))
            raise reason

    with pytest.raises(reason):
        release()
    assert not private[0].exists()
    assert (users / "cli-plugins/docker-buildx").exists()


def test_it_works_when_the_user_has_no_docker_configuration(tmp_path: Path) -> None:
    with registry_login("r.example", AUTH, {"HOME": str(tmp_path)}) as environ:
        config = json.loads((Path(environ["DOCKER_CONFIG"]) / "config.json").read_text())
    assert config["auths"] == {"r.example": {"auth": BASIC}}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["{", "[]"], ids=["not JSON", "not an object"])
def test_a_broken_configuration_is_said_when_docker_could_not_read_it_either(users: Path, content: str) -> None:
    (users / "config.json").write_text(content)
    with (
        pytest.raises(DockerConfigUnreadable, match=r"config\.json"),
        registry_login("r.example", AUTH, {"DOCKER_CONFIG": str(users)}),
    ):
        pass


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {"auths": {"r": {"auth": BASIC}}, "credHelpers": {"r": ""}}),
        (
            {"credsStore": "desktop", "credHelpers": {"gcr.io": "gcloud", "r": "ecr-login"}},
            {
                "auths": {"r": {"auth": BASIC}},
                "credHelpers": {"gcr.io": "gcloud", "r": ""},
                "credsStore": "desktop",
            },
        ),
        ({"auths": None, "credHelpers": None}, {"auths": {"r": {"auth": BASIC}}, "credHelpers": {"r": ""}}),
    ],
    ids=["empty", "with a credentials store", "with nulls"],
)
def test_our_login_wins_for_our_registry_only(config: dict[str, Any], expected: dict[str, Any]) -> None:
    assert with_login(config, "r", AUTH) == expected


def test_the_password_is_not_in_what_python_prints_of_it() -> None:
    assert "t0ken" not in repr(AUTH)
