"""Why ECS had nowhere to run a task: capacity, hosts, network interfaces, roles, quotas.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
"""

from __future__ import annotations

from deploytool.aws.api_errors import SERVICE_LINKED_ROLE, SERVICE_ROLE
from deploytool.diagnosis import Rule

ACTION = r"perform: (?P<action>[\w:]+)(?: on resource: (?P<resource>[^\s,;]+))?"

INSTANCES = (
    Rule(
        "instance-role-not-passed",
        r"iam:PassRole(?: on resource: (?P<resource>[^\s,;]+))?",
        "the infrastructure role of the capacity provider may not pass the instance role to EC2",
        "allow iam:PassRole on {resource} in the policy of the capacity provider's infrastructure role",
        fatal=True,
    ),
    Rule(
        "instance-access-denied",
        r"(?:UnauthorizedOperation|AccessDenied|not authorized)(?:.*?" + ACTION + r")?",
        "the infrastructure role of the capacity provider may not launch EC2 instances",
        "allow {action} on {resource} in the policy of the capacity provider's infrastructure role (managed policy "
        "AmazonECSInfrastructureRolePolicyForManagedInstances)",
        fatal=True,
    ),
    Rule(
        "instance-quota-reached",
        r"VcpuLimitExceeded|vCPU|InstanceLimitExceeded|MaxSpotInstanceCountExceeded|LimitExceeded",
        "the account's EC2 quota of vCPUs for instances is used up",
        "ask for more in Service Quotas (EC2: Running On-Demand instances, or Spot requests), or stop instances",
    ),
    Rule(
        "network-missing",
        r"InvalidSubnet|InvalidGroup|subnet\S* not found|InvalidParameterValue|does not exist",
        "what the capacity provider launches its instances with does not exist, or is of another VPC",
        "correct subnets, security groups and instance profile of the capacity provider",
        fatal=True,
    ),
    Rule(
        "no-instance-capacity",
        r"UnfulfillableCapacity|InsufficientInstanceCapacity|Insufficient\w*Capacity|fulfill|no capacity|"
        r"not enough capacity",
        "EC2 has no capacity for the instance types of the capacity provider at the moment",
        "try again; allow more instance types and Availability Zones in the capacity provider, or on-demand instances",
        retriable=True,
    ),
    Rule(
        "instance-not-launched",
        "",
        "the capacity provider could not launch an EC2 instance for the task",
        "read AWS's words below, and correct the capacity provider: instance requirements, subnets, security groups, "
        "roles",
    ),
)

_ENI_ROLE = r"UnauthorizedOperation|AuthFailure|not authorized|AccessDenied|OptInRequired"
PLACE = (
    Rule(
        "no-free-addresses",
        r"free addresses|InsufficientFreeAddresses|no (?:free|available) (?:IP )?addresses|InsufficientCidrBlocks",
        "the subnet of the task has no free address left",
        "give the service larger or more subnets",
        retriable=True,
    ),
    Rule(
        "network-interface-denied",
        _ENI_ROLE,
        "ECS may not create the task's network interface",
        "check the service-linked role AWSServiceRoleForECS and the organization's service control policies: they must "
        "allow ec2:CreateNetworkInterface on subnet and security group",
        fatal=True,
    ),
    Rule(
        "network-missing",
        r"InvalidSubnet\w*|InvalidGroup\w*|InvalidSecurityGroup\w*|InvalidParameterValue|NotFound|does not exist",
        "a subnet or security group of the service does not exist, or is of another VPC",
        "correct awsvpcConfiguration of the service: subnets and securityGroups of one VPC",
        fatal=True,
    ),
    Rule(
        "network-interface-throttled",
        r"RequestLimitExceeded|Throttl|Rate exceeded",
        "EC2 is throttling ECS, so it could not create the task's network interface",
        "try again; start fewer tasks at once",
        retriable=True,
    ),
    Rule(
        "network-interface-quota",
        r"NetworkInterfaceLimitExceeded|limit",
        "the account's quota of network interfaces is used up",
        "delete unused network interfaces, or ask for more in Service Quotas (VPC: network interfaces per region)",
    ),
    Rule(
        "network-interface-timeout",
        r"network interface|\bENI\b",
        "AWS could not attach a network interface to the task in time; nothing was started",
        "try again; if it stays, check the health of ECS and EC2 in this region, and at the subnet's free addresses",
        retriable=True,
    ),
    Rule(
        "storage-timeout",
        r"EphemeralStorage",
        "AWS could not provision the task's storage in time; nothing was started",
        "try again",
        retriable=True,
    ),
)

HOST = (
    Rule(
        "container-runtime-timeout",
        r"DockerTimeout|ContainerRuntimeTimeout|timed out",
        "the container runtime of the host did not answer in time; this is not the code's fault",
        "try again; on EC2 hosts check their load and disk, and replace a host where it happens again",
        retriable=True,
    ),
    Rule(
        "container-runtime-failed",
        "",
        "the container runtime or the ECS agent of the host failed; this is not the code's fault",
        "try again; on EC2 hosts update the ECS-optimized AMI, and see the agent's log",
        retriable=True,
    ),
)

ROLES = (
    SERVICE_LINKED_ROLE,
    SERVICE_ROLE,
    Rule(
        "role-not-assumed",
        r"assume the role '?(?P<role>arn:[^\s'\")]+)?|",
        "ECS may not use a role of the service or task definition: {role}",
        "check that executionRoleArn and taskRoleArn exist and that ecs-tasks.amazonaws.com may assume them (trust "
        "policy)",
        fatal=True,
    ),
)

PLACEMENT = (
    Rule(
        "account-blocked",
        r"account is (?:currently )?(?:blocked|suspended)|account has been (?:blocked|suspended)|\bBLOCKED\b",
        "AWS has blocked this account, so ECS starts no task",
        "ask AWS Support why; nothing in the task definition helps",
        fatal=True,
    ),
    Rule(
        "fargate-size-over-quota",
        r"requested (?P<resource>CPU|MEMORY) configuration is above your limit|configuration is above your limit",
        "the account's Fargate quota does not allow a task of this size",
        "ask for a higher quota in Service Quotas (or AWS Support), or use a smaller cpu and memory in the task "
        "definition",
    ),
    Rule(
        "quota-reached",
        r"reached the limit on (?:the number of )?(?P<resource>\w+)|vcpu limit|(?:exceed\w*|reached|"
        r"above)[^\n]{0,60}\bquota\b|\bquota\b[^\n]{0,60}(?:exceed|reached)|"
        r"maximum number of (?P<resource2>\w+)",
        "the account's quota of {resource} that run at the same time is used up",
        "stop what is not needed, or ask for a higher Fargate quota in Service Quotas",
        retriable=True,
    ),
    Rule(
        "no-capacity",
        r"capacity is (?:currently )?unavailable|no (?:\w+ )?capacity|insufficient capacity|capacity is not available",
        "AWS has no capacity for this task at the moment",
        "try again, or allow more subnets in other Availability Zones, or FARGATE instead of FARGATE_SPOT",
        retriable=True,
    ),
    Rule(
        "capacity-provider-empty",
        r"EMPTY CAPACITY PROVIDER|NO ACTIVE INSTANCES|"
        r"No Container Instances were found in your (?P<place>capacity provider|cluster)",
        "the {place} has no container instance at all: ECS has nowhere to start the task",
        "see why the Auto Scaling group launches none: its activity history, maximum size, launch template and EC2 "
        "quota; "
        "turn on managed scaling of the capacity provider, or use FARGATE",
        retriable=True,
    ),
    Rule(
        "no-room",
        r"RESOURCE:GPU|insufficient GPUs?|GPU.{0,20}unavailable",
        "no host of the cluster has enough GPU free for the task",
        "add hosts with a GPU, or wait until one is free; then try again",
        retriable=True,
    ),
    Rule(
        "no-room",
        r"RESOURCE:(?P<resource>ENI|PORTS\w*)|(?P<resource2>port) required by your task|using a (?P<resource3>port)",
        "no host of the cluster has enough {resource} free for the task",
        "add hosts, allow more network interfaces per host (awsvpcTrunking), or use hostPort 0 or networkMode awsvpc",
        retriable=True,
    ),
    Rule(
        "no-room",
        r"RESOURCE:(?P<resource>[A-Z_]+)|(?:insufficient|enough) (?P<resource2>CPU|memory)",
        "no host of the cluster has enough {resource} free for the task",
        "lower cpu or memory of the task definition, or give the cluster more hosts",
        retriable=True,
    ),
    Rule(
        "no-agent",
        r"(?-i:\bAGENT\b)|agent (?:is )?(?:not connected|disconnected)|not? (?:have )?the agent connected|"
        r"the agent connected|ECS Agent to start",
        "the container agent of the host is not connected",
        "check the container instances of the cluster; with Fargate this does not happen",
        retriable=True,
    ),
    Rule(
        "placement-constraint",
        r"MemberOf|DistinctInstance|placement constraint",
        "no host of the cluster meets the task's placement constraint",
        "check placementConstraints of the task definition and the attributes of the container instances; where the "
        "cluster scales from zero, try again once a host is there",
        retriable=True,
    ),
    Rule(
        "wrong-host",
        r"(?-i:\bATTRIBUTE|\bLOCATION)|missing an attribute",
        "no host of the cluster has what the task definition requires",
        "check requiresCompatibilities, placementConstraints and the launch type copied from the service",
        fatal=True,
    ),
)
"""Why ECS started nothing: ``failures`` of RunTask, events, and ``TaskFailedToStart: …``.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
"""
