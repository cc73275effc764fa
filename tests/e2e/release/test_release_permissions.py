"""The deploy role of cloudformation/bootstrap.yaml against what releases really call, as the front recorded it."""

from __future__ import annotations

from deploytool.infra.checks.model import template_set
from tests.support.aws_fault_proxy.call_log import Call
from tests.support.aws_fault_proxy.rules import Effect, Rule
from tests.support.aws_fault_proxy.script import Behaviours
from tests.support.cloudformation.policy import permissions
from tests.support.cloudformation.templates import SITUATIONS, load
from tests.support.project import Shop

ALLOWED = permissions(template_set(load(), SITUATIONS["everything"]), "ProductionDeployRole").actions
REGISTRY = {
    "HEAD manifests": "ecr:BatchGetImage",
    "GET manifests": "ecr:BatchGetImage",
    "GET blobs": "ecr:GetDownloadUrlForLayer",
    "HEAD blobs": "ecr:BatchCheckLayerAvailability",
    "POST blobs": "ecr:InitiateLayerUpload",
    "PATCH blobs": "ecr:UploadLayerPart",
    "PUT blobs": "ecr:CompleteLayerUpload",
    "PUT manifests": "ecr:PutImage",
}
"""What ECR asks for where the registry's own protocol is spoken:
https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"""
IAM_NAMES = {"elbv2": "elasticloadbalancing", "monitoring": "cloudwatch"}
FREE = {"sts:GetCallerIdentity"}
NOT_SEEN_HERE = {
    # No call of their own: ECS asks for them where a task definition has tags and roles.
    "ecs:TagResource", "iam:PassRole",
    # Only where the load balancer fails a task's health check, which MiniStack's does not, and for parameters of SSM.
    "elasticloadbalancing:DescribeTargetHealth", "ssm:DescribeParameters",
}  # fmt: skip


def test_releases_call_what_the_deploy_role_allows_and_no_more(shop: Shop) -> None:
    seen = set[str]()
    for scene in (released, rolled_back, cancelled_in_migration, cancelled_in_rollout):
        shop.front.reset()
        scene(shop)
        seen |= {asked_for(call) for call in shop.front.calls()} - {""}
        shop.git("checkout", "-q", ".")
        shop.account.settle()
    assert seen - FREE - ALLOWED == set(), "called, and not allowed"
    assert ALLOWED - seen == NOT_SEEN_HERE, "allowed, and not called"


def asked_for(call: Call) -> str:
    """The IAM action that AWS asks for; empty where the protocol needs none."""
    if call.service == "registry":
        return REGISTRY.get(call.action, "")
    return f"{IAM_NAMES.get(call.service, call.service)}:{call.action}"


def released(shop: Shop) -> None:
    """A commit that has to be built, scanned, migrated and watched by an alarm."""
    shop.account.client("cloudwatch").put_metric_alarm(
        AlarmName="errors", Namespace="shop", MetricName="errors", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching",
    )  # fmt: skip
    scan = Effect("scan", reason="COMPLETE", counts={})
    shop.front.script([Rule(scan, action="DescribeImageScanFindings")], Behaviours(service_deployments=True))
    (shop.root / "Dockerfile").write_text((shop.root / "Dockerfile").read_text() + "RUN true\n")
    with shop.config() as config:
        config["images"]["app"]["scan"] = {"fail_on": "high"}
        config["services"]["app"]["verify"] |= {"alarms": ["errors"], "bake": "1s"}
        # The sandbox's load balancer has an address of its own; its name is looked up as everywhere else.
        config["environments"]["production"]["overrides"]["services"]["app"]["verify"]["url"] += "#${host}"
    shop.commit("Something to build, scan and watch")
    ran = shop.run("release")
    assert ran.code == 0, ran.told


def rolled_back(shop: Shop) -> None:
    """Back to the release before."""
    ran = shop.run("rollback")
    assert ran.code == 0, ran.told


def cancelled_in_migration(shop: Shop) -> None:
    """The migrate task is stopped."""
    worker_only(shop)
    with shop.config() as config:
        config["migrate"] = {
            "task": "architecturedeck-migrate", "image": "migrate", "like": "worker", "command": ["sleep", "9"],
            "on_cancel": "stop",
        }  # fmt: skip
    shop.template("worker", command=["architecturedeck-worker", "--again"])
    ran = shop.interrupted(lambda: bool(shop.front.calls("ecs", "RunTask")), "release")
    assert ran.code == 130, ran.told


def cancelled_in_rollout(shop: Shop) -> None:
    """Where ECS has service deployments, it is asked to roll back."""
    shop.front.script(behaviours=Behaviours(service_deployments=True))
    worker_only(shop)
    shop.template("worker", command=["architecturedeck-worker", "--once-more"])
    ran = shop.interrupted(lambda: bool(shop.front.calls("ecs", "UpdateService")), "release")
    assert ran.code == 130, ran.told


def worker_only(shop: Shop) -> None:
    """Without migration, and without the scan that the first scene committed."""
    shop.only("worker")
    with shop.config() as config:
        del config["images"]["app"]["scan"]
