"""Calls to CloudFormation: what does not exist is a value, and what must not happen twice is read back first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from deploytool.aws.call import PATIENCE, call
from deploytool.errors import CloudError, CloudUnreachable


def absent(error: CloudError) -> bool:
    """The stack or change set of the call does not exist; CloudFormation says so in words only."""
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return False
    told = cause.response["Error"]
    return told.get("Code") == "ChangeSetNotFound" or (
        told.get("Code") == "ValidationError" and "does not exist" in told.get("Message", "")
    )


def ask(client: Any, operation: str, **parameters: Any) -> dict[str, Any] | None:
    """A call about one stack or change set; ``None`` where it does not exist. Raises CloudError."""
    try:
        return call(client, operation, **parameters)
    except CloudError as error:
        if absent(error):
            return None
        raise


def pages(client: Any, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
    """What all pages of an answer hold under ``key``; nothing where the stack does not exist. Raises CloudError."""
    token: dict[str, str] = {}
    while (answer := ask(client, operation, **parameters, **token)) is not None:
        yield from answer.get(key, ())
        following = answer.get("NextToken")
        if not following:
            return
        if token.get("NextToken") == following:
            raise CloudError(f"{operation} answers the same page again and again", "run it again later")
        token = {"NextToken": following}


def change(send: Callable[[], None], happened: Callable[[], bool]) -> None:
    """Send what must not happen twice; after no clear answer, look whether it happened before sending it again.

    ``send`` tries once. Raises CloudUnreachable where no try got an answer, and CloudError.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(CloudUnreachable),
        stop=stop_after_delay(PATIENCE),
        wait=wait_random_exponential(multiplier=0.2, max=8),
        reraise=True,
    )
    for attempt in retrying:
        with attempt:
            if attempt.retry_state.attempt_number > 1 and happened():
                return
            send()
