"""From the options of `deploytool init` to the files on disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploytool.cli.init_around import package, surroundings
from deploytool.cli.init_cloud import new_cloud, running_services
from deploytool.cli.init_write import read_there, write_all
from deploytool.cli.own_files import own_action, templates
from deploytool.cli.print_text import print_document, print_text
from deploytool.cli.read_config import read_config
from deploytool.core.config.model import Config
from deploytool.core.init.fate import Fate, Settled, settled
from deploytool.core.init.files import files
from deploytool.core.init.given import Given, check_given
from deploytool.core.init.model import Draft, NewFile, Surroundings
from deploytool.core.init.names import app_name, check_app, check_environments
from deploytool.core.init.node_app import NodeApp, node_app
from deploytool.core.init.workflows import Action, Told
from deploytool.errors import ConfigurationError
from deploytool.report.init import init_document, init_text
from deploytool.report.init_notes import facts, next_commands, notes


class FileSaysOtherwise(ConfigurationError):
    """An option is not what the deploytool.yml says that is there already, and is kept."""


def initialize(given: Given) -> None:
    """Write what is missing (with ``given.diff`` nothing), and show it.

    Raises ConfigurationError, Refused, CloudError.
    """
    place = Path(given.config).resolve()
    around = surroundings(place.parent)
    read = package(around)
    given = _with_file(given, read_config(place)) if place.exists() else _named(given, around, read)
    environments = given.environments
    check_given(given, environments)
    app = node_app(around, read)
    if given.live:
        start = running_services(given, around, app, environments[0])
    else:
        start = new_cloud(given, around, read, app, environments)
    told = Told(
        action=Action(given.action) if given.action else own_action(),
        branch=around.branch,
        environments=environments,
        config=f"{around.within}/{place.name}".lstrip("/"),
        role=start.role,
        plan_role=start.plan_role,
    )
    found = _settled(start.draft, around, app, told, place.parent, preview=given.diff)
    # A preview has none that is to be written.
    write_all({place: each.file.text for place, each in found.items() if each.fate is Fate.WRITTEN})
    parts = (
        tuple(found.values()),
        tuple(facts(around, app, start.draft)),
        (*notes(around, app, start.draft, told), *start.notes(told)),
        () if given.diff else next_commands(start.draft, new_cloud=start.is_new_cloud),
    )
    if given.output == "json":
        print_document(init_document(*parts, diff=given.diff))
    else:
        print_text(init_text(*parts, diff=given.diff))


def _named(given: Given, around: Surroundings, read: Mapping[str, Any] | None) -> Given:
    """The options, with names for a new file. Raises NameInvalid."""
    # What runs already has a name of its own.
    name = given.app if given.live else given.app or app_name(around, read)
    return replace(given, app=check_app(name) if name else "", environments=check_environments(given.environments))


def _with_file(given: Given, there: Config) -> Given:
    """The options, completed by the file that is there. Raises FileSaysOtherwise."""
    names = tuple(there.environments)
    first = there.environments[names[0]]
    said = {"app": there.app, "region": first.region, "account": first.account or ""}
    if len(names) == 1:
        said["cluster"] = first.cluster
    asked = {name: getattr(given, name) for name in said} | {"environments": given.environments}
    for name, value in ({**said, "environments": names}).items():
        if asked[name] and value and asked[name] != value:
            shown = ", ".join(value) if isinstance(value, tuple) else value
            raise FileSaysOtherwise(
                f"{given.config} is there, is kept, and says {name}: {shown}",
                "leave the option out, or change the file",
            )
    return replace(
        given,
        environments=names,
        app=there.app,
        region=first.region,
        account=first.account or given.account,
        # Of several environments it is refused, not ignored.
        cluster=said.get("cluster", given.cluster),
    )


def _settled(
    draft: Draft, around: Surroundings, app: NodeApp | None, told: Told, directory: Path, *, preview: bool
) -> dict[Path, Settled]:
    """Each place with what becomes of its file, its path as seen from where the command was given."""
    own = templates()
    found = _compared(files(draft, around, app, told, own), around, directory, preview=preview)
    if any(place.name == "rollback.yml" and each.fate is Fate.KEPT for place, each in found.items()):
        # Whether another workflow of that name acts on the box is not known.
        made = files(replace(draft, checkbox=False), around, app, told, own)
        return _compared(made, around, directory, preview=preview)
    return found


def _compared(
    made: tuple[NewFile, ...], around: Surroundings, directory: Path, *, preview: bool
) -> dict[Path, Settled]:
    top = directory.joinpath(*[".." for _ in Path(around.within).parts]).resolve()
    places = [(top if file.at_top else directory) / file.path for file in made]
    shown = [replace(file, path=os.path.relpath(place)) for file, place in zip(made, places, strict=True)]
    there = read_there(places)
    known = {file: there[place] for file, place in zip(shown, places, strict=True) if place in there}
    return dict(zip(places, settled(shown, known, preview=preview), strict=True))
