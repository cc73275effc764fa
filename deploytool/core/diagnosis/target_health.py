"""Why the load balancer finds a task unhealthy: what it asks, what it expects, and what the target answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.load_balancing import Target, TargetGroup

CODES = frozenset({"elb-health-check-failed", "target-unhealthy"})
"""Diagnoses that this can tell more of."""
_CANNOT_TELL = "see what the app answers there, and whether the task's security group lets the load balancer in"
_FIXES = {
    "Target.ResponseCodeMismatch": "let {path} answer {codes} without a login or a redirect, or correct the matcher "
    "(expected codes) of the target group",
    "Target.Timeout": "see whether the app hangs, listens on 0.0.0.0:{port} and not on 127.0.0.1, and whether the "
    "task's security group lets the load balancer in",
    "Target.FailedHealthChecks": "see whether the app listens on 0.0.0.0:{port} and not on 127.0.0.1, speaks "
    "{protocol} there, and whether the task's security group lets the load balancer in",
    "Target.NotInUse": "let a listener of the load balancer forward to the target group, and enable the Availability "
    "Zone of the task's subnet for the load balancer",
    "Target.IpUnusable": "give the task an address of its own: the load balancer itself uses this one",
    "Elb.InternalError": "an error inside the load balancer: wait, and see AWS's health dashboard for this region",
}
"""By ``TargetHealth.Reason``."""


def of_target_health(
    diagnosis: Diagnosis, group: TargetGroup, targets: Sequence[Target], grace: int | None, container_port: int
) -> Diagnosis:
    """The diagnosis (its code one of ``CODES``) with how the check is made, and the target's own reason where one of
    ``targets`` is unhealthy. ``grace`` is healthCheckGracePeriodSeconds of the service.
    """
    port = str(container_port) if group.port == "traffic-port" and container_port else group.port
    why = next((target for target in targets if target.state == "unhealthy"), None)
    words = {
        "protocol": group.protocol,
        "port": port,
        "path": group.path or "the port",
        "codes": group.codes or "anything",
    }
    parts = [diagnosis.cause, _check(group, port)]
    if why and why.description and why.description not in diagnosis.cause:
        parts.append(f"the target's own reason is: {why.description}")
    fix = _FIXES.get(why.reason if why else "", _CANNOT_TELL).format_map(words)
    return replace(diagnosis, cause="; ".join(parts), fix=f"{fix}. {_grace(grace)}")


def _check(group: TargetGroup, port: str) -> str:
    asked = f"{group.protocol} {group.path} on port {port}" if group.path else f"{group.protocol} on port {port}"
    expected = f" must answer {group.codes}" if group.codes else " must answer"
    return f"{asked}{expected} within {group.timeout} s, and missed {group.misses} times, {group.interval} s apart"


def _grace(seconds: int | None) -> str:
    if not seconds:
        return "The service has no healthCheckGracePeriodSeconds: if the app only starts slowly, set it"
    return f"If the app needs longer than {seconds} s to start, raise healthCheckGracePeriodSeconds of the service"
