"""Files on a real disk: all are written, or none, and none is overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploytool.scaffold.files import WriteFailed, read_existing, write_all


def below(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def test_all_are_written_with_their_directories(tmp_path: Path) -> None:
    write_all({tmp_path / "a.yml": "é\n", tmp_path / "x/y/b.sh": "b\r\n"})
    assert below(tmp_path) == ["a.yml", "x", "x/y", "x/y/b.sh"]
    assert (tmp_path / "a.yml").read_bytes() == "é\n".encode()
    assert (tmp_path / "x/y/b.sh").read_bytes() == b"b\r\n"


def test_their_mode_is_that_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    write_all({tmp_path / "a.yml": ""})
    assert (tmp_path / "a.yml").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_nothing_is_left_when_one_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(WriteFailed, match="nothing was written"):
        write_all({tmp_path / "new/a": "a", tmp_path / "b": "b", tmp_path / "file/c": "c"})
    assert below(tmp_path) == ["file"]


def test_nothing_is_overwritten_when_a_file_appears_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(WriteFailed, match="b cannot be written: File exists; nothing was written"):
        write_all({tmp_path / "new/a": "a", tmp_path / "b": "ours"})
    assert below(tmp_path) == ["b"]
    assert (tmp_path / "b").read_text() == "mine"


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WriteFailed, match="cannot be read"):
        read_existing([tmp_path / "a"])
    with pytest.raises(WriteFailed):
        write_all({tmp_path / "a": "a"})
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("taken", [False, True])
def test_a_file_system_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: bool) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    if taken:
        (tmp_path / "b").write_text("mine")
        with pytest.raises(WriteFailed):
            write_all({tmp_path / "a": "a", tmp_path / "b": "b"})
        assert below(tmp_path) == ["b"]
    else:
        write_all({tmp_path / "a": "a", tmp_path / "b": "b"})
        assert below(tmp_path) == ["a", "b"]


def test_what_exists_is_read_and_a_directory_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\n")
    assert read_existing([tmp_path / "a", tmp_path / "b"]) == {tmp_path / "a": "�\n"}
    with pytest.raises(WriteFailed, match="cannot be read: Is a directory"):
        read_existing([tmp_path])
