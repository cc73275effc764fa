"""``deploytool explain``, as a person calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from deploytool.cli import explain
from deploytool.cli.main import run_verb
from deploytool.errors import Exit
from tests.support.json_documents import valid_document

REASON = "Task failed container health checks"


def said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str, stdin: bytes = b""
) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    monkeypatch.setattr("sys.argv", ["deploytool", "explain", *words])
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(stdin)))
    code = run_verb()
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.mark.parametrize("words", [[], ["-"]])
def test_standard_input_is_read_when_no_file_is_named(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(monkeypatch, capsys, *words, stdin=f"\ufeff{REASON}\r\n".encode())
    assert code == Exit.OK
    assert "cause: the health check of the container failed" in out
    assert "fix: run that command in the image" in out
    assert f"AWS says: {REASON}" in out


def test_the_document_has_every_diagnosis_and_the_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": "shop:2", "rolloutState": "COMPLETED"}
    task = {"stoppedReason": REASON, "containers": [{"name": "app", "exitCode": 137}]}
    (tmp_path / "pasted.json").write_text(json.dumps({"tasks": [task], "services": [{"deployments": [deployment]}]}))
    words = [str(tmp_path / "pasted.json"), "--deployment", "ecs-svc/2", "--output", "json"]
    code, out, _ = said(monkeypatch, capsys, *words)
    document = valid_document(out)
    assert (code, document["kind"], document["exit_code"]) == (0, "explanation", 0)
    (diagnosis,) = document["diagnoses"]
    assert set(diagnosis) == {"code", "cause", "fix", "retriable", "fatal", "container"}
    assert (diagnosis["code"], diagnosis["container"]) == ("container-unhealthy", "app")
    assert document["deployment"]["status"] == "succeeded"


def test_what_is_not_recognized_is_called_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(monkeypatch, capsys, stdin=b"hello")[:2] == (
        Exit.OK,
        "not recognized: nothing in the input is an error that deploytool knows\n",
    )


@pytest.mark.parametrize(
    ("words", "stdin", "says"),
    [
        ([], b"", "the input is empty"),
        ([], b"\xff\xfe\x00", "not UTF-8"),
        ([], b'{"tasks": 1}', "tasks is a whole number, not a list"),
        ([], b"x" * (explain.LARGEST + 1), "larger than 10 MB"),
        (["nowhere.json"], b"", "nowhere.json cannot be read"),
        (["/"], b"", "/ cannot be read"),
        (["--previous-deployment", "ecs-svc/1"], b"x", "--previous-deployment is about a deployment"),
        (["--deployment", "ecs-svc/1"], b"x", "--deployment needs JSON with services"),
    ],
)
def test_malformed_input_ends_with_2_and_a_reason(
    words: list[str], stdin: bytes, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(monkeypatch, capsys, *words, stdin=stdin)
    assert (code, out) == (Exit.USAGE, "")
    assert says in err
    code, out, _ = said(monkeypatch, capsys, *words, "--output", "json", stdin=stdin)
    assert valid_document(out)["exit_code"] == code == Exit.USAGE


def test_neither_boto3_nor_botocore_is_loaded() -> None:
    script = (
        "import sys; from deploytool.cli.main import run_verb; sys.argv = ['deploytool', 'explain', '--output=json'];"
        "assert run_verb() == 0; assert not {'boto3', 'botocore', 'requests', 'yaml'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], input=REASON.encode(), check=True, capture_output=True)
