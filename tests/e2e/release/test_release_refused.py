"""What is live does not allow the release: exit 3, every reason at once, nothing touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploytool.sandbox import faults
from deploytool.sandbox.account import architecture
from tests.support.account import CLUSTER
from tests.support.aws_fault_proxy.script import Behaviours
from tests.support.project import Shop
from tests.support.slow import slow


@contextmanager
def another_service(shop: Shop, name: str, **settings: object) -> Iterator[str]:
    """An empty service of its own in the cluster; the ARN of its revision."""
    ecs = shop.account.client("ecs")
    revision = shop.account.register({**shop.account.definition("worker"), "family": name})
    ecs.create_service(cluster=CLUSTER, serviceName=name, taskDefinition=revision, desiredCount=0, **settings)
    try:
        yield revision
    finally:
        ecs.delete_service(cluster=CLUSTER, service=name, force=True)


def test_a_missing_cluster_is_named(shop: Shop) -> None:
    with shop.config() as config:
        config["environments"]["production"]["cluster"] = "nowhere"
    shop.release_fails(3, "there is no active cluster nowhere", "fix: correct environments.production.cluster")


def test_every_missing_service_is_named_at_once(shop: Shop) -> None:
    shop.only("worker", "mailer", "cron")
    shop.release_fails(3, "there is no service mailer", "there is no service cron", "fix: create it first")


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", slow("EXTERNAL")])
def test_a_service_that_ecs_does_not_roll_is_left_alone(shop: Shop, controller: str) -> None:
    name = f"ruled-by-{controller.lower().replace('_', '-')}"
    shop.only("worker", name)
    with another_service(shop, name, deploymentController={"type": controller}):
        shop.release_fails(3, f"service {name} is deployed by {controller}, not by ECS", "fix: release it with")


def test_a_service_on_an_inactive_revision_is_not_released_since_it_could_not_go_back(shop: Shop) -> None:
    shop.only("retired")
    with another_service(shop, "retired") as revision:
        shop.account.client("ecs").deregister_task_definition(taskDefinition=revision)
        shop.release_fails(3, "service retired runs retired:", "which is INACTIVE", "fix: register a copy of retired:")


def test_a_rollout_that_is_going_on_is_not_disturbed(shop: Shop) -> None:
    shop.only("worker")
    before = shop.account.running()
    slow = shop.account.definition("worker")
    slow["containerDefinitions"][0]["healthCheck"] = {"command": ["CMD", "false"], "interval": 5, "startPeriod": 300}
    revision = shop.account.register(slow)
    shop.front.script(behaviours=Behaviours(health_checks=True))
    shop.account.move("worker", revision)
    ran = shop.run("release")
    assert ran.code == 3, ran.told
    assert "a rollout of service worker is already in progress" in ran.err
    assert "fix: wait until it ends" in ran.err
    assert shop.account.running() == {**before, "worker": revision}


def test_a_missing_repository_is_named(shop: Shop) -> None:
    with shop.config() as config:
        config["environments"]["production"]["repository"] = "nowhere"
    shop.release_fails(3, "nowhere", "fix:")


def test_a_dirty_tree_is_not_built(shop: Shop) -> None:
    shop.git("merge", "-q", "--ff-only", "origin/next")
    (shop.root / "Dockerfile").write_text("FROM scratch\n")
    shop.git("-c", "user.name=O", "-c", "user.email=o@example.com", "commit", "-q", "--allow-empty", "-m", "Unbuilt")
    shop.release_fails(3, "the work tree differs from commit", "Dockerfile", "fix: commit or stash")
    plan = shop.run("plan")
    assert plan.code == 0
    assert "warning: a release would be refused now: the work tree differs from commit" in plan.err


def test_a_secret_that_is_gone_is_missed_before_anything_changes(shop: Shop) -> None:
    account = shop.account
    shop.only("worker")
    shop.template("worker", command=["architecturedeck-worker", "--again"])
    faults.delete_secret(account)
    try:
        shop.release_fails(3, "openai-api-key", "is scheduled for deletion", "fix: restore it")
    finally:
        faults.restore_secret(account)


def test_an_image_for_another_cpu_is_not_started(shop: Shop) -> None:
    shop.only("worker")
    definition = shop.account.definition("worker")
    asked = "ARM64" if architecture() == "X86_64" else "X86_64"
    definition["runtimePlatform"] = {"cpuArchitecture": asked, "operatingSystemFamily": "LINUX"}
    shop.template_file("worker", definition)
    shop.release_fails(3, "image app is built for linux/", "but worker runs on linux/", "fix: set images.app.platforms")
