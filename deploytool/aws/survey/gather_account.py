"""The facts of the whole account."""

from __future__ import annotations

from collections.abc import Callable

from deploytool.aws.survey import account, roles
from deploytool.aws.survey.reader import Gathering, Reader, need
from deploytool.core.doctor.facts_account import Account


def begin_account(reading: Gathering, reader: Reader) -> Callable[[], Account]:
    """Start reading; the answer waits for it."""
    held = reading.begin(lambda: roles.roles(reader))
    mfa = reading.begin(lambda: account.mfa(reader))
    trails = reading.begin(lambda: account.trails(reader))
    detectors = reading.begin(lambda: account.detectors(reader))
    alarms = reading.begin(lambda: account.alarms(reader))
    rules = reading.begin(lambda: account.rules(reader))

    def told_to() -> frozenset[str]:
        named = (*(each.actions for each in need(alarms)), *(each.targets for each in need(rules)))
        return frozenset(arn for arns in named for arn in arns if ":sns:" in arn)

    topics = reading.begin(lambda: account.topics(reader, told_to()))
    return lambda: Account(
        roles=held.result(),
        mfa=mfa.result(),
        trails=trails.result(),
        detectors=detectors.result(),
        alarms=alarms.result(),
        topics=topics.result(),
        rules=rules.result(),
    )
