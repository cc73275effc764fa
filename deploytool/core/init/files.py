"""Every file that `deploytool init` writes, with its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deploytool.core.init.configuration import configuration
from deploytool.core.init.dockerfile import SUPPORT, dockerfile
from deploytool.core.init.health_route import candidates
from deploytool.core.init.model import Draft, NewFile, Surroundings
from deploytool.core.init.new_cloud import DOCKERFILE
from deploytool.core.init.node_app import NEXT_CONFIGURATIONS, NodeApp
from deploytool.core.init.workflows import WORKFLOWS, Told, workflow

PACKAGE = "package.json"
SUPPORT_FILES = ("entry.sh", "urls.mjs")
TEMPLATES = (*SUPPORT_FILES, "health.app.js", "health.pages.js", "health.pages.ts")
"""Files that come with deploytool."""
Templates = Mapping[str, str]
"""Text by name, of `TEMPLATES` and of the workflows."""
_IGNORED = """\
.git
.github
node_modules
.next
coverage
*.log
# Secrets, and values for one machine.
.env
.env*.local
"""


def deciding_files() -> frozenset[str]:
    """Files whose text says something that `init` would otherwise have to ask."""
    return frozenset(
        {PACKAGE, "pnpm-lock.yaml", ".nvmrc", ".node-version", DOCKERFILE, *NEXT_CONFIGURATIONS, *candidates()}
    )


def files(
    draft: Draft, around: Surroundings, app: NodeApp | None, told: Told, templates: Templates
) -> tuple[NewFile, ...]:
    """All of them, in the order in which people read them. Those that are there already are among them."""
    found = [NewFile(told.config.rpartition("/")[2], configuration(draft))]
    found += [
        NewFile(f".github/workflows/{name}", workflow(name, templates[name], told), at_top=True) for name in WORKFLOWS
    ]
    return (*found, *(_of_image(around, app, templates) if app else ()))


def _of_image(around: Surroundings, app: NodeApp, templates: Templates) -> Iterator[NewFile]:
    written = dockerfile(app, around)
    yield NewFile(DOCKERFILE, written)
    yield NewFile(".dockerignore", _dockerignore(app))
    # A Dockerfile of the project's own starts in its own way.
    if around.texts.get(DOCKERFILE, written) == written:
        for name in SUPPORT_FILES:
            yield NewFile(f"{SUPPORT}/{name}", templates[name])
    if not app.health.is_there:
        in_pages = "/pages/" in f"/{app.health.file}"
        ending = app.health.file.rpartition(".")[2]
        yield NewFile(app.health.file, templates[f"health.pages.{ending}" if in_pages else "health.app.js"])


def _dockerignore(app: NodeApp) -> str:
    built = app.worker.directory if app.worker and not app.worker.is_source else ""
    return _IGNORED + (f"{built}\n" if built else "")
