"""Look at what is live and at what was, then plan the way back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from deploytool.aws.look import look, look_at_services
from deploytool.cli.decide import Decided, registry_host, request_for
from deploytool.cli.images import Images
from deploytool.cli.rollback import Wish
from deploytool.cli.transaction import Transaction
from deploytool.core.config.faults import did_you_mean
from deploytool.core.config.model import Settings
from deploytool.core.ledger import Kind, Record
from deploytool.core.model import Live, Problem
from deploytool.core.observed import TaskDefinition
from deploytool.core.rollback import NoTarget, brings_back, require_current, rollback_plan, target
from deploytool.errors import ConfigurationError, NotFound


def decide_rollback(open_one: Transaction, wish: Wish) -> Decided:
    """The plan. Raises NoTarget, NotCurrent, ReleaseRefused, CloudError."""
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
    keys = wish.services or tuple(project.settings.services)
    live = _live(open_one, project.settings, keys)
    revisions = _revisions(open_one, goal, keys)
    host = registry_host(project)
    images = Images(project.session, project.settings, goal.commit, host, project.root, open_one.clock)
    live = replace(live, problems=live.problems + tuple(_gone(revisions, images)))
    request = request_for(project, open_one.release_id, open_one.origin)
    plan = rollback_plan(request, project.settings, live, goal, revisions, records, wish.services)
    # Where only some services go back, the next rollback takes the others there too.
    whole = brings_back(goal, plan, live.services)
    restores, previous = (goal.live_id, "") if whole else ("", goal.live_id)
    return Decided(plan, live.services, None, Kind.ROLLBACK, restores, previous)


def _live(open_one: Transaction, settings: Settings, keys: Collection[str]) -> Live:
    """Every service, for the record; what is wrong, of those that go back alone. Migrations have no part in it."""
    session, ecs = open_one.project.session, open_one.ecs
    wanted = replace(settings, migrate=None, services={key: settings.services[key] for key in keys})
    live = look(session, ecs, wanted, lambda _: None, {})
    others = {key: service for key, service in settings.services.items() if key not in keys}
    if not others:
        return live
    found, _ = look_at_services(session, ecs, replace(settings, services=others))
    together = {**live.services, **found}
    return replace(live, services={key: together[key] for key in settings.services if key in together})


def _revisions(open_one: Transaction, goal: Record, keys: Collection[str]) -> dict[str, TaskDefinition]:
    found = {}
    for key in keys:
        try:
            if key in goal.serving:
                found[key] = open_one.ecs.task_definition(goal.serving[key])
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
