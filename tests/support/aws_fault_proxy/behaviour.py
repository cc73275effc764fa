"""What every addition to MiniStack looks like."""

from tests.support.aws_fault_proxy.wire import Answer, AwsCall, Json


class Behaviour:
    """Something AWS does and MiniStack does not. Each method says what happens when a behaviour leaves it alone."""

    def before(self, call: AwsCall) -> Answer | None:
        """The answer, when this behaviour knows it without passing the call on: none."""
        return None

    def after(self, call: AwsCall, payload: Json) -> Json:
        """The upstream's successful ECS answer as AWS would have given it: as it is."""
        return payload

    def finished(self, call: AwsCall) -> None:
        """The call has its answer, or never will."""
