"""The options of `deploytool init`, and what is wrong with them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploytool.errors import ConfigurationError

_SHAPES = {
    "region": (r"[a-z]+(-[a-z]+)+-[0-9]+", "an AWS region such as us-east-1"),
    "account": (r"[0-9]{12}", "an AWS account id: 12 digits"),
    "cluster": (r"[A-Za-z][A-Za-z0-9_-]{0,254}", "the name of an ECS cluster"),
    "domain": (r"(?=.{4,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", "a host name"),
    "hosted_zone": (r"Z[A-Z0-9]{1,31}", "the id of a Route 53 zone, which begins with Z"),
    "health_path": (r"/[^\s\"'#?]*", "a path that begins with /"),
    "role": (r"arn:[a-z-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+", "the ARN of an IAM role"),
    "plan_role": (r"arn:[a-z-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+", "the ARN of an IAM role"),
    "action": (r"[\w.-]+/[\w./-]+@[\w./-]+", "OWNER/NAME@COMMIT"),
}
_LIVE = re.compile(r"(?P<cluster>[A-Za-z][A-Za-z0-9_-]*)/(?P<service>[A-Za-z][A-Za-z0-9_-]*)")


class OptionInvalid(ConfigurationError):
    """An option is not of its shape, or does not go with another."""


@dataclass(frozen=True)
class Given:
    """Each option; what was not given is empty."""

    environments: tuple[str, ...] = ()
    app: str = ""
    region: str = ""
    account: str = ""
    cluster: str = ""
    domain: str = ""
    hosted_zone: str = ""
    health_path: str = ""
    role: str = ""
    plan_role: str = ""
    action: str = ""
    live: tuple[str, ...] = ()
    """`CLUSTER/SERVICE`"""
    config: str = "deploytool.yml"
    diff: bool = False
    output: str = "text"

    @property
    def live_cluster(self) -> str:
        """The cluster of the services to start from."""
        return self.live[0].partition("/")[0] if self.live else ""

    @property
    def live_services(self) -> tuple[str, ...]:
        """Names of the services to start from."""
        return tuple(each.partition("/")[2] for each in self.live)


def check_given(given: Given, environments: tuple[str, ...]) -> None:
    """``environments`` are those that will be in the file. Raises OptionInvalid."""
    for name, (pattern, meaning) in _SHAPES.items():
        value = getattr(given, name)
        if value and not re.fullmatch(pattern, value):
            raise OptionInvalid(f"{_option(name)} must be {meaning}, not {value!r}", f"correct {_option(name)}")
    for each in given.live:
        if not _LIVE.fullmatch(each):
            raise OptionInvalid(f"--from-service must be CLUSTER/SERVICE, not {each!r}", "such as shop/web")
    if len({each.partition("/")[0] for each in given.live}) > 1:
        raise OptionInvalid("--from-service names services of several clusters", "run it once per cluster")
    if len(environments) > 1:
        for name in ("cluster", "role", "live"):
            if getattr(given, name):
                raise OptionInvalid(
                    f"{_option(name)} is of one environment, and there are {', '.join(environments)}",
                    "give one environment, and write the others into the file",
                )
    if given.hosted_zone and not given.domain:
        raise OptionInvalid("--hosted-zone does nothing without --domain", "give the app's host name as well")


def _option(name: str) -> str:
    return "--from-service" if name == "live" else f"--{name.replace('_', '-')}"
