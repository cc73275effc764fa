"""Look at what is live and at what was, then plan the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from deploytool.aws.look import look
from deploytool.cli.decide import Decided, registry_host
from deploytool.cli.images import Images
from deploytool.cli.rollback import Wish
from deploytool.cli.transaction import Transaction
from deploytool.core.config.faults import did_you_mean
from deploytool.core.ledger import Record
from deploytool.core.model import Origin, Problem, Request
from deploytool.core.observed import TaskDefinition
from deploytool.core.rollback import NoTarget, require_current, rollback_plan, target
from deploytool.errors import ConfigurationError, NotFound


def decide_rollback(open_one: Transaction, release_id: str, origin: Origin, wish: Wish) -> tuple[Decided, Record]:
    """The plan, and the release it brings back. Raises NoTarget, NotCurrent, ReleaseRefused, CloudError."""
    settings = open_one.project.settings
    for key in wish.services:
        if key not in settings.services:
            raise ConfigurationError(
                f'there is no service "{key}" in deploytool.yml', did_you_mean(key, settings.services)
            )
    if open_one.ledger is None:
        raise NoTarget("this environment has no ledger (ledger: false)", "go back with the service's own revisions")
    records = open_one.records()
    if wish.expect_current:
        require_current(records, wish.expect_current)
    goal = target(records, wish.goal, wish.back)
    project = open_one.project.at(goal.commit)
    live = look(project.session, open_one.ecs, project.settings, lambda _: None, {})
    revisions = _revisions(open_one, goal)
    host = registry_host(project)
    images = Images(project.session, project.settings, goal.commit, host, project.root, open_one.clock)
    live = replace(live, problems=live.problems + tuple(_gone(revisions, images)))
    request = Request(release_id, settings.app, settings.environment, goal.commit, origin)
    plan = rollback_plan(request, project.settings, live, goal, revisions, records, wish.services)
    return Decided(plan, live.services, None), goal


def _revisions(open_one: Transaction, goal: Record) -> dict[str, TaskDefinition]:
    found = {}
    for key, arn in goal.serving.items():
        try:
            found[key] = open_one.ecs.task_definition(arn)
        except NotFound:
            # Deleted for good; the plan refuses to go there, and says so.
            continue
    return found


def _gone(revisions: Mapping[str, TaskDefinition], images: Images) -> Iterator[Problem]:
    """Images that the old revisions name by digest and the registry no longer holds."""
    names = {
        str(container["image"])
        for definition in revisions.values()
        for container in definition["containerDefinitions"]
        if "@sha256:" in str(container["image"])
    }
    with ThreadPoolExecutor(max_workers=8) as pool:
        for name, held in zip(sorted(names), pool.map(images.held, sorted(names)), strict=True):
            if not held:
                yield Problem(
                    f"the registry no longer holds {name}", "choose a newer release, or release that commit again"
                )
