"""All tasks live, and the users are not served: exit 6, every service back."""

from __future__ import annotations

import pytest

from deploytool.sandbox.faults import FAULTS
from tests.support.project import Shop
from tests.support.slow import slow


@pytest.mark.parametrize(
    ("fault", "cause"),
    [slow("health", "returned status 500 instead of 200"), ("version", "version 1.0")],
    ids=["answers-500", "wrong-version"],
)
def test_the_services_go_back_when_the_app_does_not_answer_as_the_new_version(
    shop: Shop, fault: str, cause: str
) -> None:
    edit = FAULTS[fault].edit
    assert edit is not None
    edit.apply(shop.root)
    with shop.config() as config:
        verify = {"timeout": "4s", "interval": "1s"}
        production = config["environments"]["production"]
        verify["url"] = production["url"] + "/api/health"
        del config["migrate"], production["overrides"]
        config["services"]["app"]["verify"] |= verify
    shop.commit(FAULTS[fault].title)
    shop.release_fails(6, "all services were rolled back: app on ", cause, "Fix: ")
