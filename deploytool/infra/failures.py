"""Why an operation of a stack failed: CloudFormation's reasons, matched by rules, with what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from deploytool.diagnosis import Diagnosis, Rule, RuleMatch, find, quoted
from deploytool.infra.events import StackEvent
from deploytool.infra.stacks import short_type

RULES = (
    Rule(
        "stack-policy",
        r"denied by stack policy",
        "the stack policy keeps {what} from being replaced or deleted",
        "it holds data: to allow it, name it with --allow-replace or --allow-remove",
    ),
    Rule(
        "export-in-use",
        r"Export (?P<export>\S+) cannot be (?:updated|deleted) as it is in use by (?P<user>[^\s.\"]+)",
        "export {export} is in use by stack {user} and cannot be changed or deleted",
        "remove the import from {user} first, or leave the export unchanged",
    ),
    Rule(
        "export-taken",
        r"Export with name (?P<export>\S+) is already exported by (?:stack )?(?P<user>[^\s.\"]+)",
        "{user} already exports {export}; a name can be exported once per account and region",
        "rename the app or environment of one of the two",
    ),
    Rule(
        "export-missing",
        r"No export named (?P<export>\S+?)\.? (?:found|is)",
        "no stack exports {export}",
        "apply the stack that exports it first: `deploytool infra apply` without --only does",
    ),
    Rule(
        "name-kept",
        r"custom-named resource requires replacing(?:\.? Rename (?P<name>\S+?) and\b)?",
        "CloudFormation does not replace {what}, since it has a name of its own and keeps it: {reason}",
        "undo the change, or change the name as well; --allow-replace does not help",
    ),
    # https://github.com/sst/sst/issues/3704, https://github.com/aws-samples/aws-cdk-examples/issues/279
    Rule(
        "account-not-verified",
        r"account must be verified|(?:does not|doesn't|do not) (?:currently )?support creating load balancers"
        r"|account\b[^.]{0,60}? (?:is|has been|was) (?:currently |temporarily )?(?:blocked|suspended|on hold)(?! by)"
        r"|\b(?:account|request)\b[^.]{0,80}? (?:is|are) being (?:validated|verified|reviewed)"
        r"|account (?:is|has) not (?:yet )?(?:been )?(?:verified|activated)|PendingVerification",
        "AWS does not let this account create {what} yet; no permission is missing: {reason}",
        "contact AWS Support and quote this message (it may take days), then apply again",
    ),
    Rule(
        "account-not-subscribed",
        r"OptInRequired|SubscriptionRequired|not subscribed to (?:this|the) service"
        r"|needs a subscription for the service|(?:sign|signed|signing) up for (?:this|the) service",
        "the account has not signed up for the service of {what}: {reason}",
        "complete the registration of the account (payment method, phone), and wait until AWS confirms it; "
        "then apply again",
    ),
    Rule(
        "account-plan",
        r"free plan|FreeTierRestriction|free tier customers|not eligible for (?:the )?free tier",
        "the account's free plan does not include {what}: {reason}",
        "upgrade the account to the paid plan, then apply again",
    ),
    Rule(
        "tasks-fail",
        r"Circuit Breaker was triggered",
        "the tasks of {what} do not start or do not stay healthy: ECS rolled back",
        "check `deploytool logs`, correct the task, then apply again",
    ),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    Rule(
        "permission-denied",
        r"not authorized to perform:? (?P<action>[\w-]+:\w+).*?"
        r"(?:with an explicit deny in an? |because no (?!identity-based))"
        r"(?P<policy>[a-z][a-z -]*?(?:policy|boundary|boundaries))",
        "{what} could not be created: the {policy} does not allow {action}: {reason}",
        "have {action} allowed there: a permission in another policy does not help",
    ),
    Rule(
        "permission-missing",
        r"not authorized to perform:? (?P<action>[\w-]+:\w+)(?: on resource:? (?P<resource>[^\s\"]+))?",
        "{what} could not be created, permission missing: {reason}",
        "add the action that AWS names to the policy of the identity that runs `deploytool infra apply`",
    ),
    Rule(
        "permission-missing",
        r"AccessDenied|UnauthorizedOperation|UnauthorizedTaggingOperation",
        "{what} could not be created, permission missing, and AWS does not say which: {reason}",
        "look up the denied call in CloudTrail, and allow it to the identity that runs `deploytool infra apply`",
    ),
    Rule(
        "credentials-expired",
        r"security token included in the request is (?:expired|invalid)|ExpiredToken",
        "the credentials expired while CloudFormation worked on {what}",
        "get fresh ones that last an hour, then apply again",
    ),
    Rule(
        "detector-exists",
        r"detector already exists|only one detector|AWS::GuardDuty::Detector' with identifier '[^']+' already exists",
        "GuardDuty is already on in this region, which allows one detector",
        'set MakeDetector: "false" under infra.parameters: the existing detector does the same',
    ),
    Rule(
        "oidc-provider-exists",
        r"Provider with url \S+ already exists|AWS::IAM::OIDCProvider' with identifier '[^']+' already exists",
        "the account already has GitHub's identity provider, and allows one",
        'set UseExistingProvider: "true" under infra.parameters',
    ),
    Rule(
        "ledger-exists",
        r"AWS::DynamoDB::Table' with identifier '[^']+' already exists|Table already exists: \S+",
        "a table of that name already exists: another app's ledger, or one that an earlier stack retained",
        'set UseExistingLedger: "true" under infra.parameters (apps may share one), or use another name in `ledger`',
    ),
    Rule(
        "name-taken",
        r"already exists|AlreadyExists|BucketAlreadyOwnedByYou|BucketAlreadyExists|NAME_CONFLICT|EntityAlreadyExists",
        "{what} cannot be created, its name is already in use: {reason}",
        "delete the existing one, or rename the new one; only a bucket, table or image repository of an earlier stack "
        "is reused. For an existing OPENAI_API_KEY secret, set OpenAiKeyArn under infra.parameters",
    ),
    Rule(
        "quota-reached",
        r"ServiceLimitExceeded|LimitExceeded|maximum number of|quota|has been reached|AddressLimit",
        "an account quota is exhausted: {reason}",
        "request an increase in Service Quotas, or delete unused resources",
    ),
    Rule(
        "service-linked-role",
        r"assume the service[- ]linked role|service linked role",
        "{what} needs a service-linked role that does not exist yet",
        "apply again in a minute; if that fails, create the role: `aws iam create-service-linked-role`",
    ),
    Rule(
        "not-stable",
        r"NotStabilized|did not stabilize|Exceeded attempts to wait|timed? ?out",
        "{what} did not become ready within CloudFormation's timeout: {reason}",
        "check the resource in its service's console, then apply again",
    ),
    Rule(
        "certificate-region",
        r"certificate (?:doesn't exist|.*us-east-1)|InvalidViewerCertificate",
        "CloudFront accepts only certificates of us-east-1 that match its domain names",
        "request the certificate in us-east-1 for every name, and set its ARN in infra.parameters",
    ),
    Rule(
        "engine-version",
        r"Cannot find version (?P<version>\S+) for (?P<engine>\w+)|no (?:valid )?(?:engine )?version",
        "AWS does not offer the version of the engine that {what} asks for: {reason}",
        "use one that `aws rds describe-db-engine-versions` or `aws elasticache describe-cache-engine-versions` lists",
    ),
    Rule(
        "deletion-protected",
        r"[Cc]annot delete protected|deletion ?protection|DeletionProtection",
        "{what} is protected from deletion",
        "turn off its deletion protection if it should be deleted, then try again",
    ),
    Rule(
        "not-empty",
        r"not empty|BucketNotEmpty|RepositoryNotEmpty|still contains images",
        "{what} is not empty and cannot be deleted",
        "empty it, or keep it with DeletionPolicy: Retain",
    ),
    Rule(
        "still-used",
        r"DependencyViolation|has dependencies|has a dependent object|in use|is being used|currently attached",
        "something outside the stack still uses {what}: {reason}",
        "remove what uses it, such as manually created network interfaces or rules, then try again",
    ),
    Rule(
        "secret-missing",
        r"Secrets Manager can't find|can't find the specified secret|Could not parse SecretString|ParameterNotFound",
        "a secret or parameter that {what} refers to does not exist",
        "create it, or correct its name in infra.parameters",
    ),
    Rule(
        "throttled",
        r"Rate exceeded|Throttling|Too Many Requests|TooManyRequests",
        "AWS throttled CloudFormation while it changed {what}",
        "wait some minutes, then apply again",
    ),
    Rule(
        "aws-failed",
        r"InternalFailure|ServiceInternalError|Internal error|GeneralServiceException.*(?:internal|unavailable)",
        "AWS failed to change {what} by an error of its own: {reason}",
        "apply again; if it fails again, see health.aws.amazon.com",
    ),
)


_HANDLER = re.compile(r'^Resource handler returned message: "?')
_TAIL = re.compile(r'\s*"?\s*\((?:Service|RequestToken)\b.*$', re.DOTALL)
_CANCELLED = re.compile(r"\bcancell?ed\b", re.IGNORECASE)
_INVALID = Rule("template-invalid", "", "{what}: {reason}", "correct the template or the parameter, then apply again")
_UNKNOWN = Rule("stack-failed", "", "{what} failed: {reason}", "correct what CloudFormation names, then apply again")


@dataclass(frozen=True)
class ValidationError:
    """A fault that CloudFormation, or a hook, saw before it began (DescribeEvents)."""

    logical_id: str
    path: str
    reason: str


def root_cause(events: Sequence[StackEvent]) -> StackEvent | None:
    """The first failure of an operation whose events are given oldest first; what was only cancelled is none."""
    failed = [event for event in events if event.status.endswith("_FAILED") and not _CANCELLED.search(event.reason)]
    of_resources = [event for event in failed if not event.of_stack]
    others = failed or [event for event in events if event.of_stack and event.reason and "ROLLBACK" in event.status]
    return next(iter(of_resources or others), None)


def cleaned(reason: str) -> str:
    """A reason without the wrapping of resource handlers, and without what follows ``(Service``."""
    return quoted(_TAIL.sub("", _HANDLER.sub("", reason))).rstrip('"').strip()


def explain_invalid(key: str, errors: Sequence[ValidationError]) -> tuple[Diagnosis, ...]:
    """What CloudFormation rejected before it began: each fault once, in its order."""
    return tuple(dict.fromkeys(_explain_invalid(key, error) for error in errors))


def _explain_invalid(key: str, error: ValidationError) -> Diagnosis:
    place = error.path.removeprefix("/Resources/").strip("/").replace("/", ".") or error.logical_id
    where = ".".join(part for part in (key, place) if part)
    return _message(_INVALID, where, error.reason, ".".join(part for part in (key, error.logical_id) if part))


def explain(key: str, events: Sequence[StackEvent]) -> Diagnosis | None:
    """The diagnosis of an operation that failed; ``None`` where its events do not say."""
    event = root_cause(events)
    if event is None:
        return None
    if event.of_stack:
        return _message(_UNKNOWN, f"stack {key}", event.reason, key)
    subject = f"{key}.{event.logical_id}"
    return _message(_UNKNOWN, f"{subject} ({short_type(event.type)})", event.reason, subject)


def explain_text(subject: str, reason: str) -> Diagnosis:
    """The diagnosis of a change set that CloudFormation could not make."""
    return _message(_UNKNOWN, subject, reason, subject)


def _message(otherwise: Rule, what: str, reason: str, subject: str) -> Diagnosis:
    match = find(RULES, reason) or RuleMatch(otherwise)
    return match.to_diagnosis(cleaned(reason), {"what": what, "reason": cleaned(reason)}, subject)
