"""The two sizes, as the guide's tables have them."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.infra.checks.model import template_set
from tests.support.cloudformation.templates import NAMES, load

SIZES: dict[str, dict[str, tuple[Any, ...]]] = {
    "minimal": {
        "app": ("512", "1024", 2, 10),
        "worker": ("256", "512", 1, 3),
        # The guide's cost table has cache.t3.micro; its table of services and its code say cache.t3.medium at least.
        "stores": ("db.t3.medium", "cache.t3.medium"),
    },
    "scaled": {
        "app": ("1024", "2048", 4, 10),
        "worker": ("512", "1024", 2, 3),
        "stores": ("db.r6g.large", "cache.r6g.large"),
    },
}


@pytest.mark.parametrize("size", SIZES)
def test_a_size_is_what_the_table_says(size: str) -> None:
    cloud = template_set(load(), {**NAMES, "Size": size})

    def value(name: str, key: str) -> Any:
        found = cloud.get(*name.split("."))
        assert found is not None
        return found.properties[key]

    for role in ("app", "worker"):
        name = role.capitalize()
        task = (value(f"service.{name}Task", "Cpu"), value(f"service.{name}Task", "Memory"))
        tasks = (value(f"service.{name}Scaling", "MinCapacity"), value(f"service.{name}Scaling", "MaxCapacity"))
        assert (*task, *tasks) == SIZES[size][role]
    stores = (value("data.Database", "DBInstanceClass"), value("data.Redis", "CacheNodeType"))
    assert stores == SIZES[size]["stores"]


def test_the_longest_names_fit_into_what_is_named_after_them() -> None:
    app, environment = "a" * 20, "e" * 16
    names = {**NAMES, "App": app, "Environment": environment, "Cluster": "c" * 32, "AWS::Region": "ap-southeast-1"}
    cloud = template_set(load(), names)
    limits = {
        ("AWS::S3::Bucket", "BucketName"): 63,
        ("AWS::RDS::DBInstance", "DBInstanceIdentifier"): 63,
        ("AWS::ElastiCache::ReplicationGroup", "ReplicationGroupId"): 40,
        ("AWS::IAM::Role", "RoleName"): 64,
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name"): 32,
        ("AWS::CloudFront::OriginAccessControl", "Name"): 64,
        ("AWS::Events::Rule", "Name"): 64,
        ("AWS::StepFunctions::StateMachine", "StateMachineName"): 80,
    }
    too_long = [
        (each.name, each.properties[key])
        for (kind, key), most in limits.items()
        for each in cloud.of_type(kind)
        if len(each.properties.get(key, "")) > most
    ]
    assert too_long == []
