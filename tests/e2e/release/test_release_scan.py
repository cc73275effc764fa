"""The gate of image scans: what ECR found worse than allowed is not run, and no service is touched."""

from __future__ import annotations

import pytest

from tests.support.aws_fault_proxy.rules import Effect, Rule
from tests.support.project import Shop
from tests.support.slow import slow


@pytest.fixture
def gated(shop: Shop) -> Shop:
    """Something to release in the worker, whose image must have no finding of severity high or worse."""
    shop.only("worker")
    with shop.config() as config:
        config["images"]["app"]["scan"] = {"fail_on": "high"}
    shop.template("worker", command=["architecturedeck-worker", "--again"])
    return shop


def scanned(shop: Shop, *told: Effect) -> None:
    """ECR answers with each of these in turn, and stays with the last."""
    action = "DescribeImageScanFindings"
    rules = [Rule(item, action=action, nth=number) for number, item in enumerate(told[:-1], 1)]
    rules.append(Rule(told[-1], action=action, after=len(told) - 1))
    shop.front.script(rules)


def test_an_image_with_a_critical_finding_is_not_run(gated: Shop) -> None:
    scanned(gated, Effect("scan", reason="COMPLETE", counts={"CRITICAL": 2, "LOW": 7}))
    gated.release_fails(4, "the scan of image app found 2 critical", "Fix: fix them")
    assert gated.front.calls("ecs", "UpdateService") == []
    assert gated.front.calls("ecs", "RegisterTaskDefinition") == []


def test_what_is_allowed_is_run_once_the_scan_is_over(gated: Shop) -> None:
    not_yet, going_on = Effect("scan", reason="NONE"), Effect("scan", reason="IN_PROGRESS")
    scanned(gated, not_yet, going_on, Effect("scan", reason="COMPLETE", counts={"MEDIUM": 3}))
    ran = gated.run("release")
    assert ran.code == 0, ran.told
    assert ran.told.count("waiting for the scan of image app") == 2
    assert len(gated.front.calls("ecs", "UpdateService")) == 1


@pytest.mark.parametrize(("status", "said"), [("NONE", "has no scan"), slow("FAILED", "did not complete")])
def test_an_image_that_nobody_scanned_is_not_run(gated: Shop, status: str, said: str) -> None:
    scanned(gated, Effect("scan", reason=status))
    gated.release_fails(4, f"image app {said}", "images.app.scan")
    assert gated.front.calls("ecs", "UpdateService") == []
