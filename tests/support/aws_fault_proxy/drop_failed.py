"""A deployment that failed the front's health checks leaves DescribeServices once the rollback is done, as on AWS."""

from tests.support.aws_fault_proxy.behaviour import Behaviour
from tests.support.aws_fault_proxy.services import SERVICE_ACTIONS, map_services, primary_of
from tests.support.aws_fault_proxy.wire import AwsCall, Json


def without_failed(service: Json) -> Json:
    """The service as AWS shows it: FAILED deployments go when another one is PRIMARY and COMPLETED."""
    primary = primary_of(service)
    if not primary or primary.get("rolloutState") != "COMPLETED":
        return service
    kept = [d for d in service["deployments"] if d is primary or d.get("rolloutState") != "FAILED"]
    return {**service, "deployments": kept}


class DropFailed(Behaviour):
    """Rewrites every answer that shows a service."""

    def after(self, call: AwsCall, payload: Json) -> Json:
        """Drop what AWS would have dropped."""
        return map_services(payload, without_failed) if call.action in SERVICE_ACTIONS else payload
