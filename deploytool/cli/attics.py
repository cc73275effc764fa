"""Every environment of a configuration, region by region: one app's revisions and images are judged by all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby

from deploytool.aws.lease import acquire
from deploytool.aws.prune import Attic
from deploytool.cli.clock import SystemClock
from deploytool.cli.ledger import ledger_of, lock_of
from deploytool.cli.origin import origin, release_id
from deploytool.cli.project import Project, project
from deploytool.cli.read_config import read_config
from deploytool.core.prune import HeldImage, Judged, Ledgers, Revision, judge_images, judge_revisions, read
from deploytool.errors import CloudError


class NotAllRemoved(CloudError):
    """Some of what could go is still there."""


@dataclass(frozen=True)
class Region:
    """The environments of one region, and what it holds."""

    projects: tuple[Project, ...]
    attic: Attic

    def judged(self, keep: int) -> tuple[Judged, ...]:
        """Every revision and image, with the reasons to stay. Raises CloudError, NoLedger."""
        records = {each.settings.environment: ledger_of(each).recent() for each in self.projects}
        ledgers = read(records, keep)
        used: dict[str, str] = {}
        for cluster in dict.fromkeys(each.settings.cluster for each in self.projects):
            used = self.attic.used(cluster) | used
        revisions = tuple(each for family in _families(ledgers, used) for each in self.attic.revisions(family))
        families = _families(ledgers, {})
        found = judge_revisions(revisions, used, ledgers, families)
        gone = {each.what for each in found if each.goes}
        staying = [each for each in revisions if each not in gone]
        repositories = dict.fromkeys(
            image.repository for each in self.projects for image in each.settings.images.values() if image.repository
        )
        images = tuple(image for name in repositories for image in self.attic.images(name))
        return (*found, *judge_images(images, staying, ledgers))

    def remove(self, judged: Sequence[Judged], say: Callable[[str], None]) -> None:
        """What goes, revisions first: an image is needed for as long as something names it. Raises NotAllRemoved."""
        for each in judged:
            if each.goes and isinstance(each.what, Revision):
                self.attic.deregister(each.what)
                say(f"deregistered {each.what.name}")
        going = [each.what for each in judged if each.goes and isinstance(each.what, HeldImage)]
        left = []
        for _, some in groupby(going, key=lambda image: image.repository):
            for image, why in self.attic.delete(list(some)):
                say(f"{image.name} stays: {why}" if why else f"deleted {image.name}")
                left += [image.name] if why else []
        if left:
            raise NotAllRemoved(f"{len(left)} images could not be deleted: {', '.join(left)}", "see the reasons above")


def _families(ledgers: Ledgers, used: dict[str, str]) -> list[str]:
    arns = [*ledgers.known, *used]
    return sorted({Revision(arn).family for arn in arns if ":task-definition/" in arn})


@contextmanager
def every_environment(config: str, *, changing: bool) -> Iterator[tuple[Region, ...]]:
    """The regions; with ``changing`` the locks of all environments are ours, so that no release needs what goes.

    Raises Locked, NoLedger, ConfigurationError, CloudError.
    """
    projects = [project(config, name) for name in read_config(config).environments]
    projects.sort(key=lambda each: each.settings.region)
    clock = SystemClock()
    clock.listen()
    with ExitStack() as stack:
        for each in projects:
            lock = lock_of(each)
            if changing:
                who = origin()
                stack.enter_context(
                    acquire(lock, owner=release_id(), clock=clock, actor=who.actor, run_url=who.run_url, reason="prune")
                )
        regions = [tuple(some) for _, some in groupby(projects, key=lambda each: each.settings.region)]
        yield tuple(Region(some, Attic(some[0].session)) for some in regions)
