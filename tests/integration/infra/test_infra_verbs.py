"""`deploytool infra` as a user runs it: the installed command, our own templates, MiniStack behind the front."""

from __future__ import annotations

import json
import signal
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from deploytool.aws.session import Session
from deploytool.errors import Exit
from deploytool.ledger.lock import LockState
from deploytool.ledger.lock_store import Lock, hold
from deploytool.ledger.store import Ledger
from tests.integration.infra.checkout import CONFIG, Checkout, make_checkout
from tests.integration.infra.surroundings import QuickClock
from tests.support.aws_fault_proxy.client import Front
from tests.support.aws_fault_proxy.rules import Effect, Rule

STACKS = ["bootstrap", "account", "network", "data", "platform", "service"]


@pytest.fixture
def checkout(session: Session, front: Front, tmp_path: Path) -> Checkout:
    return make_checkout(tmp_path, f"a{uuid.uuid4().hex[:8]}", session, front.base_url)


def fates(document: Any) -> dict[str, str]:
    return {each["key"]: each["status"] for each in document["stacks"]}


def test_all_six_stacks_are_made_left_alone_shown_and_destroyed(checkout: Checkout) -> None:
    planned = checkout.document("plan")
    assert planned["exit"] == 0
    assert {each["key"]: each["action"] for each in planned["stacks"]} == dict.fromkeys(STACKS, "create")

    made = checkout.document("apply", *checkout.image())
    assert (made["exit"], made["result"]) == (0, "applied")
    assert fates(made) == dict.fromkeys(STACKS, "created")

    again = checkout.document("apply", *checkout.image())
    assert (again["exit"], again["result"]) == (0, "nothing_to_do")

    shown = checkout.document("status")
    assert shown["exit"] == 0
    assert {each["status"] for each in shown["stacks"]} == {"CREATE_COMPLETE"}
    assert all(each["protections"] == ["termination protection", "stack policy"] for each in shown["stacks"])

    drifted = checkout.document("drift")
    assert (drifted["exit"], drifted["drifted"]) == (0, False)

    refused = checkout.infra("destroy", "--include-data")
    assert refused.returncode == Exit.PRECONDITION_FAILED
    assert "not confirmed" in refused.stderr

    gone = checkout.document("destroy", "--yes", "--include-data", "--include-account")
    assert (gone["exit"], gone["result"]) == (0, "destroyed")
    retained = {each["logical_id"] for stack in gone["stacks"] for each in stack["retained"]}
    assert {"Ledger", "Images", "Database"} <= retained
    assert {each["status"] for each in checkout.document("status")["stacks"]} == {None}


def test_one_line_says_what_the_sandbox_lacks(checkout: Checkout) -> None:
    told = checkout.infra("plan", "--only", "network").stderr
    (line,) = [each for each in told.splitlines() if "left out" in each]
    assert "EC2 NatGateway" in line


def test_only_the_named_stacks_are_applied(checkout: Checkout) -> None:
    made = checkout.document("apply", "--only", "network", "--only", "bootstrap")
    assert fates(made) == {"bootstrap": "created", "network": "created"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--parameter", "Siz=scaled"), "no template declares the parameter Siz"),
        (("--parameter", "Size"), "NAME=VALUE"),
        (("--allow-replace", "Database"), "data.Database"),
        (("--only", "databse"), "databse"),
        (("--parameter", "Size=huge"), "use one of minimal, scaled"),
    ],
)
def test_a_wrong_command_line_changes_nothing(checkout: Checkout, words: tuple[str, ...], told: str) -> None:
    done = checkout.infra("apply", *words)
    assert done.returncode in (Exit.USAGE, Exit.PRECONDITION_FAILED)
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert {each["status"] for each in checkout.document("status")["stacks"]} == {None}


def test_a_template_that_is_not_there_is_told(checkout: Checkout) -> None:
    checkout.configure(CONFIG.format(app=checkout.app).replace("infra: {", "infra: {templates: nowhere, "))
    done = checkout.infra("plan")
    assert done.returncode == Exit.USAGE
    assert "cannot read the template" in done.stderr
    assert "nowhere/bootstrap.yaml" in done.stderr


def test_what_holds_data_is_refused_in_the_plan_and_by_apply(checkout: Checkout) -> None:
    assert checkout.document("apply", "--only", "network", "--only", "data")["exit"] == 0
    own = checkout.root / "cfn"
    own.mkdir()
    templates = Path(__file__).parents[3] / "cloudformation"
    for path in templates.glob("*.yaml"):
        text = (
            path.read_text().replace("openai-api-key", "another-key") if path.name == "data.yaml" else path.read_text()
        )
        (own / path.name).write_text(text)
    checkout.configure(CONFIG.format(app=checkout.app).replace("infra: {", "infra: {templates: cfn, "))
    only = ("--only", "network", "--only", "data")
    plan = checkout.document("plan", *only)
    assert plan["exit"] == Exit.PRECONDITION_FAILED
    # The database is tagged with the key, and its own secret holds its address: both follow.
    follows, renamed = plan["problems"]
    assert "no data can be lost" in follows["cause"]
    assert "--allow-replace data.OpenAiKey" in renamed["fix"]
    assert checkout.infra("apply", *only).returncode == Exit.PRECONDITION_FAILED
    allowed = ("--allow-replace", "data.OpenAiKey", "--allow-replace", "data.DatabaseSecret")
    done = checkout.document("apply", *only, *allowed)
    assert fates(done) == {"network": "unchanged", "data": "updated"}


def test_a_release_that_has_the_lock_keeps_the_service_stack_from_being_changed(checkout: Checkout) -> None:
    assert checkout.document("apply", "--only", "bootstrap")["exit"] == 0
    lock = Lock(checkout.session, f"{checkout.app}-ledger", checkout.app, "production")
    hold(lock, LockState(owner="release", actor="mona", reason="black friday"), QuickClock())
    done = checkout.document("apply", *checkout.image())
    assert done["exit"] == Exit.LOCKED
    assert fates(done)["service"] == "refused"
    assert fates(done)["platform"] == "created"
    holding = lock.read()
    assert holding is not None
    lock.free(holding)
    assert fates(checkout.document("apply", *checkout.image()))["service"] == "created"
    assert Ledger(checkout.session, f"{checkout.app}-ledger", checkout.app, "production").recent() == ()
    left = lock.read()
    assert left is None or not left.owner


def test_ctrl_c_says_what_goes_on(checkout: Checkout, front: Front) -> None:
    front.script([Rule(Effect("latency", seconds=1), service="cloudformation", action="DescribeStackEvents")])
    process = subprocess.Popen(
        checkout.command("apply", "--only", "network", "--output", "json"),
        cwd=checkout.root, env=checkout.environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    assert any("create stack" in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    # MiniStack may be done before the signal is noticed; then there is nothing left to say.
    document = json.loads(said)
    assert document["exit_code"] == process.returncode
    assert document["result"] in ("cancelled", "applied")
    if document["result"] == "cancelled":
        assert fates(document) == {"network": "in_progress"}
