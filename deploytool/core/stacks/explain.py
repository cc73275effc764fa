"""Why an operation of a stack failed: the event that was first, in plain words, with what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from deploytool.core.diagnosis.rule import Found, Rule, find, quoted
from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.stacks.change import short_type
from deploytool.core.stacks.events import StackEvent
from deploytool.core.stacks.failure_rules import RULES

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
        return _said(_INVALID, f"{key}.{place}", first.reason, f"{key}.{first.logical_id}")
    found = root_cause(events)
    if found is None:
        return None
    if found.of_stack:
        return _said(_UNKNOWN, f"stack {key}", found.reason, key)
    subject = f"{key}.{found.logical_id}"
    return _said(_UNKNOWN, f"{subject} ({short_type(found.type)})", found.reason, subject)


def explain_text(subject: str, reason: str) -> Diagnosis:
    """The diagnosis of a change set that CloudFormation could not make."""
    return _said(_UNKNOWN, subject, reason, subject)


def _said(otherwise: Rule, what: str, reason: str, subject: str) -> Diagnosis:
    told = find(RULES, reason) or Found(otherwise)
    return told.say(cleaned(reason), {"what": what, "reason": cleaned(reason)}, subject)
