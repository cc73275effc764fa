"""What is live in one environment, planned for another: its digests are taken, nothing is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deploytool.aws.ledger import Ledger
from deploytool.aws.look import look
from deploytool.cli.decide import Decided, planned, registry_host, request_for, templates
from deploytool.cli.images import Images
from deploytool.cli.transaction import Transaction
from deploytool.core.check import ReleaseRefused
from deploytool.core.ledger import Kind, Record, version_of
from deploytool.core.model import Problem, PublishedImage
from deploytool.core.rollback import NoTarget


def decide_promotion(open_one: Transaction, source: str) -> Decided:
    """The plan. Raises NoTarget where nothing is live there, ReleaseRefused, CloudError."""
    version = live_in(open_one, source)
    project = open_one.project.at(version.commit)
    settings = project.settings
    host = registry_host(project)
    images = Images(project.session, settings, version.commit, host, project.root, open_one.clock)
    missing: list[Problem] = []

    def find(name: str) -> PublishedImage | None:
        if digest := version.images.get(name):
            if held := images.find_digest(name, digest):
                return held
            repository = settings.images[name].repository
            missing.append(Problem(
                f"repository {repository} does not hold image {name} {digest[:19]}… that runs in {source}",
                "let both environments use one repository, or replicate it",
            ))  # fmt: skip
        return None

    live = look(project.session, open_one.ecs, settings, find, templates(project.root, settings))
    live = replace(live, problems=live.problems + tuple(missing))
    request = request_for(project, open_one.release_id, open_one.origin)
    plan = planned(request, project, live, host, open_one.version)
    if unbuilt := [name for name, choice in plan.images.items() if choice.digest is None]:
        raise ReleaseRefused((Problem(
            f"{source} runs no image {', '.join(unbuilt)}, and a promotion builds nothing",
            f"release commit {version.commit.short} instead",
        ),))  # fmt: skip
    return Decided(plan, live.services, None, Kind.PROMOTE)


def live_in(open_one: Transaction, source: str) -> Record:
    """The release whose version is live in ``source``."""
    elsewhere = open_one.project.elsewhere(source)
    settings = elsewhere.settings
    if settings.ledger is None:
        raise NoTarget(f"{source} has no ledger (ledger: false)", "release the commit instead")
    return version_live(Ledger(elsewhere.session, settings.ledger, settings.app, source).recent(), source)


def version_live(records: Sequence[Record], environment: str) -> Record:
    """The release, of records newest first, whose version is live. Raises NoTarget."""
    version = version_of(records)
    if version is None:
        raise NoTarget(f"nothing was released to {environment} yet", "release there first")
    return version
