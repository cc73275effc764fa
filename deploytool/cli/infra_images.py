"""The images of the service stack (port ``run.stacks.ports.Images``): those that run, else the commit's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from deploytool.aws.ecs import Ecs
from deploytool.cli import git
from deploytool.cli.decide import registry_host
from deploytool.cli.images import Images
from deploytool.cli.project import Project
from deploytool.core.containers import container_for
from deploytool.core.observed import TaskDefinition
from deploytool.core.plan_model import ImageChoice
from deploytool.core.stacks.parameters import APP_IMAGE, MIGRATE_IMAGE, services_of
from deploytool.errors import CloudError, NotFound
from deploytool.run.ports import Clock, Say


class InfraImages:
    """Of one environment, at one commit."""

    def __init__(self, project: Project, clock: Clock) -> None:
        self._project = project
        self._clock = clock

    @property
    def names(self) -> Mapping[str, str]:
        """Parameter → image of the configuration; without MigrateImage where there is no migration."""
        settings = self._project.settings
        app, _ = services_of(settings)
        found = {APP_IMAGE: (app.image or next(iter(app.containers.values()), "")) if app else ""}
        if settings.migrate:
            found[MIGRATE_IMAGE] = settings.migrate.image
        return {name: image for name, image in found.items() if image}

    def running(self) -> Mapping[str, str]:
        """What runs in ECS; what does not, as the registry has it for the commit."""
        live = {APP_IMAGE: self._live_app(), MIGRATE_IMAGE: self._live_migrate()}
        found = {name: live[name] or self._published(image) for name, image in self.names.items()}
        return {name: reference for name, reference in found.items() if reference}

    def built(self, missing: Sequence[str], say: Say) -> Mapping[str, str]:
        """Build and push them, one after the other."""
        git.require_clean(git.checkout(self._project.root), self._project.commit)
        found = {}
        for name in missing:
            choice = self._choice(self.names[name])
            digest = self._images.build(choice, say).digest
            self._images.gate(choice, digest, say)
            found[name] = choice.pinned(digest)
        return found

    def _live_app(self) -> str:
        settings = self._project.settings
        app, _ = services_of(settings)
        if app is None:
            return ""
        ecs = Ecs(self._project.session, settings.cluster)
        try:
            state = ecs.services([app.service]).get(app.service)
        except NotFound:
            return ""
        if state is None or state.status != "ACTIVE":
            return ""
        named = next(iter(app.containers), app.name)
        return self._pinned(ecs.task_definition(state.task_definition), named, f"services.{app.name}")

    def _live_migrate(self) -> str:
        settings = self._project.settings
        if settings.migrate is None:
            return ""
        try:
            definition = Ecs(self._project.session, settings.cluster).task_definition(settings.migrate.task)
        except CloudError:
            # There is none yet: DescribeTaskDefinition says so with an error that means other things, too.
            return ""
        return self._pinned(definition, settings.migrate.container or "migrate", "migrate")

    def _pinned(self, definition: TaskDefinition, container: str, where: str) -> str:
        """The container's image by digest; empty where it is named by a tag that our registry does not have."""
        name = container_for(definition, container, where)
        image = next(str(each["image"]) for each in definition["containerDefinitions"] if each["name"] == name)
        return image if "@sha256:" in image else self._images.pinned(image)

    def _published(self, image: str) -> str:
        try:
            held = self._images.find(image)
        except NotFound:
            return ""
        return self._choice(image).pinned(held.digest) if held else ""

    def _choice(self, image: str) -> ImageChoice:
        configured = self._project.settings.images[image]
        return ImageChoice(image, f"{self._host}/{configured.repository}:{configured.tag}", None)

    @cached_property
    def _host(self) -> str:
        return registry_host(self._project)

    @cached_property
    def _images(self) -> Images:
        found = self._project
        return Images(found.session, found.settings, found.commit, self._host, found.root, self._clock)
