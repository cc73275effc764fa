"""Why AWS refused a call.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploytool.diagnosis import Diagnosis, Rule, RuleMatch, find, quoted

_POLICY = r"(?P<policy>(?:[\w-]+ )*?(?:polic(?:y|ies)|permissions? boundary))"
_PERFORM = r"(?:perform:? (?P<action>[\w-]+:[\w*]+)(?:[^\n]*? on resource: (?P<resource>[^\s,;]+))?[^\n]*?)?"
DENIALS = (
    Rule(
        "explicit-deny",
        _PERFORM + r"with an explicit deny in (?:an? |the )?" + _POLICY,
        "{who} may not call {action}: explicit deny in a policy ({policy})",
        "ask the administrator of the account or organization to change that {policy}; an Allow statement does not "
        "help against an explicit deny",
        fatal=True,
    ),
    Rule(
        "explicit-deny",
        _PERFORM + r"because no (?P<policy>service control|resource control|session) policy allows",
        "{who} may not call {action}: no {policy} policy of the organization or session allows it",
        "ask the administrator of the organization to allow {action} in the {policy} policy; an Allow statement in the "
        "role's own policy does not help",
        fatal=True,
    ),
    Rule(
        "endpoint-policy-denies",
        _PERFORM + r"because no VPC endpoint policy allows",
        "the policy of a VPC endpoint does not allow {action}, so {who} may not call it",
        "allow {action} on {resource} in the policy of that service's VPC endpoint",
        fatal=True,
    ),
    Rule(
        "explicit-deny",
        _PERFORM + r"because no permissions? boundary allows",
        "{who} may not call {action}: its permissions boundary does not allow it",
        "allow {action} in the permissions boundary of the role (ask who keeps it); its own policy does not suffice",
        fatal=True,
    ),
    Rule("explicit-deny", r"explicit deny", "{who} may not call {action}: explicit deny in a policy",
         "ask the administrator of the account or organization to change that policy; an Allow statement does not help",
         fatal=True),
)  # fmt: skip
"""Denials that no Allow statement in the caller's own policy lifts."""

THROTTLED_WORDS = re.compile(
    r"RequestLimitExceeded|Request limit exceeded|Rate exceeded|ThrottlingException|Throttling:|TooManyRequests",
    re.IGNORECASE,
)
_NOT_AUTHORIZED = re.compile(
    r"(?:User: )?(?P<who>\S+) is not authorized to perform: (?P<action>\S+)(?: on resource: (?P<resource>\S+))?"
)
_EXPLICIT = re.compile(r"explicit deny in (?P<policy>(?:an? |the )?(?:[\w-]+ )*?(?:policy|permissions boundary))\b")


@dataclass(frozen=True)
class Denial:
    """What IAM denied to whom, by AWS's message."""

    action: str
    resource: str = "*"
    who: str = "this identity"
    denied_by: str = ""
    """The kind of policy with an explicit deny, with its article."""


def denial_in(message: str, action: str) -> Denial:
    """``action`` is what was called, where the message names nothing else."""
    named, explicit = _NOT_AUTHORIZED.search(message), _EXPLICIT.search(message)
    denied_by = explicit["policy"] if explicit else "a policy" if "explicit deny" in message else ""
    if named is None:
        return Denial(action, denied_by=denied_by)
    return Denial(named["action"], named["resource"] or "*", named["who"], denied_by)


SERVICE_LINKED_ROLE = Rule(
    "service-linked-role-missing",
    r"service.linked role",
    "ECS may not assume its service-linked role AWSServiceRoleForECS: this account does not have it (yet)",
    "create the service-linked role (aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com), then "
    "try again",
    fatal=True,
)
SERVICE_ROLE = Rule(
    "service-role-invalid",
    r"assume (?:the )?(?:service )?role and validate the (?:specified|listeners)",
    "ECS may not use the role by which it registers tasks with the load balancer",
    "leave out role of the service, so that ECS uses its service-linked role AWSServiceRoleForECS, and check that the "
    "target group exists in this region",
    fatal=True,
)
_RULES = (
    *DENIALS,
    Rule(
        "pass-role-denied",
        r"iam:PassRole(?: on resource: (?P<resource>[^\s,;]+))?",
        "this identity may not pass a role to ECS ({action} needs iam:PassRole)",
        "allow iam:PassRole on {resource} in its policy, with iam:PassedToService ecs-tasks.amazonaws.com",
        fatal=True,
    ),
    Rule(
        "oidc-provider-missing",
        r"No OpenIDConnect provider found",
        "this account has no OIDC provider for GitHub, so no job can assume a role in it",
        "create the OIDC provider token.actions.githubusercontent.com with audience sts.amazonaws.com in this account",
        fatal=True,
    ),
    Rule(
        "network-not-readable",
        r"Error retrieving (?P<what>[\w ]+?) information.{0,200}(?:Unauthorized|not authorized)",
        "ECS may not read the {what} of the service with the permissions of this identity",
        "allow ec2:DescribeSubnets, ec2:DescribeSecurityGroups and ec2:DescribeVpcs to it, and check the "
        "organization's "
        "service control policies",
        fatal=True,
    ),
    Rule(
        "oidc-subject-denied",
        r"AssumeRoleWithWebIdentity",
        "the role's trust policy does not let this job assume it{subject}",
        "let the trust policy allow the audience sts.amazonaws.com and exactly this subject (sub) of the "
        "token{subject}",
        fatal=True,
    ),
    Rule(
        "permission-missing",
        r"(?:AccessDenied|UnauthorizedOperation|not authorized)(?:.*?User: (?P<who>\S+) is)?(?:.*?perform: "
        r"(?P<action>[\w-]+:[\w*]+))?(?: on resource: (?P<resource>[^\s,;]+))?",
        "{who} may not call {action}",
        "allow {action} on {resource} in its policy",
        fatal=True,
    ),
    Rule(
        "revision-race",
        r"too many concurrent attempts to create a new revision",
        "several registrations of the same task definition family ran into each other",
        "try again; let releases of one app run one after the other",
        retriable=True,
    ),
    Rule(
        "aws-throttled",
        r"throttl|TooManyRequests|RequestLimitExceeded|request limit exceeded|rate exceeded|slow ?down",
        "AWS is throttling {action}",
        "try again later; other callers in the account share the limit",
        retriable=True,
    ),
    Rule(
        "cluster-inactive",
        r"cluster (?:\S+ )?(?:is|was) (?:not active|inactive)|inactive cluster|cluster.{0,40}\binactive\b",
        "the cluster is INACTIVE: it was deleted",
        "correct cluster in deploytool.yml and the region, or create the cluster again",
        fatal=True,
    ),
    Rule(
        "service-not-active",
        r"ServiceNotActive|service (?:\S+ )?(?:is|was) (?:not active|inactive)",
        "the service is not ACTIVE: it was deleted, or is being deleted",
        "create the service again, then release",
        fatal=True,
    ),
    Rule(
        "container-instance-inactive",
        r"container ?instance.{0,60}\binactive\b",
        "the container instance is INACTIVE: it was deregistered",
        "start the task on another host",
    ),
    Rule(
        "task-definition-inactive",
        r"\binactive\b",
        "the task definition is INACTIVE, so {action} cannot use it",
        "register it again as a new revision; never deregister a revision that may be rolled back to",
        fatal=True,
    ),
    Rule(
        "platform-incompatible",
        r"PlatformTaskDefinitionIncompatibility",
        "the Fargate platform version of the service cannot run this task definition",
        "set platformVersion of the service to LATEST, or take out what the platform does not know",
        fatal=True,
    ),
    Rule(
        "platform-unknown",
        r"PlatformUnknown",
        "the Fargate platform version of the service does not exist",
        "set platformVersion of the service to LATEST",
        fatal=True,
    ),
    Rule(
        "account-blocked",
        r"BlockedException|account (?:is|has been|was) (?:currently )?(?:blocked|suspended)|has been blocked",
        "AWS has blocked this account",
        "ask AWS Support why",
        fatal=True,
    ),
    Rule(
        "quota-reached",
        r"reached the limit|LimitExceeded|quota|limit of \d+|number of .{0,60} exceed",
        "a quota of the account is used up",
        "stop what is not needed, or ask for more in Service Quotas",
    ),
    SERVICE_LINKED_ROLE,
    SERVICE_ROLE,
    Rule(
        "execution-role-missing",
        r"(?:require|specify|provide|need).{0,80}(?:execution role|executionRoleArn)",
        "the task definition has no execution role, and needs one for ECR images, secrets or logs",
        "set executionRoleArn in the task definition (managed policy AmazonECSTaskExecutionRolePolicy)",
        fatal=True,
    ),
    Rule(
        "capacity-provider-empty",
        r"No Container Instances were found",
        "the cluster has no container instance at all",
        "add container instances, or use FARGATE as launch type or capacity provider",
        retriable=True,
    ),
    Rule(
        "role-invalid",
        r"role is not valid|unable to assume the role|invalid 'executionRoleArn'|invalid 'taskRoleArn'",
        "a role of the task definition does not exist, or ECS may not assume it",
        "check executionRoleArn and taskRoleArn, and that ecs-tasks.amazonaws.com may assume them",
        fatal=True,
    ),
    Rule(
        "fargate-size-invalid",
        r"no Fargate configuration exists|invalid (?:'cpu'|'memory') setting",
        "Fargate has no size with this cpu and memory",
        "set cpu and memory of the task definition to one of Fargate's pairs, such as 256 and 512",
        fatal=True,
    ),
    Rule(
        "task-definition-missing",
        r"unable to (?:describe|find) task ?definition|TaskDefinition not found",
        "the task definition does not exist",
        "check its name and region",
        fatal=True,
    ),
    Rule(
        "update-in-progress",
        r"UpdateInProgress",
        "AWS is still busy with another change",
        "wait until it is done, then try again",
        retriable=True,
    ),
    Rule(
        "exec-not-enabled",
        r"execute command (?:was|is) not enabled|execute command agent isn.t running|TargetNotConnected",
        "ECS Exec does not work in this task: it was not enabled when the task began, or its agent does not run",
        "set enableExecuteCommand of the service and force a new deployment; the task role needs ssmmessages:*, the "
        "subnets a path to ssmmessages, the container a writable file system",
    ),
    Rule(
        "wrong-deployment-controller",
        r"CODE_DEPLOY|deployment controller",
        "the service is deployed by another deployment controller: {message}",
        "deploy through CodeDeploy, or recreate the service with the deployment controller ECS",
        fatal=True,
    ),
    Rule(
        "capacity-provider-unknown",
        r"capacity provider.{0,120}(?:not associated|does not exist|not found|isn.t associated|not active)",
        "a capacity provider of the service is not associated with the cluster",
        "associate it (aws ecs put-cluster-capacity-providers), or correct capacityProviderStrategy",
        fatal=True,
    ),
    Rule(
        "network-configuration-missing",
        r"network ?configuration must be provided|networkMode|awsvpc",
        "network mode and network configuration do not fit: {message}",
        "use networkMode awsvpc in the task definition, and awsvpcConfiguration with subnets in the service",
        fatal=True,
    ),
    Rule(
        "network-missing",
        r"InvalidSubnet|InvalidGroup|subnet.{0,80}(?:not exist|not found|invalid)|security group.{0,80}(?:not exist|"
        r"not found|invalid)|same VPC",
        "a subnet or security group of the service does not exist, or is of another VPC: {message}",
        "correct awsvpcConfiguration of the service: subnets and securityGroups of one VPC",
        fatal=True,
    ),
    Rule(
        "target-group-unusable",
        r"target group.{0,200}(?:load balancer|target type|does not|not found)",
        "a target group of the service cannot be used: {message}",
        "attach the target group to a listener, with target type ip for awsvpc, then try again",
        fatal=True,
    ),
    Rule(
        "credentials-not-accepted",
        r"ExpiredToken|token (?:included in the request )?is (?:expired|invalid)|InvalidClientTokenId|"
        r"UnrecognizedClient|SignatureDoesNotMatch|RequestExpired|InvalidSignature",
        "AWS did not accept the credentials for {action}",
        "get fresh ones: `aws sso login`, or in GitHub Actions run the job again",
    ),
    Rule(
        "absent",
        r"NotFound",
        "something that {action} needs does not exist",
        "check the names in deploytool.yml and the region",
        fatal=True,
    ),
    Rule(
        "aws-failed",
        r"ServerException|InternalFailure|InternalServerError|ServiceUnavailable",
        "AWS failed while answering {action}; this is not your fault",
        "try again later",
        retriable=True,
    ),
)
_REFUSED = Rule("aws-refused", "", "AWS refused {action}: {message}", "correct what AWS names")
_SUBJECT = re.compile(r"\brepo:[\w.@/-]+:[^\s\"',]+")


LOCAL_RULES = (
    Rule(
        "credentials-missing",
        r"Unable to locate credentials|NoCredentialsError|Partial credentials|could not find credentials|"
        r"no (?:valid )?credential (?:sources|providers)|config profile \([^)]*\) could not be found",
        "the AWS CLI or SDK has no credentials where it ran",
        "run `aws sso login` or set AWS_PROFILE; in GitHub Actions give the action a role; in a task set taskRoleArn",
    ),
    Rule(
        "credentials-not-accepted",
        r"Token has expired and refresh failed|SSO session .{0,60}(?:expired|invalid)|Error loading SSO Token",
        "the AWS credentials have expired",
        "get fresh ones: `aws sso login`, or in GitHub Actions run the job again",
    ),
    Rule(
        "region-missing",
        r"You must specify a region|NoRegionError",
        "no AWS region is set where the AWS CLI or SDK ran",
        "set region in deploytool.yml or AWS_REGION",
    ),
    Rule(
        "aws-unreachable",
        r"Could not connect to the endpoint URL: \"?(?P<what>[^\s\"]+)|Connect timeout on endpoint URL",
        "the endpoint of AWS could not be reached: {what}",
        "check the region's name and the network: DNS, proxy, NAT gateway or VPC endpoint; then try again",
        retriable=True,
    ),
)
"""What the AWS CLI and botocore say before AWS answers."""


def diagnose_local_error(text: str) -> Diagnosis | None:
    """Why a call did not reach AWS."""
    match = find(LOCAL_RULES, text)
    return match.to_diagnosis(text, {"what": "see AWS's words"}) if match else None


def subject_in(text: str) -> str:
    """The ``sub`` of a GitHub OIDC token that ``text`` names; empty where it names none."""
    match = _SUBJECT.search(text)
    return match.group() if match else ""


def diagnose_api_error(code: str, message: str, action: str, subject: str = "") -> Diagnosis:
    """Why AWS refused: ``code`` and ``message`` of its answer, ``action`` such as ``ecs:UpdateService``.

    ``subject`` is that of the job's OIDC token, where it is known.
    """
    text = f"{code}: {message}"
    match = find(_RULES, text) or RuleMatch(_REFUSED)
    facts = {"action": action, "message": quoted(message), "who": "this identity", "policy": "policy"}
    resource = "the task definition's roles" if "PassRole" in message else "*"
    return match.to_diagnosis(text, {**facts, "resource": resource, "subject": f": {subject}" if subject else ""})
