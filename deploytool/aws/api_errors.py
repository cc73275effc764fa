"""Why AWS refused a call."""

from __future__ import annotations

from deploytool.diagnosis import Diagnosis, Rule, RuleMatch, find, quoted

_RULES = (
    Rule(
        "pass-role-denied",
        r"iam:PassRole(?: on resource: (?P<resource>[^\s,;]+))?",
        "this identity may not hand a role to ECS ({action} needs iam:PassRole)",
        "allow iam:PassRole on {resource} in its policy, with iam:PassedToService ecs-tasks.amazonaws.com",
        fatal=True,
    ),
    Rule(
        "permission-missing",
        r"AccessDenied|UnauthorizedOperation|not authorized to perform",
        "this identity may not call {action}",
        "allow {action} in its policy",
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
        r"throttl|TooManyRequests|RequestLimitExceeded|rate exceeded|slow ?down",
        "AWS is throttling {action}",
        "try again later; other callers in the account share the limit",
        retriable=True,
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
        r"BlockedException|has been blocked",
        "AWS has blocked this account",
        "ask AWS Support why",
        fatal=True,
    ),
    Rule(
        "quota-reached",
        r"reached the limit|LimitExceeded|quota",
        "a quota of the account is used up",
        "stop what is not needed, or ask for more in Service Quotas",
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
        "service-not-active",
        r"ServiceNotActive",
        "the service is not ACTIVE: it was deleted, or is being deleted",
        "create the service again, then release",
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


def diagnose_api_error(code: str, message: str, action: str) -> Diagnosis:
    """Why AWS refused: ``code`` and ``message`` of its answer, ``action`` such as ``ecs:UpdateService``."""
    text = f"{code}: {message}"
    match = find(_RULES, text) or RuleMatch(_REFUSED)
    return match.to_diagnosis(
        text, {"action": action, "message": quoted(message), "resource": "the task definition's roles"}
    )
