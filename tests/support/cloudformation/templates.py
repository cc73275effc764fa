"""The templates as mappings, and the parameters that tests look at them under."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DIRECTORY = Path(__file__).parents[3] / "cloudformation"
STACKS = ("bootstrap", "account", "network", "data", "platform", "service")
DIGEST = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:{'a' * 64}"

NAMES = {
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "App": "shop",
    "Environment": "production",
    "Repository": "shop",
    "Cluster": "shop",
    "AppImage": DIGEST,
}
"""What has no default."""
SUBJECTS = {
    f"{who}Subjects": f"repo:org/shop:{what},repo:org@1/shop@2:{what}"
    for who, what in {
        "Production": "environment:production",
        "Staging": "environment:staging",
        "Plan": "pull_request",
    }.items()
}
DOMAIN = {"DomainName": "app.example.com", "HostedZoneId": "Z0123456789"}

SITUATIONS: dict[str, dict[str, str]] = {
    "nothing but names": NAMES,
    "everything": {
        **NAMES,
        **SUBJECTS,
        **DOMAIN,
        "Size": "scaled",
        "AlertEmail": "a@example.com",
        "SecurityEmail": "s@example.com",
        "People": "developers",
        "MigrateImage": DIGEST,
        "WorkerImage": DIGEST,
        "AppCommand": "node,server.js",
        "MakeUrls": "true",
        "MigrateCommand": "node,migrate.js",
        "HealthCommand": "node health.js",
        "Cpu": "ARM64",
        "Zones": "us-east-1a,us-east-1b,us-east-1d",
    },
    "other sizes, no worker, one NAT gateway, what is there already, certificates of one's own": {
        **NAMES,
        **SUBJECTS,
        **DOMAIN,
        "AWS::Region": "eu-west-1",
        "ProductionCluster": "shop-live",
        "StagingCluster": "shop-test",
        "DatabaseClass": "db.m7g.large",
        "CacheNodeType": "cache.m7g.large",
        "CloudFrontPrefixList": "pl-0123456789abcdef0",
        "VpcPrefix": "10.7",
        "NatGateways": "one",
        "WorkerCommand": "",
        "HealthCommand": "none",
        "UseExistingProvider": "true",
        "UseExistingLedger": "true",
        "MakeTrail": "false",
        "MakeDetector": "false",
        "RestoreFromSnapshot": "shop-production-final",
        "RestoreRedisFromSnapshot": "shop-production-final",
        "MakeOpenAiKey": "false",
        "OpenAiKeyArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:openai-AbCdEf",
        "CertificateArn": f"arn:aws:acm:eu-west-1:123456789012:certificate/{'a' * 36}",
        "CloudFrontCertificateArn": f"arn:aws:acm:us-east-1:123456789012:certificate/{'b' * 36}",
    },
}
"""Each condition of the templates is true in one of them and false in another."""


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short forms."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def load() -> dict[str, dict[str, Any]]:
    """A fresh copy of all of them, by stack, intrinsic functions in their long form."""
    return {stack: json.loads(_read(stack)) for stack in STACKS}


@cache
def _read(stack: str) -> str:
    return json.dumps(yaml.load((DIRECTORY / f"{stack}.yaml").read_text(), _Loader))
