"""CloudFormation is told which images run before anything else of the service stack changes.

Releases move the images, and it does not know. Were the change to fail, it would go back to the images it knew last: a
version that was replaced long ago. After this it goes back to the one that runs.
"""

from __future__ import annotations

from collections.abc import Mapping

from deploytool.core.stacks.change_set import ChangeSet, Wish
from deploytool.core.stacks.left_over import PREFIX
from deploytool.core.stacks.parameters import Given
from deploytool.core.stacks.plan import How
from deploytool.core.stacks.tags import tags_of
from deploytool.run.stacks.draft import Draft
from deploytool.run.stacks.ports import Target, World
from deploytool.run.stacks.turns import Turns


def behind(draft: Draft, running: Mapping[str, str]) -> Mapping[str, str]:
    """Those of the images that run, by parameter, of which the stack knows older ones."""
    known = draft.state.parameters if draft.state and draft.plan.how is How.UPDATE else {}
    return {name: image for name, image in running.items() if known.get(name, image) != image}


def told_images(draft: Draft, images: Mapping[str, str], target: Target, world: World) -> Turns[ChangeSet]:
    """A change set of the stack as it is now, but for these images."""
    stack = draft.plan.stack
    before = draft.state.parameters if draft.state else {}
    wish = Wish(
        stack.name,
        "UPDATE",
        f"{PREFIX}{target.run_id}-{stack.key}-images",
        "",
        Given(images, frozenset(before.keys() - images.keys())),
        target.templates[stack.key].capabilities,
        tags_of(stack, target.app, target.environment),
    )
    arn = world.change_sets.create(wish)
    while not (found := world.change_sets.read(arn)).ready:
        yield False
    return found
