"""One way to read: a whole answer, or why it cannot be had."""

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
"""Seconds that one call may be retried: a hundred calls must not wait a minute each."""
WORKERS = 12
IAM_NAMES = {"elbv2": "elasticloadbalancing"}
"""What IAM calls a service, where boto3 says it differently."""


class Reader:
    """Calls of one region. Nothing but reading is asked of it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer of an operation (snake case). Raises CloudError."""
        with _named_as_in_policies(service, operation):
            return call(self._session.client(service), operation, patience=PATIENCE, **parameters)

    def pages(self, service: str, operation: str, **parameters: Any) -> list[dict[str, Any]]:
        """Every page of an answer that has several lists."""
        with _named_as_in_policies(service, operation):
            return list(pages(self._session.client(service), operation, patience=PATIENCE, **parameters))

    def every(self, service: str, operation: str, key: str, **parameters: Any) -> list[Any]:
        """The list under ``key`` (``A.B``: of B in A) of every page."""
        with _named_as_in_policies(service, operation):
            return list(paginate(self._session.client(service), operation, key, patience=PATIENCE, **parameters))


@contextmanager
def _named_as_in_policies(service: str, operation: str) -> Iterator[None]:
    """What AWS names in its message is not always an action that a policy knows."""
    try:
        yield
    except PermissionMissing as denied:
        raise PermissionMissing(action_of(service, operation), denied.statement["Resource"], denied.who) from denied


def action_of(service: str, operation: str) -> str:
    """The IAM action of a call, such as ``elasticloadbalancing:DescribeListeners``."""
    return f"{IAM_NAMES.get(service, service)}:{''.join(map(capitalized, operation.split('_')))}"


def capitalized(word: str) -> str:
    """As AWS writes it within the name of an operation."""
    return {"db": "DB"}.get(word, word.capitalize())


def message_of(read: Callable[[], T]) -> T | Unknown:
    """What ``read`` returns, or why it cannot be told. Raises CredentialsMissing, since then nothing can."""
    try:
        return read()
    except FactUnavailable as hidden:
        return hidden.fact
    except PermissionMissing as denied:
        return Unknown(denied.cause, denied.fix, denied.statement)
    except CredentialsMissing:
        raise
    except CloudError as error:
        if type(error) is not CloudError:
            return Unknown(error.cause, error.fix)
        # Not denied and not absent: an API that this region or server does not have, for one.
        return Unknown(error.cause.rstrip(": "), "where AWS does not offer it here, look at it by hand")


class FactCollector:
    """Reads at the same time what does not depend on each other."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def begin(self, read: Callable[[], T]) -> Future[T | Unknown]:
        """Start reading; a reader may wait with :func:`need` for what was begun before it, never for what comes after:
        the pool takes them in that order, so that none waits for one that has no thread."""
        return self._pool.submit(message_of, read)


def need(fact: Future[T | Unknown]) -> T:
    """Wait for a fact. Raises FactUnavailable where it could not be read."""
    return known(fact.result())
