"""Build secrets are there, or the release stops before Docker builds without them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploytool.images.errors import SecretMissing
from deploytool.images.secrets import secret_values
from deploytool.images.spec import BuildSecret


def test_values_come_from_variables_and_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a\nb\n")
    secrets = (BuildSecret("npm", env="NPM_TOKEN"), BuildSecret("key", file=tmp_path / "key"))
    assert secret_values(secrets, {"NPM_TOKEN": "hunter2"}) == ("hunter2", "a\nb\n")


@pytest.mark.parametrize("environ", [{}, {"NPM_TOKEN": ""}], ids=["unset", "empty, as an unset GitHub secret is"])
def test_the_variable_is_named_when_it_has_no_value(environ: dict[str, str]) -> None:
    with pytest.raises(SecretMissing, match="NPM_TOKEN is not set") as missing:
        secret_values((BuildSecret("npm", env="NPM_TOKEN"),), environ)
    assert "NPM_TOKEN: ${{ secrets.NPM_TOKEN }}" in missing.value.fix


def test_the_path_is_named_when_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(SecretMissing, match=r"cannot read .*nope: No such file"):
        secret_values((BuildSecret("key", file=tmp_path / "nope"),), {})


@pytest.mark.parametrize("sources", [{}, {"env": "TOKEN", "file": Path("token")}], ids=["none", "both"])
def test_a_secret_is_invalid_when_it_has_not_exactly_one_source(sources: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="build secret npm: give exactly one of env and file"):
        BuildSecret("npm", **sources)
