"""Credentials in words of others leave for no exit: log of a job, comment, job summary, JSON, ledger."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from deploytool.diagnosis import Diagnosis
from deploytool.errors import BuildError
from deploytool.github.comment_body import Links, comment, refusal, summary
from deploytool.ledger.codec import to_document
from deploytool.ledger.record import close_record
from deploytool.output.json import error_document, outcome_document, text
from deploytool.output.log import lines
from deploytool.output.outcome import outcome_text
from deploytool.redaction import mask_credentials, mask_lines
from deploytool.release.events import Explained, OutputLine
from deploytool.release.model import StepName
from tests.support.sample_events import CRASH, bad_events, rolled_back, told
from tests.unit.ledger.records import NOW, record

# Put together here: the tree holds no text that looks like a key.
KEY, KEY_ID = "PRIVATE KEY", "IOSFODNN7EXAMPLE9"

SECRET = "S3cretPw9x7"
SHOWN = {
    "a database's URL": f"could not connect to postgres://app:{SECRET}@db.internal:5432/shop",
    "a URL with a token alone": f"cloning https://{SECRET}{SECRET}@github.com/acme/shop",
    "a variable": f"DB_PASSWORD={SECRET} npm start",
    "an exported variable": f"export STRIPE_API_KEY={SECRET}",
    "a JSON value": f'{{"username": "app", "password": "{SECRET}"}}',
    "JSON in JSON": f'{{"body": "{{\\"password\\":\\"{SECRET}\\"}}"}}',
    "a Python mapping": f"{{'client_secret': '{SECRET}'}}",
    "YAML": f"password: {SECRET}",
    "a header": f"Authorization: Bearer {SECRET}.{SECRET}",
    "an access key of AWS": f"signed with AKIA{KEY_ID}",
    "a token of GitHub": "using ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "a web token": "cookie eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.dBjftJeZ4CVP",
    "a private key on one line": f"-----BEGIN RSA {KEY}-----\\nMIIEowIBAAKCAQEA\\n-----END RSA {KEY}-----",
}
CLEAR = (SECRET, f"AKIA{KEY_ID}", "16C7e42F292c6912E7710c838347Ae178B4a", "dBjftJeZ4CVP", "MIIEowIBAAKCAQEA")
LINKS = Links(repository="https://github.com/a/b")


@pytest.mark.parametrize("line", SHOWN.values(), ids=SHOWN)
def test_no_exit_shows_a_credential(line: str) -> None:
    diagnosis = replace(CRASH, cause=f"it said {line}", quote=line, log=("booting", line))
    outcome = rolled_back(diagnosis)
    outcome = replace(outcome, summary=f"The release failed: {diagnosis.cause}")
    story = told(bad_events(outcome.plan, diagnosis))
    error = BuildError(f"RUN failed: {line}", "")
    exits = {
        "comment": comment(story, LINKS),
        "summary": summary(story, LINKS) + refusal("shop", "production", error.cause, ""),
        "log": "\n".join((*lines(Explained(diagnosis)), *lines(OutputLine(StepName.MIGRATE, line)))),
        "text": outcome_text(outcome),
        "JSON": text(outcome_document(outcome)) + text(error_document(error)),
        "ledger": json.dumps(to_document(close_record(record(), outcome, NOW)), default=str),
    }
    for name, shown in exits.items():
        assert not [clear for clear in CLEAR if clear in shown], name
        assert "booting" in shown or name in ("ledger", "log", "summary", "JSON"), "the rest of the log stays"


@pytest.mark.parametrize(
    "line",
    [
        "password authentication failed for user app",
        "missing required environment variable STRIPE_API_KEY",
        "token: undefined",
        "GET /reset-password?step=2 200",
        "listening on http://0.0.0.0:3000",
        "see https://docs.example.com/secrets#rotation",
        "-----BEGIN CERTIFICATE-----",
        "failed to fetch secret arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbCd12:password:: from it",
        "secretsmanager:GetSecretValue on resource: arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:a1-AbCd12",
        "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/TOKEN_1, arn:aws:ssm:eu-west-1:123456789012:parameter/shop",
    ],
)
def test_a_line_that_only_speaks_of_credentials_stays(line: str) -> None:
    assert mask_credentials(line) == line


def test_a_password_beside_an_arn_is_masked() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCd12"
    assert mask_credentials(f"{arn} password=hunter2 postgres://app:hunter2@db/{arn}") == (
        f"{arn} password=*** postgres://app:***@db/{arn}"
    )


def test_nothing_of_a_private_key_is_left_when_it_spans_lines() -> None:
    key = (f"key: -----BEGIN EC {KEY}-----", "MHcCAQEE", "AwEHoUQD", f"-----END EC {KEY}-----", "ready")
    assert mask_lines(key) == ("key: ***", "ready")
    assert mask_lines(key[:3]) == ("key: ***",)


def test_a_diagnosis_keeps_its_fix_word_for_word() -> None:
    assert Diagnosis("a", "b", "set DB_PASSWORD=…").fix == "set DB_PASSWORD=…"


@pytest.mark.parametrize(
    "piece", ["a", "token", "token:", "://a:", "input_value={", "password='", "\\", "Bearer ", "-"]
)
def test_a_long_text_is_masked_in_linear_time(piece: str) -> None:
    began = time.process_time()
    mask_credentials(piece * (200_000 // len(piece)))
    assert time.process_time() - began < 5.0
