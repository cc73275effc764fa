"""Deletion protection that resources have of their own, beside that of the stack."""

from __future__ import annotations

from deploytool.aws.call import call
from deploytool.aws.session import Session
from deploytool.core.stacks.plan import Held

_BALANCER = "deletion_protection.enabled"


def unprotect(session: Session, held: Held) -> bool:
    """Turn it off, so that the stack can delete the resource; false where there was none. Raises CloudError."""
    match held.type:
        case "AWS::RDS::DBInstance":
            return _database(session, held.physical_id)
        case "AWS::ElasticLoadBalancingV2::LoadBalancer":
            return _load_balancer(session, held.physical_id)
        case _:
            return False


def _database(session: Session, name: str) -> bool:
    client = session.client("rds")
    (found,) = call(client, "describe_db_instances", DBInstanceIdentifier=name)["DBInstances"]
    if not found.get("DeletionProtection"):
        return False
    call(client, "modify_db_instance", DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
    return True


def _load_balancer(session: Session, arn: str) -> bool:
    client = session.client("elbv2")
    attributes = call(client, "describe_load_balancer_attributes", LoadBalancerArn=arn)["Attributes"]
    if not any(each["Key"] == _BALANCER and each["Value"] == "true" for each in attributes):
        return False
    call(
        client,
        "modify_load_balancer_attributes",
        LoadBalancerArn=arn,
        Attributes=[{"Key": _BALANCER, "Value": "false"}],
    )
    return True
