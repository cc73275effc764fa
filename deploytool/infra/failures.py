"""Reasons that resources of a stack fail with (``ResourceStatusReason`` of DescribeStackEvents), and what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from deploytool.diagnosis import Diagnosis, Rule, RuleMatch, find, quoted
from deploytool.infra.events import StackEvent
from deploytool.infra.stacks import short_type

# SEG core.stacks.failure_rules
# Reasons that resources of a stack fail with (``ResourceStatusReason`` of DescribeStackEvents), and what to do.

RULES = (
    Rule(
        "stack-policy",
        r"denied by stack policy",
        "the stack policy keeps {what} from being replaced or deleted",
        "it holds data: name it with --allow-replace or --allow-remove where that is meant",
    ),
    Rule(
        "export-in-use",
        r"Export (?P<export>\S+) cannot be (?:updated|deleted) as it is in use by (?P<user>[^\s.\"]+)",
        "the value {export} is in use by stack {user} and cannot change or go",
        "make {user} stop importing it first, or leave it as it is",
    ),
    Rule(
        "export-taken",
        r"Export with name (?P<export>\S+) is already exported by (?:stack )?(?P<user>[^\s.\"]+)",
        "{user} exports {export} already, and a name can be exported once in an account and region",
        "give one of the two another app or environment name",
    ),
    Rule(
        "export-missing",
        r"No export named (?P<export>\S+?)\.? (?:found|is)",
        "no stack exports {export}",
        "apply the stack that exports it first: `deploytool infra apply` without --only does",
    ),
    Rule(
        "permission-missing",
        r"not authorized to perform:? (?P<action>[\w-]+:\w+)(?: on resource:? (?P<resource>[^\s\"]+))?"
        r"|AccessDenied|UnauthorizedOperation|HandlerErrorCode: UnauthorizedTaggingOperation",
        "{what} could not be made: the identity that applies lacks a permission: {reason}",
        "add the action that AWS names to the policy of who runs `deploytool infra apply`",
    ),
    Rule(
        "credentials-expired",
        r"security token included in the request is (?:expired|invalid)|ExpiredToken",
        "the credentials ran out while CloudFormation worked on {what}",
        "get fresh ones that last an hour, then apply again",
    ),
    Rule(
        "detector-exists",
        r"detector already exists|only one detector|AWS::GuardDuty::Detector' with identifier '[^']+' already exists",
        "GuardDuty is on already in this region, and takes one detector",
        'write MakeDetector: "false" under infra.parameters: the one that is there does the same',
    ),
    Rule(
        "oidc-provider-exists",
        r"Provider with url \S+ already exists|AWS::IAM::OIDCProvider' with identifier '[^']+' already exists",
        "the account has GitHub's identity provider already, and takes one",
        'write UseExistingProvider: "true" under infra.parameters',
    ),
    Rule(
        "ledger-exists",
        r"AWS::DynamoDB::Table' with identifier '[^']+' already exists|Table already exists: \S+",
        "there is a table of that name already: another app's ledger, or one that an earlier stack retained",
        'write UseExistingLedger: "true" under infra.parameters: apps share a ledger; or give another name as `ledger`',
    ),
    Rule(
        "name-taken",
        r"already exists|AlreadyExists|BucketAlreadyOwnedByYou|BucketAlreadyExists|NAME_CONFLICT|EntityAlreadyExists",
        "{what} cannot be made, since one of its name is there already: {reason}",
        "delete what is there, or give the new one another name; only a bucket, a table or an image repository that an "
        "earlier stack left is taken over. The secret of OPENAI_API_KEY goes into infra.parameters as OpenAiKeyArn",
    ),
    Rule(
        "quota-reached",
        r"ServiceLimitExceeded|LimitExceeded|maximum number of|quota|has been reached|AddressLimit",
        "a quota of the account is used up: {reason}",
        "ask for more in Service Quotas, or delete what is not needed",
    ),
    Rule(
        "service-linked-role",
        r"assume the service[- ]linked role|service linked role",
        "{what} needs a service-linked role that AWS has only just made, or may not make",
        "apply again in a minute; if it stays, create the role: `aws iam create-service-linked-role`",
    ),
    Rule(
        "tasks-fail",
        r"Circuit Breaker was triggered",
        "the tasks of {what} do not start or do not stay healthy: ECS gave up and went back",
        "`deploytool logs` shows what they say; then correct the task and apply again",
    ),
    Rule(
        "not-stable",
        r"NotStabilized|did not stabilize|Exceeded attempts to wait|timed? ?out",
        "{what} did not become ready in the time that CloudFormation gives it: {reason}",
        "see what the resource itself says in its service's console, then apply again",
    ),
    Rule(
        "certificate-region",
        r"certificate (?:doesn't exist|.*us-east-1)|InvalidViewerCertificate",
        "CloudFront takes certificates of us-east-1 only, for names that the distribution has",
        "request the certificate in us-east-1 for every name, and give its ARN in infra.parameters",
    ),
    Rule(
        "engine-version",
        r"Cannot find version (?P<version>\S+) for (?P<engine>\w+)|no (?:valid )?(?:engine )?version",
        "AWS does not offer the version of the engine that {what} asks for: {reason}",
        "give one that `aws rds describe-db-engine-versions` or `aws elasticache describe-cache-engine-versions` lists",
    ),
    Rule(
        "deletion-protected",
        r"[Cc]annot delete protected|deletion ?protection|DeletionProtection",
        "{what} is protected from deletion",
        "turn its deletion protection off where it is really to go, then try again",
    ),
    Rule(
        "not-empty",
        r"not empty|BucketNotEmpty|RepositoryNotEmpty|still contains images",
        "{what} is not empty, so AWS does not delete it",
        "empty it, or let it stay with DeletionPolicy: Retain",
    ),
    Rule(
        "still-used",
        r"DependencyViolation|has dependencies|has a dependent object|in use|is being used|currently attached",
        "something outside the stack still uses {what}: {reason}",
        "remove what uses it, such as network interfaces or rules made by hand, then try again",
    ),
    Rule(
        "secret-missing",
        r"Secrets Manager can't find|can't find the specified secret|Could not parse SecretString|ParameterNotFound",
        "a secret or parameter that {what} refers to is not there",
        "create it, or correct its name in infra.parameters",
    ),
    Rule(
        "throttled",
        r"Rate exceeded|Throttling|Too Many Requests|TooManyRequests",
        "AWS throttled CloudFormation while it made {what}",
        "apply again: it goes on where it was",
    ),
    Rule(
        "aws-failed",
        r"InternalFailure|ServiceInternalError|Internal error|GeneralServiceException.*(?:internal|unavailable)",
        "AWS failed while it made {what}: {reason}",
        "apply again: it goes on where it was",
    ),
)


# SEG core.stacks.explain
# Why an operation of a stack failed: the event that was first, in plain words, with what to do.

_HANDLER = re.compile(r'^Resource handler returned message: "?')
_TAIL = re.compile(r'\s*"?\s*\((?:Service|RequestToken)\b.*$', re.DOTALL)
_CANCELLED = re.compile(r"\bcancell?ed\b", re.IGNORECASE)
_INVALID = Rule("template-invalid", "", "{what}: {reason}", "correct the template or the parameter, then apply again")
_UNKNOWN = Rule("stack-failed", "", "{what} failed: {reason}", "correct what CloudFormation names, then apply again")


@dataclass(frozen=True)
class ValidationError:
    """A fault that CloudFormation found before it began (DescribeEvents)."""

    logical_id: str
    path: str
    reason: str


def root_cause(events: Sequence[StackEvent]) -> StackEvent | None:
    """The first failure of an operation whose events are given oldest first; what was only cancelled is none."""
    failed = [each for each in events if each.status.endswith("_FAILED") and not _CANCELLED.search(each.reason)]
    of_resources = [each for each in failed if not each.of_stack]
    others = failed or [each for each in events if each.of_stack and each.reason and "ROLLBACK" in each.status]
    return next(iter(of_resources or others), None)


def cleaned(reason: str) -> str:
    """A reason without the wrapping of resource handlers, and without what follows ``(Service``."""
    return quoted(_TAIL.sub("", _HANDLER.sub("", reason))).rstrip('"').strip()


def explain(key: str, events: Sequence[StackEvent], invalid: Sequence[ValidationError] = ()) -> Diagnosis | None:
    """The diagnosis of an operation that failed; ``None`` where its events do not say."""
    if invalid:
        first = invalid[0]
        place = first.path.removeprefix("/Resources/").replace("/", ".") or first.logical_id
        return _message(_INVALID, f"{key}.{place}", first.reason, f"{key}.{first.logical_id}")
    found = root_cause(events)
    if found is None:
        return None
    if found.of_stack:
        return _message(_UNKNOWN, f"stack {key}", found.reason, key)
    subject = f"{key}.{found.logical_id}"
    return _message(_UNKNOWN, f"{subject} ({short_type(found.type)})", found.reason, subject)


def explain_text(subject: str, reason: str) -> Diagnosis:
    """The diagnosis of a change set that CloudFormation could not make."""
    return _message(_UNKNOWN, subject, reason, subject)


def _message(otherwise: Rule, what: str, reason: str, subject: str) -> Diagnosis:
    told = find(RULES, reason) or RuleMatch(otherwise)
    return told.say(cleaned(reason), {"what": what, "reason": cleaned(reason)}, subject)
