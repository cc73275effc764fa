from __future__ import annotations

import pytest

from deploytool.infra.failures import ValidationError, cleaned, explain, explain_invalid, explain_text, root_cause
from tests.unit.infra.stacks_cases import event, of_stack

HANDLER = (
    'Resource handler returned message: "{} (Service: Ec2, Status Code: 400, Request ID: 0b3d2c1a-1111-2222)" '
    "(RequestToken: 9f, HandlerErrorCode: {})"
)

# AWS's words, the rule that knows them, a piece of what is told.
REASONS = [
    ("Action denied by stack policy: Statement [#1] does not allow [Update:Replace]", "stack-policy",
     "--allow-replace"),
    ("Export shop-production-VpcId cannot be updated as it is in use by shop-production-data", "export-in-use",
     "shop-production-data"),
    ("Export with name shop-A is already exported by stack shop-old. ", "export-taken", "shop-old already exports"),
    ("No export named shop-production-VpcId found. Rollback requested by user.", "export-missing",
     "no stack exports shop-production-VpcId"),
    ("User: arn:aws:iam::1:user/a is not authorized to perform: rds:CreateDBInstance on resource: arn:aws:rds:x",
     "permission-missing", "permission missing"),
    ("Access denied for operation 'x'. AccessDenied", "permission-missing", "permission missing"),
    (("User: arn:aws:iam::1:user/a is not authorized to perform: rds:CreateDBInstance on resource: arn:aws:rds:x "
     "because no identity-based policy allows the rds:CreateDBInstance action"), "permission-missing", "permission"),
    (("User: arn:aws:iam::1:user/a is not authorized to perform: ec2:CreateVpc on resource: arn:aws:ec2:x with an "
     "explicit deny in a service control policy"), "permission-denied", "the service control policy does not allow"),
    (("User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: iam:CreateRole on resource: role x "
     "because no permissions boundary allows the iam:CreateRole action"), "permission-denied", "iam:CreateRole"),
    (("Your account must be verified before you can add new CloudFront resources. To verify your account, please "
     "contact AWS Support (https://console.aws.amazon.com/support/home#/) and include this error message. (Service: "
     "AmazonCloudFront; Status Code: 403; Error Code: AccessDenied; Request ID: 6d470e8b-9fc5-455b-81aa-2814b0a57118)"),
     "account-not-verified", "AWS Support"),
    (HANDLER.format("This AWS account currently does not support creating load balancers. For more information, please "
                    "contact AWS Support.", "InvalidRequest"), "account-not-verified", "no permission is missing"),
    (("This account is currently blocked and not recognized as a valid account. Please contact "
     "aws-verification@amazon.com if you have questions."), "account-not-verified", "AWS Support"),
    (("Your request for accessing resources in this region is being validated, and you will not be able to launch "
     "additional resources in this region until the validation is complete."), "account-not-verified", "AWS Support"),
    ("The AWS Access Key Id needs a subscription for the service (Service: Rds, Status Code: 403)",
     "account-not-subscribed", "registration"),
    (("This instance size isn't available with free plan accounts. To remove the limitation, upgrade your account "
     "plan. (Service: Rds, Status Code: 400)"), "account-plan", "paid plan"),
    ("The specified backup retention period exceeds the maximum available to free tier customers.", "account-plan",
     "paid plan"),
    (("CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename shop-production "
     "and update the stack again."), "name-kept", "--allow-replace does not help"),
    (("Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was "
     "triggered: tasks failed to start: AccessDeniedException: not allowed'.\""), "tasks-fail", "do not stay healthy"),
    (("User: arn:aws:iam::1:user/a is not authorized to perform: s3:PutBucketPolicy on resource: arn:aws:s3:::x "
     "because public policies are blocked by the BlockPublicPolicy block public access setting."), "permission-missing",
     "s3:PutBucketPolicy"),
    ("The security token included in the request is expired", "credentials-expired", "fresh ones"),
    ("The request is rejected because a detector already exists for the current account.", "detector-exists",
     "MakeDetector"),
    ("Provider with url https://token.actions.githubusercontent.com already exists.", "oidc-provider-exists",
     "UseExistingProvider"),
    ("Resource of type 'AWS::IAM::OIDCProvider' with identifier 'arn:aws:iam::1:oidc-provider/t' already exists.",
     "oidc-provider-exists", "UseExistingProvider"),
    ("Resource of type 'AWS::GuardDuty::Detector' with identifier 'x' already exists.", "detector-exists",
     "MakeDetector"),
    ("Resource of type 'AWS::DynamoDB::Table' with identifier 'deploytool' already exists.", "ledger-exists",
     "UseExistingLedger"),
    ("shop-assets already exists in stack arn:aws:cloudformation:x", "name-taken", "already in use"),
    (HANDLER.format("The maximum number of addresses has been reached.", "ServiceLimitExceeded"), "quota-reached",
     "Service Quotas"),
    ("Invalid request provided: Unable to assume the service linked role. Please verify", "service-linked-role",
     "create-service-linked-role"),
    ("Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.", "tasks-fail",
     "do not stay healthy"),
    ("Resource of type 'AWS::RDS::DBInstance' did not stabilize. NotStabilized", "not-stable", "did not become ready"),
    ("The specified SSL certificate doesn't exist, isn't in us-east-1 region", "certificate-region", "us-east-1"),
    ("Cannot find version 16.99 for postgres (Service: Rds", "engine-version", "describe-db-engine-versions"),
    ("Cannot delete protected DB Instance, please disable deletion protection and try again.", "deletion-protected",
     "protected from deletion"),
    ("The bucket you tried to delete is not empty", "not-empty", "not empty"),
    ("resource sg-1 has a dependent object (Service: Ec2", "still-used", "outside the stack"),
    ("Secrets Manager can't find the specified secret.", "secret-missing", "does not exist"),
    ("Rate exceeded (Service: X)", "throttled", "wait some minutes"),
    ("Internal Failure: ServiceInternalError", "aws-failed", "an error of its own"),
    ("Property validation failure: [Value of property {/Engine} does not match]", "stack-failed", "/Engine"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "code", "words"), REASONS, ids=[row[1] for row in REASONS])
def test_a_reason_that_cloudformation_gives_is_explained(reason: str, code: str, words: str) -> None:
    told = explain("data", [event(1, "Thing", "CREATE_FAILED", reason)])
    assert told is not None
    assert told.code == code
    assert words in f"{told.cause} {told.fix}"
    assert told.subject == "data.Thing"
    assert told.fix


def test_the_first_failure_is_the_cause_and_what_was_cancelled_is_none() -> None:
    events = [
        of_stack(1, "CREATE_IN_PROGRESS", "User Initiated"),
        event(2, "Other", "CREATE_FAILED", "Resource creation cancelled"),
        event(3, "Cause", "CREATE_FAILED", "it broke"),
        event(4, "Later", "CREATE_FAILED", "it broke as well"),
        of_stack(5, "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Cause, Later]."),
    ]
    found = root_cause(events)
    assert found is not None
    assert found.logical_id == "Cause"


def test_the_stack_itself_tells_why_when_no_resource_failed() -> None:
    failed = [of_stack(1, "CREATE_FAILED", "Validation failed. Call DescribeEvents"), of_stack(2, "ROLLBACK_COMPLETE")]
    told = explain("data", failed)
    assert told is not None
    assert (told.subject, told.code) == ("data", "stack-failed")
    by_a_user = explain("data", [of_stack(1, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")])
    assert by_a_user is not None
    assert "User Initiated" in by_a_user.cause


def test_nothing_is_made_up_when_the_events_do_not_say() -> None:
    assert explain("data", [of_stack(1, "CREATE_COMPLETE")]) is None


def test_what_was_found_before_it_began_is_told_with_its_place() -> None:
    wrong = ValidationError("Store", "/Resources/Store/Properties/Acl", "no such value")
    told, other = explain_invalid("data", [wrong, ValidationError("B", "", "x"), wrong])
    assert told.cause == "data.Store.Properties.Acl: no such value"
    assert told.code == "template-invalid"
    assert (other.subject, other.cause) == ("data.B", "data.B: x")
    (placeless,) = explain_invalid("data", [ValidationError("", "", "no such value")])
    assert placeless.cause == "data: no such value"


# https://github.com/aws-cloudformation/rain/pull/744 quotes the events of early validation.
EARLY = [
    (ValidationError("GitHub", "/Resources/GitHub", "Resource of type 'AWS::IAM::OIDCProvider' with identifier "
                     "'arn:aws:iam::1:oidc-provider/token' already exists."), "oidc-provider-exists"),
    (ValidationError("Detector", "/Resources/Detector", "Resource of type 'AWS::GuardDuty::Detector' with identifier "
                     "'a1' already exists."), "detector-exists"),
    (ValidationError("Ledger", "", "Resource of type 'AWS::DynamoDB::Table' with identifier 'deploytool' already "
                     "exists."), "ledger-exists"),
    (ValidationError("Role", "", "Resource of type 'AWS::IAM::Role' with identifier 'shop-app' already exists."),
     "name-taken"),
    (ValidationError("Store", "", "The bucket 'x' is not empty. You must either delete all objects and versions or use "
                     "the deletion policy to retain it"), "not-empty"),
    (ValidationError("Nat", "", "The maximum number of addresses has been reached."), "quota-reached"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "code"), EARLY, ids=[row[1] for row in EARLY])
def test_what_early_validation_refused_is_told_by_the_rules_of_failures(error: ValidationError, code: str) -> None:
    (diagnosis,) = explain_invalid("bootstrap", [error])
    assert (diagnosis.code, diagnosis.subject) == (code, f"bootstrap.{error.logical_id}")


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (HANDLER.format("Too many.", "ServiceLimitExceeded"), "Too many."),
        ("Too many. (Service: AmazonEC2; Status Code: 400; Request ID: 1234-5678)", "Too many."),
        ('Resource handler returned message: "Bad value" (RequestToken: 1, HandlerErrorCode: X)', "Bad value"),
        ("just\n words", "just words"),
    ],
)
def test_a_reason_is_told_without_the_wrapping_of_handlers(reason: str, told: str) -> None:
    assert cleaned(reason) == told


def test_a_change_set_that_cannot_be_made_is_explained_alike() -> None:
    assert explain_text("the change set of stack x", "No export named shop-A found").code == "export-missing"
