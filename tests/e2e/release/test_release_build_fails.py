"""Images that do not come into being: exit 4, no service touched."""

from __future__ import annotations

from deploytool.sandbox.faults import FAULTS
from tests.support.aws_fault_proxy.rules import Effect, Rule
from tests.support.project import Shop


def test_an_image_that_does_not_build_is_told_with_the_line_of_the_dockerfile(shop: Shop) -> None:
    fault = FAULTS["image"].edit
    assert fault is not None
    fault.apply(shop.root)
    shop.commit("Install packages from a list")
    shop.release_fails(4, "could not be built; no service in production was changed", "COPY requirements.txt", "Fix: ")


def test_a_push_that_the_registry_refuses_names_the_permission(shop: Shop) -> None:
    (shop.root / "README.md").write_text("Another commit.\n")
    shop.commit("Say more")
    shop.front.script([Rule(Effect("push_denied"), service="registry")])
    shop.release_fails(4, "no service in production was changed", "ecr:InitiateLayerUpload", "Fix: ")
