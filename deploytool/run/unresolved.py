"""Which image it is that ECS could not find: ECS itself does not say."""

from __future__ import annotations

from dataclasses import replace

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.verdict_model import Rollout
from deploytool.errors import DeployError
from deploytool.run.ports import World

CODE = "image-unresolved"


def with_images(diagnosis: Diagnosis, rollout: Rollout, world: World) -> Diagnosis:
    """The diagnosis with the images named that it can be about: those of the revision that stand there by a tag, since
    a digest needs no resolving. Any other diagnosis, and one whose revision cannot be read, as it is.
    """
    if diagnosis.code != CODE:
        return diagnosis
    try:
        images = dict.fromkeys(world.ecs.images(rollout.task_definition).values())
    except DeployError:  # a name less; what is wrong is told all the same
        return diagnosis
    by_tag = [image for image in images if "@sha256:" not in image] or list(images)
    return replace(diagnosis, cause=f"{diagnosis.cause}: {', '.join(by_tag)}")
