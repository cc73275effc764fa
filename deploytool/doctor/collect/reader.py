"""Read-only calls: the whole answer, or why it is unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from deploytool.aws.call import call, pages, paginate
from deploytool.aws.session import Session
from deploytool.doctor.result import FactUnavailable, Unknown, known
from deploytool.errors import CloudError, CredentialsMissing, PermissionMissing

T = TypeVar("T")
PATIENCE = 15.0
"""Seconds of retries of one call: a hundred calls must not wait a minute each."""
WORKERS = 12
IAM_NAMES = {"elbv2": "elasticloadbalancing"}
"""IAM's name of a service, where boto3 has another."""


class Reader:
    """Calls of one region."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer of an operation (snake case). Raises CloudError."""
        with _as_policy_action(service, operation):
            return call(self._session.client(service), operation, patience=PATIENCE, **parameters)

    def pages(self, service: str, operation: str, **parameters: Any) -> list[dict[str, Any]]:
        """Every page of an answer that has several lists."""
        with _as_policy_action(service, operation):
            return list(pages(self._session.client(service), operation, patience=PATIENCE, **parameters))

    def every(self, service: str, operation: str, key: str, **parameters: Any) -> list[Any]:
        """The list under ``key`` (``A.B``: of B in A) of every page."""
        with _as_policy_action(service, operation):
            return list(paginate(self._session.client(service), operation, key, patience=PATIENCE, **parameters))


@contextmanager
def _as_policy_action(service: str, operation: str) -> Iterator[None]:
    """The action in AWS's message is not always one that a policy can name."""
    try:
        yield
    except PermissionMissing as denied:
        action = action_of(service, operation)
        raise PermissionMissing(action, denied.resource, denied.who, denied.denied_by) from denied


def action_of(service: str, operation: str) -> str:
    """The IAM action of a call, such as ``elasticloadbalancing:DescribeListeners``."""
    words = ("DB" if word == "db" else word.capitalize() for word in operation.split("_"))
    return f"{IAM_NAMES.get(service, service)}:{''.join(words)}"


def message_of(read: Callable[[], T]) -> T | Unknown:
    """The result of ``read``, or why it is unknown. Raises CredentialsMissing, since then everything is."""
    try:
        return read()
    except FactUnavailable as error:
        return error.fact
    except PermissionMissing as denied:
        return Unknown(denied.cause, denied.fix, denied.statement)
    except CredentialsMissing:
        raise
    except CloudError as error:
        if type(error) is not CloudError:
            return Unknown(error.cause, error.fix)
        # For example, an API that this region does not have.
        return Unknown(error.cause.rstrip(": "), "if AWS does not offer it in this region, check it by hand")


class FactCollector:
    """Reads independent facts concurrently."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def begin(self, read: Callable[[], T]) -> Future[T | Unknown]:
        """Start reading; a reader may wait with :func:`need` for what was begun before it, never for what comes after:
        the pool takes them in that order, so that none waits for one that has no thread."""
        return self._pool.submit(message_of, read)


def need(fact: Future[T | Unknown]) -> T:
    """Wait for a fact. Raises FactUnavailable where it could not be read."""
    return known(fact.result())
