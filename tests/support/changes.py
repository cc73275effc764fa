"""Something to release that needs no build: the images stay, the commands of the tasks change."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tests.support.project import Shop

THIS_TIME = time.time_ns()
"""A sandbox that ran before has services with last time's words, which would then change nothing."""


def change(
    shop: Shop,
    word: str,
    *services: str,
    migration: Sequence[str] | None = None,
    verify: dict[str, Any] | None = None,
) -> None:
    """``services`` (both, if none is named) get ``--word`` as their last argument, after ``migration`` if there is one.

    The tasks ignore it. ``verify`` is that of the app; without it nothing is verified.
    """
    shop.git("checkout", "-q", ".")
    with shop.config() as config:
        config["services"] = {name: {"image": "app", "timeout": "60s"} for name in ("app", "worker")}
        if verify:
            config["services"]["app"]["verify"] = verify
        del config["environments"]["staging"]
        config["environments"]["production"]["overrides"].pop("services")
        if migration is None:
            del config["migrate"]
            config["environments"]["production"].pop("overrides")
        else:
            config["migrate"] |= {"command": list(migration), "on_cancel": "stop"}
    for service in services or ("app", "worker"):
        shop.template(service, command=[f"architecturedeck-{service}", f"--{word}-{THIS_TIME}"])
