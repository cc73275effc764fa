"""What an app's own log says about why it failed; which of several lines counts; what is never quoted."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploytool.ecs.app_log import RULES, diagnose_log
from deploytool.ecs.log_lines import LogRule, read_lines
from deploytool.ecs.task_diagnosis import diagnose_task
from deploytool.redaction import mask_credentials
from tests.unit.ecs.test_task_diagnosis import exited, task

HERE = Path(__file__).parent
PUBLIC: list[dict[str, Any]] = yaml.safe_load((HERE / "app_log.yml").read_text(encoding="utf-8"))
WORDINGS = [
    line.split("\t") for line in (HERE / "app_log_wordings.tsv").read_text(encoding="utf-8").splitlines() if line
]
"""As libraries word it, without a public thread for each; they count for no figure."""

PASSWORD_WRONG = 'error: password authentication failed for user "shop"'
REDIS_REFUSED = "Error: connect ECONNREFUSED 10.0.3.4:6379"
NOT_SET = "Error: Missing required environment variable: STRIPE_KEY"


def code_of(*lines: str) -> str:
    diagnosis = diagnose_log([part for line in lines for part in line.split("\n")])
    return diagnosis.code if diagnosis else ""


def wrongly_explained(row: dict[str, Any]) -> str:
    diagnosis = diagnose_log(row["log"].split("\n"))
    if (diagnosis.code if diagnosis else None) != row["code"]:
        return f"{row['source']}: {row['code']} expected, {diagnosis.code if diagnosis else None} said"
    if diagnosis and row["names"].lower() not in diagnosis.cause.lower():
        return f"{row['source']}: {row['names']} is not in {diagnosis.cause}"
    return ""


def test_public_log_lines_are_explained_right_and_no_near_miss_wrongly() -> None:
    captured = [row for row in PUBLIC if row.get("grade") != "inferred"]
    near_misses = [row for row in captured if row["code"] is None]
    assert len(captured) >= 150
    assert len(near_misses) * 3 >= len(captured)
    assert len({row["source"] for row in PUBLIC}) == len(PUBLIC)
    assert all(row["source"].startswith("https://") for row in PUBLIC)
    assert [wrong for row in near_misses if (wrong := wrongly_explained(row))] == []
    texts = [text for row in captured if (text := wrongly_explained(row))]
    assert len(texts) <= len(captured) * 0.05, "\n".join(texts)


def test_inferred_log_lines_are_explained_right() -> None:
    assert [text for row in PUBLIC if row.get("grade") == "inferred" and (text := wrongly_explained(row))] == []


@pytest.mark.parametrize(("code", "text"), WORDINGS, ids=[text[:60] for _, text in WORDINGS])
def test_a_wording_is_explained_when_a_library_has_it(code: str, text: str) -> None:
    lines = text.replace("\\r", "\0").replace("\\n", "\n").replace("\\t", "\t").replace("\0", "\\r")
    assert code_of(lines) == code.strip("-")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}: {rule.pattern[:30]}")
def test_a_fix_names_the_place_to_change(rule: LogRule) -> None:
    places = (
        r"task definition|deploytool\.yml|[Dd]ockerfile|stack|image|repository|deploytool run|taskRoleArn|ElastiCache"
    )
    assert re.search(places, f"{rule.fix}"), rule.fix


def test_the_line_is_quoted_when_a_rule_matches() -> None:
    diagnosis = diagnose_log(["starting", f"  {PASSWORD_WRONG}  "])
    assert diagnosis is not None
    assert diagnosis.cause.endswith(f"its log says: {PASSWORD_WRONG}")
    assert (diagnosis.quote, diagnosis.quoted, diagnosis.more) == (PASSWORD_WRONG, "the log", "")
    assert "task definition" in diagnosis.fix


@pytest.mark.parametrize("padding", ["a" * 900, "word " * 180])
def test_the_part_around_the_match_is_quoted_when_the_line_is_long(padding: str) -> None:
    diagnosis = diagnose_log([f"{padding} nested exception is {PASSWORD_WRONG}"])
    assert diagnosis is not None
    assert PASSWORD_WRONG in diagnosis.quote
    assert len(diagnosis.quote) <= 202
    diagnosis = diagnose_log([f"{PASSWORD_WRONG} {padding}"])
    assert diagnosis is not None
    assert diagnosis.quote.startswith(PASSWORD_WRONG)
    assert diagnosis.quote.endswith("…")


def test_nothing_is_said_when_no_line_is_known() -> None:
    assert diagnose_log([]) is None
    assert diagnose_log(["", "starting", "Error: boom"]) is None


JSON_FORMS = {
    "pino": '{"level":50,"err":{"type":"Error","message":"connect ECONNREFUSED 10.0.0.9:5432","stack":"Error"}}',
    "winston": '{"level":"error","message":"failed","stack":"Error: connect ECONNREFUSED 10.0.0.9:5432\\n    at x"}',
    "zap": '{"level":"fatal","ts":1.1,"msg":"db","error":"dial tcp 10.0.0.9:5432: connect: connection refused"}',
    "zap, console": '2024-01-01T10:00:00Z\tERROR\tdb\t{"error": "dial tcp 10.0.0.9:5432: connection refused"}',
    "structlog": '{"exception":[{"exc_type":"OSError","exc_value":"Connect call failed (\'10.0.0.9\', 5432)"}]}',
    "docker": '{"log":"Error: connect ECONNREFUSED 10.0.0.9:5432\\n","stream":"stderr","error":7}',
    "logfmt": 'level=error msg="db: \\"connect ECONNREFUSED 10.0.0.9:5432\\""',
    "color": "\x1b[31mError: connect ECONNREFUSED 10.0.0.9:5432\x1b[39m",
    "compose": "app-1  | Error: connect ECONNREFUSED 10.0.0.9:5432",
}


@pytest.mark.parametrize("line", JSON_FORMS.values(), ids=JSON_FORMS)
def test_a_line_is_read_when_a_logger_wraps_it(line: str) -> None:
    assert code_of(line) == "database-refused"


@pytest.mark.parametrize(
    "line",
    [
        '{"level":40,"msg":"connect ECONNREFUSED 10.0.0.9:5432"}',
        '{"severity":"WARNING","message":"connect ECONNREFUSED 10.0.0.9:5432"}',
        '{"s":"I","c":"NETWORK","msg":"connect ECONNREFUSED 10.0.0.9:5432"}',
        '{"level":[],"msg":"was handled: connect ECONNREFUSED 10.0.0.9:5432"}',
        '{"a":1}',
        '{"msg": broken}',
        '{"msg":""}',
        "[warn] connect ECONNREFUSED 10.0.0.9:5432",
        'level=info msg="connect ECONNREFUSED 10.0.0.9:5432"',
        "UserWarning: connect ECONNREFUSED 10.0.0.9:5432",
    ],
)
def test_nothing_is_said_when_the_line_is_no_error(line: str) -> None:
    assert code_of(line) == ""


def test_each_line_of_a_stack_in_json_is_one() -> None:
    assert [line.text for line in read_lines(['{"msg":"a","stack":"b\\nc"}', "d"])] == ["a", "b", "c", "d"]


ROOT_CAUSES = {
    "what ends a program comes before what follows from it": (
        "app-variable-missing",
        ["Error: connect ECONNREFUSED 127.0.0.1:5432", NOT_SET],
    ),
    "the first error comes before the later one": (
        "database-password-wrong",
        [PASSWORD_WRONG, "NOAUTH Authentication required."],
    ),
    "the innermost cause of a Java chain": (
        "database-password-wrong",
        [
            "org.flywaydb.core.FlywayException: Unable to obtain connection from database",
            "\tat org.flywaydb.core.Flyway.migrate(Flyway.java:1)",
            "Caused by: org.postgresql.util.PSQLException: FATAL: permission denied for schema public",
            'Caused by: org.postgresql.util.PSQLException: FATAL: password authentication failed for user "shop"',
        ],
    ),
    "the first exception of a Python chain": (
        "app-module-missing",
        [
            "Traceback (most recent call last):",
            "ModuleNotFoundError: No module named 'psycopg2'",
            "",
            "The above exception was the direct cause of the following exception:",
            "django.core.exceptions.ImproperlyConfigured: Set the DATABASE_URL environment variable",
        ],
    ),
    "the last run": (
        "redis-refused",
        ["> shop@1.0.0 start", "> node app.js", NOT_SET, "> shop@1.0.0 start", "> node app.js", REDIS_REFUSED],
    ),
    "the migration's state before the hint below it": (
        "migration-failed-before",
        [
            "Error: P3009",
            "migrate found failed migrations in the target database",
            "The `1_init` migration failed",
            "This is mostly caused by the database being unavailable: connect ECONNREFUSED 10.0.0.9:5432",
        ],
    ),
    "an error that ends the log though a warning stands before it": (
        "app-variable-missing",
        [
            "WARNING:root:cache is cold",
            "Traceback (most recent call last):",
            '    url = os.environ["SHOP_URL"]',
            "KeyError: 'SHOP_URL'",
        ],
    ),
    "another attempt that never succeeds": ("redis-refused", [f"{REDIS_REFUSED}, retrying"] * 3),
    "the last of several attempts": ("redis-refused", [f"{REDIS_REFUSED}: giving up after 5 attempts"]),
    "success with another store": ("database-password-wrong", [PASSWORD_WRONG, "Connected to Redis"]),
}


@pytest.mark.parametrize(("code", "lines"), ROOT_CAUSES.values(), ids=ROOT_CAUSES)
def test_the_root_cause_wins_when_several_lines_match(code: str, lines: list[str]) -> None:
    assert code_of(*lines) == code


DISPROVED = {
    "connected later": [REDIS_REFUSED, "redis: connection established"],
    "listens later": [PASSWORD_WRONG, "Server listening on port 3000"],
    "one attempt of several": [f"{REDIS_REFUSED}, retrying in 2 s"] * 2,
    "the next line announces another attempt": [REDIS_REFUSED, "Trying again in 2 seconds"],
    "the trace belongs to a warning": [
        "2024-01-01 10:00:00 WARN cache: unreachable",
        "java.net.ConnectException: Connection refused: 10.0.0.9:6379",
        "\tat java.base/sun.nio.ch.Net.pollConnect(Native Method)",
        "2024-01-01 10:00:01 INFO shop: order 7 placed",
    ],
    "the program went on": ["sh: locale: not found", "2024-01-01 10:00:00 INFO ready for orders"],
    "listens elsewhere too": ["Listening at http://127.0.0.1:3000", "Listening at http://[::]:3000"],
    "a KeyError of a dictionary": ["Traceback (most recent call last):", "    row['USER_ID']", "KeyError: 'USER_ID'"],
}


@pytest.mark.parametrize("lines", DISPROVED.values(), ids=DISPROVED)
def test_nothing_is_said_when_the_log_disproves_it(lines: list[str]) -> None:
    assert code_of(*lines) == ""


def test_a_program_that_only_stops_did_not_go_on() -> None:
    assert code_of("sh: 1: next: not found", "2024-01-01 10:00:00 INFO shutting down") == "app-program-missing"


SECRETS = {
    "postgres://shop:hunter2@db:5432/shop": "postgres://shop:***@db:5432/shop",
    "redis://:p@ss/w0rd@cache:6379": "redis://:***@cache:6379",
    "https://ghp_abcdefghijklmnop1234@github.com": "https://***@github.com",
    "password=hunter2 host=db": "password=*** host=db",
    "Server=db;Pwd=hunter2;Database=shop": "Server=db;Pwd=***;Database=shop",
    "{ password: 'hunter2', user: 'shop' }": "{ password: '***', user: 'shop' }",
    '{"api_key":"abc"}': '{"api_key":"***"}',
    "DB_PASSWORD: s3cr3t!": "DB_PASSWORD: ***",
    "input_value={'secret_key': 'abc', 'port': '1'}, input_type=dict": "input_value=***, input_type=dict",
    "Authorization: Bearer abcdefghijkl": "Authorization: Bearer ***",
    "key sk_live_abcdefghijklmnop": "key ***",
    f"AKIA{'X' * 16} is no key": "*** is no key",
    "jwt eyJhbGciOiJI.eyJzdWIiOiIx.abc": "jwt ***",
}
PLAIN = [
    'password authentication failed for user "shop"',
    "Access denied for user 'shop'@'10.0.0.1' (using password: YES)",
    "DB_PASSWORD: Required",
    "{ DB_PASSWORD: [ 'Required' ] }",
    "Missing secret: STRIPE_KEY",
    "JWT_SECRET is required",
    "postgres://db:5432/shop",
    "received: 'undefined'",
    "SECRET_KEY: undefined",
]


@pytest.mark.parametrize(("text", "masked"), SECRETS.items())
def test_a_secret_is_masked_when_a_line_holds_one(text: str, masked: str) -> None:
    assert mask_credentials(text) == masked


@pytest.mark.parametrize("text", PLAIN)
def test_a_line_stays_as_it_is_when_it_only_speaks_of_secrets(text: str) -> None:
    assert mask_credentials(text) == text


def test_no_secret_is_in_the_diagnosis_of_a_task() -> None:
    lines = [
        "connecting to postgres://shop:hunter2@db:5432",
        f"{NOT_SET}: postgres://shop:hunter2@db",
        "Error: hunter2",
    ]
    for log in (lines[:2], [lines[0], "Error: cannot open redis://:hunter2@cache"]):
        diagnosis = diagnose_task(task(exited(1)), log)
        assert "hunter2" not in f"{diagnosis}"


def test_the_exit_code_is_explained_when_the_log_says_why() -> None:
    diagnosis = diagnose_task(task(exited(1)), ["starting", NOT_SET])
    assert diagnosis.code == "app-variable-missing"
    assert diagnosis.cause == (
        f"container app exited with code 1: the environment variable STRIPE_KEY is not set; its log says: {NOT_SET}"
    )
    assert "STRIPE_KEY" in diagnosis.fix
    assert diagnosis.subject == "container app"
    assert diagnosis.log == ("starting", NOT_SET)


def test_reading_the_log_is_the_last_resort() -> None:
    diagnosis = diagnose_task(task(exited(1)), ["Error: boom"])
    assert diagnosis.code == "container-failed"
    assert diagnosis.fix.startswith("read its log")


def test_aws_own_certain_cause_wins_when_the_log_has_one_too() -> None:
    killed = diagnose_task(task(exited(137, "OutOfMemoryError: container killed")), [PASSWORD_WRONG])
    assert killed.code == "out-of-memory"
    spot = replace(task(exited(1)), stop_code="SpotInterruption")
    assert diagnose_task(spot, [PASSWORD_WRONG]).code == "spot-interrupted"


ELB = "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/7)"


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (ELB, "app-loopback-only"),
        ("Task failed container health checks", "container-unhealthy"),
        ("Essential container in task exited", "container-failed"),
    ],
)
def test_listening_on_loopback_counts_when_the_load_balancer_found_the_task_unhealthy(reason: str, code: str) -> None:
    assert diagnose_task(task(exited(1), reason=reason), ["Server listening at http://127.0.0.1:3000"]).code == code


def test_a_health_check_is_explained_when_the_log_says_why() -> None:
    diagnosis = diagnose_task(task(exited(143), code="ServiceSchedulerInitiated", reason=ELB), [PASSWORD_WRONG])
    assert diagnosis.code == "database-password-wrong"
    assert diagnosis.cause.startswith("the load balancer's health checks of the task failed (target group web): the ")
