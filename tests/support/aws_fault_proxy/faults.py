"""The answer AWS gives in each kind of trouble."""

from tests.support.aws_fault_proxy.rules import Effect
from tests.support.aws_fault_proxy.wire import Answer, AwsCall, error_answer, json_answer

# Protocols older than JSON name the same trouble differently.
_XML = ("query", "rest")


def fault_answer(effect: Effect, call: AwsCall) -> Answer | None:
    """The answer in place of the upstream's, or None for an effect that is not an answer."""
    protocol = call.protocol
    xml = protocol in _XML
    match effect.kind:
        case "throttle":
            return error_answer(protocol, "Throttling" if xml else "ThrottlingException", "Rate exceeded", 400)
        case "server_error":
            code = "ServerException" if call.service in ("ecs", "ecr") else "InternalFailure"
            message = "The request processing has failed because of an unknown error, exception or failure."
            return error_answer(protocol, code, message, effect.status)
        case "access_denied":
            code, status = ("AccessDenied", 403) if xml else ("AccessDeniedException", 400)
            return error_answer(protocol, code, denied_message(call, effect.resource), status)
        case "expired_token":
            code, status = ("ExpiredToken", 403) if xml else ("ExpiredTokenException", 400)
            return error_answer(protocol, code, "The security token included in the request is expired", status)
        case "run_task_failure" if (call.service, call.action) == ("ecs", "RunTask"):
            return json_answer({"tasks": [], "failures": [run_task_failure(effect.reason, call)]})
        case "scan" if call.action == "DescribeImageScanFindings":
            return scan(effect, call)
        case "empty" if call.action == "DescribeServiceDeployments":
            missing = [{"arn": arn, "reason": "MISSING"} for arn in call.params["serviceDeploymentArns"]]
            return json_answer({"serviceDeployments": [], "failures": missing})
        case "push_denied" if call.protocol == "registry" and call.action.split()[0] in ("PUT", "POST", "PATCH"):
            repository = f"arn:aws:ecr:{call.scope.region}:{call.scope.account}:repository/{call.params['name']}"
            message = (
                f"User: {caller(call)} is not authorized to perform: ecr:InitiateLayerUpload on resource: {repository} "
                "because no identity-based policy allows the ecr:InitiateLayerUpload action"
            )
            return error_answer("registry", "DENIED", message, 403)
        case _:
            return None


def scan(effect: Effect, call: AwsCall) -> Answer:
    """DescribeImageScanFindings, which MiniStack does not know.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html
    """
    if effect.reason == "NONE":
        message = f"Image scan does not exist for the image with '{call.params.get('imageId')}'"
        return error_answer(call.protocol, "ScanNotFoundException", message, 400)
    return json_answer(
        {
            "registryId": call.scope.account,
            "repositoryName": call.params["repositoryName"],
            "imageId": call.params["imageId"],
            "imageScanStatus": {"status": effect.reason, "description": "The scan was completed successfully."},
            "imageScanFindings": {"findings": [], "findingSeverityCounts": dict(effect.counts)},
        }
    )


def caller(call: AwsCall) -> str:
    """The ARN AWS names in its messages: a role session of the call's account."""
    return f"arn:aws:sts::{call.scope.account}:assumed-role/deploy/session"


def denied_message(call: AwsCall, resource: str) -> str:
    """AWS's own sentence for a call no identity-based policy allows."""
    action = f"{call.service}:{call.action}"
    return (
        f"User: {caller(call)} is not authorized to perform: {action} on resource: {resource or resource_of(call)} "
        f"because no identity-based policy allows the {action} action"
    )


def resource_of(call: AwsCall) -> str:
    """The ARN of what the call is about; `*` where IAM knows no resource for it."""
    params, prefix = call.params, f"arn:aws:{call.service}:{call.scope.region}:{call.scope.account}"
    if call.service == "ecs":
        cluster = str(params.get("cluster", "default")).rsplit("/", 1)[-1]
        for name, kind, in_cluster in (
            ("service", "service", True),
            ("task", "task", True),
            ("taskDefinition", "task-definition", False),
            ("family", "task-definition", False),
            ("cluster", "cluster", False),
        ):
            value = str(params.get(name, ""))
            if value:
                path = f"{cluster}/{value}" if in_cluster else value
                return value if value.startswith("arn:") else f"{prefix}:{kind}/{path}"
    if call.service == "ecr" and "repositoryName" in params:
        return f"{prefix}:repository/{params['repositoryName']}"
    if call.service == "dynamodb" and "TableName" in params:
        return f"{prefix}:table/{params['TableName']}"
    return "*"


def run_task_failure(reason: str, call: AwsCall) -> dict[str, str]:
    """One entry of RunTask's failures[]: RESOURCE:* names a container instance, Fargate capacity nothing."""
    if reason.startswith("RESOURCE:"):
        cluster = str(call.params.get("cluster", "default")).rsplit("/", 1)[-1]
        arn = f"arn:aws:ecs:{call.scope.region}:{call.scope.account}:container-instance/{cluster}/{'0' * 32}"
        return {"arn": arn, "reason": reason}
    return {"reason": reason}
