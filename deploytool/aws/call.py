"""One way to call AWS: which errors are tried again, for how long, what the others become, and reading by pages.

botocore's own retries are switched off (see ``session``): two layers of retries multiply each other's waits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ReadTimeoutError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from deploytool.aws.api_errors import THROTTLED_WORDS, denial_in, diagnose_api_error
from deploytool.errors import CloudError, CloudUnreachable, CredentialsMissing, DeployError, NotFound, PermissionMissing

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds that one call may be retried in all."""

THROTTLED = {
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "RequestLimitExceeded", "TooManyRequestsException", "LimitExceededException", "SlowDown", "PriorRequestNotComplete",
}  # fmt: skip
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
STALE = {
    "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
    "InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired",
}  # fmt: skip
ABSENT = {
    "ClusterNotFoundException", "ServiceNotFoundException", "ResourceNotFoundException", "RepositoryNotFoundException",
    "ImageNotFoundException", "ScanNotFoundException", "NoSuchEntity", "LifecyclePolicyNotFoundException",
    "LoadBalancerNotFound", "TargetGroupNotFound", "DBParameterGroupNotFound", "TrailNotFoundException",
    "ReportNotPresent",
}  # fmt: skip
NETWORK = (BotoConnectionError, ConnectionClosedError, EndpointConnectionError, HTTPClientError, ReadTimeoutError)
NO_CREDENTIALS = (
    NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, SSOTokenLoadError, TokenRetrievalError,
    UnauthorizedSSOTokenError,
)  # fmt: skip
_IAM_NAMES = {"monitoring": "cloudwatch"}
"""What IAM calls a service, where requests are signed for another name."""
_TOKENS = {
    "NextToken": "NextToken", "nextToken": "nextToken", "Marker": "Marker", "NextMarker": "Marker",
    "NextRecordName": "StartRecordName", "NextRecordType": "StartRecordType",
    "NextRecordIdentifier": "StartRecordIdentifier",
}  # fmt: skip
"""How an answer says where its next page begins → the parameter that asks for it."""


class AnswerIncomplete(CloudError, KeyError):
    """AWS, or what stands in for it, left out a field that its answer should have."""


class Answer(dict[str, Any]):
    """A mapping of an answer: a missing field is a failure with a name, not a traceback."""

    def __init__(self, fields: dict[str, Any], operation: str) -> None:
        super().__init__((name, _answer(value, operation)) for name, value in fields.items())
        self._operation = operation

    def __missing__(self, name: str) -> Any:
        raise AnswerIncomplete(f"{self._operation} answered without {name}", "run it again later")


def _answer(value: Any, operation: str) -> Any:
    match value:
        case dict():
            return Answer(value, operation)
        case list():
            return [_answer(item, operation) for item in value]
        case _:
            return value


def call(client: Any, operation: str, *, patience: float = PATIENCE, **parameters: Any) -> dict[str, Any]:
    """Call ``operation`` (snake case) and return its answer.

    Throttling, server errors and lost connections are tried again with full jitter for ``patience`` seconds: the call
    must be safe to repeat, as RunTask is by its client token. Raises CloudError.
    """
    method: Callable[..., dict[str, Any]] = getattr(client, operation)
    with _translating(_name(client, operation), patience):
        return Answer(retrying(patience)(method, **parameters), _name(client, operation))


def retrying(patience: float, when: Callable[[BaseException], bool] | None = None) -> Retrying:
    """Tries again for ``patience`` seconds, with full jitter, what ``is_retryable``; the last error is raised."""
    return Retrying(
        retry=retry_if_exception(when or is_retryable),
        stop=stop_after_delay(patience),
        wait=wait_random_exponential(multiplier=0.2, max=8),
        reraise=True,
    )


def call_once(client: Any, operation: str, **parameters: Any) -> dict[str, Any]:
    """One try, for what must not happen twice. Raises CloudUnreachable where it may have happened; CloudError."""
    method: Callable[..., dict[str, Any]] = getattr(client, operation)
    with _translating(_name(client, operation), 0.0):
        return Answer(method(**parameters), _name(client, operation))


def pages(client: Any, operation: str, *, patience: float = PATIENCE, **parameters: Any) -> Iterator[dict[str, Any]]:
    """Every page of an answer, each read when it is needed and retried as by ``call``. Raises CloudError."""
    token: dict[str, str] = {}
    while True:
        page = call(client, operation, patience=patience, **parameters, **token)
        yield page
        following = _token_after(page)
        if not following:
            return
        if following == token:
            raise CloudError(f"{_name(client, operation)} returned the same page twice", "run it again later")
        token = following


def paginate(client: Any, operation: str, key: str, *, patience: float = PATIENCE, **parameters: Any) -> Iterator[Any]:
    """What every page lists under ``key`` (``A.B``: under B in A); AWS leaves out a list that is empty."""
    for page in pages(client, operation, patience=patience, **parameters):
        items: Any = page
        for name in key.split("."):
            items = items.get(name) or {}
        yield from items


def batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """``items`` in their order, at most ``size`` at a time: as many as one call takes."""
    return (list(items[start : start + size]) for start in range(0, len(items), size))


def _token_after(page: dict[str, Any]) -> dict[str, str]:
    """Parameters that ask for the page after this one; none after the last."""
    # CloudFront wraps its whole answer in one list.
    page = page.get("DistributionList", page)
    # Route 53 and IAM may name a marker on their last page, too.
    if page.get("IsTruncated") is False:
        return {}
    return {parameter: page[name] for name, parameter in _TOKENS.items() if page.get(name)}


@contextmanager
def _translating(name: str, patience: float) -> Iterator[None]:
    """``patience``, in seconds, is for how long the call was tried before it failed; 0: once."""
    tried_for = f" for {patience:.0f} s" if patience else ""
    try:
        yield
    except ClientError as error:
        raise translated(error, name, tried_for) from error
    except NO_CREDENTIALS as error:
        raise CredentialsMissing(
            f"no AWS credentials were found: {error}",
            "run `aws sso login` or set AWS_PROFILE; in GitHub Actions give the action a role",
        ) from error
    except NoRegionError as error:
        raise CredentialsMissing("no AWS region is set", "set region in deploytool.yml") from error
    except ParamValidationError as error:
        raise CloudError(f"{name} does not accept {_places(error)}", "check the task definition") from None
    except (*NETWORK, BotoCoreError) as error:
        silent = f"got no answer from AWS for {patience:.0f} s" if patience else "got no answer from AWS"
        raise CloudUnreachable(f"{name} {silent}: {error}", "check the network, then run it again") from error


_WRONG = re.compile(r"^(?:\w+ )+(?:for|in):? (?:parameter )?(?P<path>[\w.\[\]]+)")


def _places(error: ParamValidationError) -> str:
    """The parameters that botocore names; its text also has their values, which may be secrets."""
    report = str(error.kwargs.get("report", ""))
    paths = [match["path"] for line in report.splitlines() if (match := _WRONG.match(line))]
    return ", ".join(dict.fromkeys(paths)) or "its parameters"


def unknown_fields(data: Any, shape: Any, path: str = "") -> Iterator[str]:
    """Paths of what AWS answered, and this botocore does not know and drops; what is empty or false is no loss."""
    if shape.type_name == "structure" and isinstance(data, dict):
        for name, value in data.items():
            if name in shape.members:
                yield from unknown_fields(value, shape.members[name], f"{path}.{name}" if path else name)
            elif value not in (None, False, 0, "", [], {}):
                yield f"{path}.{name}" if path else name
    elif shape.type_name == "list" and isinstance(data, list):
        for index, item in enumerate(data):
            yield from unknown_fields(item, shape.member, f"{path}[{index}]")


def note_unknown_fields(
    operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """Put them into the answer, under ``unknownFields``; a handler of botocore's event ``before-parse``.

    https://botocore.amazonaws.com/v1/documentation/api/latest/topics/events.html
    """
    try:
        data = json.loads(response_dict["body"])
    except ValueError:
        return
    customized_response_dict["unknownFields"] = list(unknown_fields(data, operation_model.output_shape))


def _name(client: Any, operation: str) -> str:
    """As IAM calls it, since a policy statement may be made of it."""
    signed = client.meta.service_model.signing_name
    return f"{_IAM_NAMES.get(signed, signed)}:{_camel(operation)}"


def is_retryable(error: BaseException) -> bool:
    """True where trying the same call again may succeed."""
    if isinstance(error, ClientError):
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        code = error.response["Error"].get("Code", "")
        message = str(error.response["Error"].get("Message", ""))
        passing = code in THROTTLED or "Too many concurrent attempts" in message
        # EC2 may throttle ECS, which then answers InvalidParameterException.
        return status >= 500 or passing or (code not in DENIED and bool(THROTTLED_WORDS.search(message)))
    return isinstance(error, NETWORK)


def translated(error: ClientError, action: str, tried_for: str = "") -> DeployError:
    """Our error for one that AWS answered; ``tried_for`` says how long it was tried, as in `` for 60 s``."""
    code = str(error.response["Error"].get("Code", ""))
    message = str(error.response["Error"].get("Message", ""))
    if code in DENIED:
        denial = denial_in(message, action)
        return PermissionMissing(denial.action, denial.resource, denial.who, denial.denied_by)
    if code in STALE:
        return CredentialsMissing(
            f"AWS did not accept the credentials for {action}: {message}",
            "get fresh ones: `aws sso login`, or in GitHub Actions run the job again",
        )
    if is_retryable(error):
        return CloudUnreachable(f"{action} kept failing{tried_for}: {code}: {message}", "run it again later")
    if code in ABSENT:
        return NotFound(f"{action}: {message}", "check the names in deploytool.yml and the region")
    why = diagnose_api_error(code, message, action)
    return CloudError(why.cause, why.fix)


def _camel(operation: str) -> str:
    return "".join(part.capitalize() for part in operation.split("_"))
