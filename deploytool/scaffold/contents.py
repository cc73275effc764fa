"""What the images hold and how they are started, whether init writes the Dockerfile or the project has its own."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from deploytool.errors import PreconditionFailed
from deploytool.scaffold.container import (
    ExistingDockerfile,
    context_of,
    health_request,
    ignored_by,
    is_development,
    is_dockerfile,
    is_for_release,
    is_for_worker,
    preferred,
    read_dockerfile,
)
from deploytool.scaffold.dockerfile import PORT, dockerfile
from deploytool.scaffold.frameworks import OtherApp, other_app
from deploytool.scaffold.model import Command, Image, ProjectScan
from deploytool.scaffold.next_config import NEXT_CONFIGURATIONS, blocking_middleware
from deploytool.scaffold.node import NodeApp
from deploytool.scaffold.scripts import dependencies, scripts, steps

APP, WORKER, MIGRATE = "app", "worker", "migrate"
DOCKERFILE = "Dockerfile"
_FOLDER = re.compile(
    r"(?i)(?:\.?docker|\.?deploy(?:ment)?|ops|infra|containers?|build|scripts(?:/docker)?|compose/production/[\w-]+|config/docker)"
    r"(?:/[\w-]+)?/[^/]+"
)
_MIGRATES_ITSELF = re.compile(r"\bmigrat|db:prepare|\bdb push\b|alembic upgrade|db:push", re.IGNORECASE)
_STARTS_SEVERAL = re.compile(r"\bconcurrently\b|\bsupervisord\b|\bhoncho\b|\bforeman\b|\bovermind\b|\bpm2\b|\bs6-")
_WITHOUT_DEVELOPMENT = re.compile(
    r"--omit[= ]dev|--production\b|--prod\b|--only[= ]prod|npm prune|"
    r"NODE_ENV[= ]production[\s\S]*?(?:npm|yarn|pnpm) (?:ci|i\b|install)"
)


class NothingToRelease(PreconditionFailed):
    """The directory has neither a Dockerfile nor a Next.js application."""


@dataclass(frozen=True)
class ContentOptions:
    """Options of the command line that override what the files say; empty where they are not given."""

    dockerfile: str = ""
    health_path: str = ""
    port: int = 0


@dataclass(frozen=True)
class Contents:
    """What `deploytool.yml` and the stacks have to know of the images."""

    images: tuple[Image, ...]
    port: int = PORT
    health_path: str = ""
    """Empty: not known."""
    health_command: str = ""
    """Empty: Node.js's, of the stack."""
    returns_version: bool = False
    worker: Command = ()
    worker_image: str = APP
    migrate_image: str = ""
    """Empty: nothing migrates."""
    migrate: Command = ()
    """Empty: the command of its image."""
    started: Command = ()
    """What a shell of the stack starts after it made the addresses; empty: what the image says."""
    migrations: str = ""
    writes_route: bool = False
    """A health route is part of what init writes."""
    dockerfile: str = ""
    """The project's own; empty: init writes it."""
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()


def own_dockerfile(scan: ProjectScan, named: str = "") -> tuple[str, tuple[str, ...]]:
    """The project's Dockerfile from its directory, or empty; and others that may be meant."""
    if named:
        return named, ()
    if DOCKERFILE in scan.paths:
        return DOCKERFILE, ()
    here = [path for path in scan.paths if is_for_release(path) and ("/" not in path or _FOLDER.fullmatch(path))]
    paths = sorted(here) or [f"{_up(scan)}{path}" for path in _of_root(scan)]
    chosen = preferred(paths)
    return chosen, tuple(path for path in paths if path != chosen)


def _up(scan: ProjectScan) -> str:
    return "../" * (scan.member.count("/") + 1)


def _of_root(scan: ProjectScan) -> list[str]:
    """Dockerfiles elsewhere in the checkout that build this directory."""
    if scan.root is None:
        return []
    name = str(scan.package().get("name") or scan.member)
    mentions = re.compile(rf"(?<![\w/-])(?:\./)?(?:{re.escape(scan.member)}|{re.escape(name)})(?![\w-])")
    texts = {path: text for path, text in scan.root.texts.items() if is_for_release(path)}
    return sorted(path for path, text in texts.items() if mentions.search(text))


def dockerfile_text(scan: ProjectScan, path: str) -> str:
    """Of a path from the directory of the scan, which may lead above it."""
    if path.startswith("../") and scan.root is not None:
        return scan.root.texts.get(posixpath.normpath(posixpath.join(scan.member, path)), "")
    return scan.texts.get(path, "")


def contents(
    scan: ProjectScan, package: Mapping[str, Any] | None, app: NodeApp | None, options: ContentOptions
) -> Contents:
    """Raises NothingToRelease."""
    path, others = own_dockerfile(scan, options.dockerfile)
    # What init wrote before is not the project's own.
    if app and path == DOCKERFILE and dockerfile_text(scan, path) == dockerfile(app, scan):
        path, others = "", ()
    if path:
        made = _own(scan, package or {}, app, options, path)
    elif app:
        made = _written(scan, app, options)
        if others:
            made = replace(
                made, notes=(*made.notes, f"other Dockerfiles, not used: {', '.join(others)} (--dockerfile)")
            )
    else:
        raise NothingToRelease(
            f"neither a Dockerfile nor a Next.js application in {scan.directory}", _where_else(scan, others)
        )
    if app:
        more, decisions = _of_next(scan, app, made)
        made = replace(made, notes=(*made.notes, *more), decisions=(*made.decisions, *decisions))
    return made


def _where_else(scan: ProjectScan, others: tuple[str, ...]) -> str:
    if others:
        return f"choose one with --dockerfile: {', '.join(others)}"
    apps = sorted(
        {f"{posixpath.dirname(path)} (Next.js)" for path in scan.paths if _is_inner_next(path)}
        | {path for path in scan.paths if is_dockerfile(path) and path.count("/") <= 3}
    )
    if not apps:
        return "run init in the directory of the app, or write a Dockerfile first"
    shown = ", ".join(apps[:12]) + (f" and {len(apps) - 12} more" if len(apps) > 12 else "")
    return f"run init in the directory of an app, or choose with --dockerfile; this one has {shown}"


def _is_inner_next(path: str) -> bool:
    return "/" in path and posixpath.basename(path) in NEXT_CONFIGURATIONS and path.count("/") <= 3


def _written(scan: ProjectScan, app: NodeApp, options: ContentOptions) -> Contents:
    context = _up(scan).rstrip("/") if app.workspace else ""
    public = app.variables.public
    images = [Image(APP, APP, declares_commit=True, context=context, variables=public)]
    if app.migrate:
        images.append(Image(MIGRATE, MIGRATE, context=context))
    path = options.health_path or app.health.path
    decisions = [_several(app.worker.others, "package.json")] if app.worker and app.worker.others else []
    return Contents(
        images=tuple(images),
        health_path=path,
        returns_version=(app.health.returns_version or app.is_static) and path == app.health.path,
        worker=app.worker.command if app.worker else (),
        migrate_image=MIGRATE if app.migrate else "",
        migrations=app.migrations,
        writes_route=not app.health.exists and not app.is_static and not options.health_path,
        facts=(_about(app),),
        notes=app.notes,
        decisions=(*app.database.decisions, *filter(None, (app.database.without_migrations,)), *decisions),
    )


def _about(app: NodeApp) -> str:
    server = "started by `next start`"
    if app.is_static:
        server = "static export, served by docker/static.mjs"
    elif app.start:
        server = f"own server `{' '.join(app.start)}`"
    elif app.standalone:
        server = "standalone output"
    inside = f", built from the workspace root for {app.workspace.name}" if app.workspace else ""
    return f"Next.js, {server}, {app.manager.name}, Node {app.node}{inside}"


def _several(names: tuple[str, ...], file: str) -> str:
    return f"the stacks run one worker; decide what runs {', '.join(names)} ({file})"


def _of_next(scan: ProjectScan, app: NodeApp, made: Contents) -> tuple[list[str], list[str]]:
    """Notes and decisions of every Next.js application."""
    notes, decisions = [], []
    path = app.health.path.removeprefix(app.config.base_path).rstrip("/")
    if made.health_path == app.health.path and not app.is_static and (file := blocking_middleware(scan, path)):
        decisions.append(
            f"{file} may redirect {path} to a sign-in, and the load balancer expects status 200: leave {path} out of "
            "its matcher, or return early for that path"
        )
    if app.variables.required:
        decisions.append(
            f"the server ends at its start without {', '.join(app.variables.required)} ({app.variables.schema}), which "
            "the stacks do not set: add them to the containers in a copy of service.yaml (infra.templates)"
        )
    if app.config.base_path_variable and made.health_path == app.health.path:
        notes.append(
            f"basePath depends on {app.config.base_path_variable}: if it is set, the health check needs "
            f"--health-path BASE{path}"
        )
    return notes, decisions


def _own(
    scan: ProjectScan, package: Mapping[str, Any], app: NodeApp | None, options: ContentOptions, path: str
) -> Contents:
    text = dockerfile_text(scan, path)
    built = read_dockerfile(text)
    other = other_app(scan, package, built.started)
    context = context_of(text, scan, path)
    judged = _Judged(scan, package, app, other, built, text, path)
    ignored = ignored_by(built, _texts_around(scan))
    worker, worker_image, worker_images, worker_remarks = judged.worker(context, ignored)
    migrate_image, command, migrate_remarks = judged.migration(ignored)
    images = [Image(APP, built.app, built.declares_commit, dockerfile=path, context=context, variables=built.public)]
    if migrate_image == MIGRATE:
        images.append(Image(MIGRATE, built.migrate, dockerfile=path, context=context))
    port, health_path = judged.port(options), judged.health_path(options)
    own_check = "" if built.is_bare else built.health_command
    version = bool(app and app.health.path == health_path and app.health.returns_version)
    started, worker, command = _through_shell(judged, worker, worker_image, migrate_image, command)
    remarks = [*judged.general(options), *migrate_remarks, *worker_remarks, *judged.addresses(made=bool(started))]
    return Contents(
        images=(*images, *worker_images),
        port=port,
        health_path=health_path,
        health_command=own_check or health_request(built, port, health_path or "/"),
        returns_version=version and (built.declares_commit and "VERSION" in built.commit_variables),
        worker=worker,
        worker_image=worker_image,
        migrate_image=migrate_image,
        migrate=command,
        started=started,
        migrations=(app.migrations if app else other.migrations) if migrate_image else "",
        writes_route=bool(app and not app.health.exists and not app.is_static and health_path == app.health.path),
        dockerfile=path,
        facts=tuple(judged.facts(port, context)),
        notes=tuple(text for is_open, text in remarks if not is_open),
        decisions=tuple(text for is_open, text in remarks if is_open),
    )


def _through_shell(
    judged: _Judged, worker: Command, worker_image: str, migrate_image: str, migrate: Command
) -> tuple[Command, Command, Command]:
    """The commands of app, worker and migration where a shell of the stack stands before each; the first may be empty.

    It takes the place of ENTRYPOINT, which so becomes a part of the commands.
    """
    built = judged.built
    if not judged.missing_urls or "sh" not in built.tools or not built.command:
        return (), worker, migrate
    entry = _as_words(built.entrypoint)
    started = (*entry, *_as_words(built.command))
    if migrate_image == MIGRATE:
        stage = _of_target(judged.text, built.migrate)
        migrate = (*_as_words(stage.entrypoint), *_as_words(stage.command))
    elif migrate:
        migrate = (*entry, *migrate)
    if worker:
        worker = (*(entry if worker_image == APP else judged.worker_stage().entrypoint), *worker)
    fits = not any("," in word or not word for word in (*started, *worker, *migrate))
    return (started, worker, migrate) if fits else ((), worker, migrate)


def _as_words(start: Command) -> Command:
    """CMD or ENTRYPOINT in shell form is one word."""
    return ("sh", "-c", *start) if len(start) == 1 and " " in start[0] else start


def _texts_around(scan: ProjectScan) -> Mapping[str, str]:
    return {**(scan.root.texts if scan.root else {}), **scan.texts}


Remark = tuple[bool, str]
"""Whether something has to be decided, and what to know."""


@dataclass(frozen=True)
class _Judged:
    """An existing Dockerfile beside the project that it builds."""

    scan: ProjectScan
    package: Mapping[str, Any]
    app: NodeApp | None
    other: OtherApp
    built: ExistingDockerfile
    text: str
    path: str

    @property
    def framework(self) -> str:
        return "Next.js" if self.app else self.other.framework.name

    def port(self, options: ContentOptions) -> int:
        return options.port or self.built.port or (PORT if self.app else self.other.framework.port) or PORT

    @property
    def _serves_files(self) -> bool:
        """The final image is a web server with the files of a build."""
        server = re.search(r"(?:^|/)(?:nginx|nginx-unprivileged|caddy|httpd|static-web-server)\b", self.built.image)
        return bool(server) and (self.app is None or self.app.is_static)

    def health_path(self, options: ContentOptions) -> str:
        """Of the option, the Dockerfile, the project."""
        if path := options.health_path or self.built.health_path:
            return path
        if self._serves_files:
            return "/"
        if self.app:
            return self.app.health.path
        return self.other.health_path or self.other.framework.health_path

    def facts(self, port: int, context: str) -> Iterator[str]:
        kind = f"{self.framework}, " if self.framework else ""
        place = f", built from {context}" if context else ""
        target = f", target {self.built.app}" if self.built.app else ""
        yield f"{kind}{self.path}{target}{place}, port {port}"
        if not self.app and self.other.health_file and not self.built.health_path:
            yield f"health route {self.other.health_path} in {self.other.health_file}"

    def general(self, options: ContentOptions) -> Iterator[Remark]:
        if not self.text.strip():
            yield True, f"{self.path} is empty or no text: decide what builds the image"
            return
        if not self.health_path(options) and self.other.doubt:
            yield True, f"the health route {self.other.doubt} is below a prefix: give --health-path with all of it"
        elif not self.health_path(options):
            yield (
                True,
                (
                    "no health route is known: give --health-path with a path that answers 200 without a session, "
                    "such as /healthz"
                ),
            )
        known = self.built.port or (PORT if self.app else self.other.framework.port)
        if not (options.port or known):
            yield True, f"{self.path} does not say the port (EXPOSE): give --port"
        if command := is_development(self.built):
            yield True, f"{self.path} starts a server for development (`{command}`): start the one for production"
        if self.app and self.built.wants_standalone and not self.app.standalone:
            file = self.app.config.file or "next.config"
            yield True, f'{self.path} copies .next/standalone, but {file} has no `output: "standalone"`: add it'
        if not self.built.declares_commit:
            yield (
                False,
                (
                    f"{self.path} has no `ARG COMMIT`: the image does not know its version, and a release cannot wait "
                    "for the new version"
                ),
            )
        yield from ((False, note) for note in (() if self.app else self.other.notes))

    @property
    def missing_urls(self) -> tuple[str, ...]:
        """Addresses that the app reads, of which the stacks set the parts."""
        around = "\n".join((self.text, self._started()))
        code = [text for path, text in self.scan.texts.items() if _CODE.fullmatch(path) or path.endswith(".prisma")]
        if re.search(r"\bDATABASE_HOST\b|entry\.sh\b", around):
            return ()
        if any("DATABASE_HOST" in text and "DATABASE_PASSWORD" in text for text in code):
            return ()
        names = [name for name in ("DATABASE_URL", "REDIS_URL") if any(name in text for text in code)]
        return (*names, *(self.app.database.urls if self.app else ()))

    def addresses(self, *, made: bool) -> Iterator[Remark]:
        """``made``: a shell of the stack puts them together."""
        names = ", ".join(self.missing_urls)
        if made:
            yield (
                False,
                (
                    f"the stack makes {names} and starts `{self.built.started}`: "
                    f"change AppCommand as well when {self.path} starts another program"
                ),
            )
        elif names:
            yield (
                True,
                (
                    f"the app reads {names}, and the stacks set parts (DATABASE_HOST, DATABASE_PASSWORD, REDIS_HOST, "
                    f"…): put them together in the app or at the start of {self.path}"
                ),
            )

    def migration(self, ignored: str) -> tuple[str, Command, list[Remark]]:
        """The image that migrates, its command, and remarks."""
        itself = _MIGRATES_ITSELF.search(self._started())
        data = self.app.database if self.app else self.other
        decisions: list[Remark] = [(True, text) for text in data.decisions]
        if data.without_migrations and not itself:
            decisions.append((True, data.without_migrations))
        if self.built.migrate:
            return MIGRATE, (), decisions
        command = self.app.migrate if self.app else self.other.migrate
        if not command:
            return "", (), decisions
        line = " ".join(command)
        if reason := self._lacks(command):
            if itself:
                return "", (), [*decisions, (False, f"the image migrates at its start, so releases run no `{line}`")]
            return "", (), [*decisions, (True, f"the migration `{line}` cannot run in the image: {reason}")]
        if ignored:
            return "", (), [*decisions, (True, self._ignores(ignored, f"the migration `{line}`"))]
        return APP, command, decisions

    def worker(self, context: str, ignored: str) -> tuple[Command, str, tuple[Image, ...], list[Remark]]:
        """The command of the worker, its image, further images, and remarks."""
        if own := self._worker_image(context):
            return own
        workers = self.other.workers
        if not workers:
            return (), APP, (), []
        source, command = workers[0]
        line = " ".join(command)
        remarks: list[Remark] = []
        if len(workers) > 1:
            remarks.append((True, _several(tuple(name for name, _ in workers[1:]), self.path)))
        if _STARTS_SEVERAL.search(self._started()):
            return (), APP, (), [(False, f"the image starts its worker itself, so `{line}` gets no service")]
        if reason := self._lacks(command):
            return (), APP, (), [*remarks, (True, f"the worker `{line}` ({source}) cannot run in the image: {reason}")]
        if ignored:
            return (), APP, (), [*remarks, (True, self._ignores(ignored, f"the worker `{line}`"))]
        return command, APP, (), remarks

    def _worker_file(self) -> str:
        """A Dockerfile of the worker's own; empty where there is none, or several."""
        paths = [path for path in self.scan.paths if is_for_worker(path) and ("/" not in path or _worker_folder(path))]
        package = self.app.workspace.worker if self.app and self.app.workspace else ""
        if not paths and package and self.scan.root and f"{package}/{DOCKERFILE}" in self.scan.root.paths:
            paths = [f"{_up(self.scan)}{package}/{DOCKERFILE}"]
        return paths[0] if len(paths) == 1 else ""

    def worker_stage(self) -> ExistingDockerfile:
        if self.built.worker:
            return _of_target(self.text, self.built.worker)
        return read_dockerfile(dockerfile_text(self.scan, self._worker_file()))

    def _worker_image(self, context: str) -> tuple[Command, str, tuple[Image, ...], list[Remark]] | None:
        """From a stage or a Dockerfile of its own."""
        place, target, inner = self.path, self.built.worker, context
        stage = self.worker_stage()
        if not target:
            place = self._worker_file()
            if not place:
                return None
            target, inner = stage.app, context_of(dockerfile_text(self.scan, place), self.scan, place)
        command = _as_words(stage.command)
        image = Image(WORKER, target, stage.declares_commit, dockerfile=place, context=inner)
        if not command and stage.entrypoint:
            # ECS needs a command, which the entrypoint gets as arguments.
            problem = f"{place} starts its worker by ENTRYPOINT: use CMD, so that the stack can name it"
            return (), APP, (), [(True, problem)]
        if not command:
            return (), APP, (), [(True, f"{place} does not say what it starts (CMD): add it")]
        return command, WORKER, (image,), []

    def _started(self) -> str:
        """What runs at the start, with the scripts of the project that it calls."""
        texts = {path: text for path, text in _texts_around(self.scan).items() if "\n" in text}
        lines = [self.built.started]
        names = _file_names(self.built.started)
        # A script may have another name in the image.
        for source, target in re.findall(r"(?m)^[ \t]*COPY[ \t]+(?:--\S+[ \t]+)*(\S+)[ \t]+(\S+)[ \t]*$", self.text):
            if posixpath.basename(target) in names:
                names.add(posixpath.basename(source))
        for name in sorted(names & scripts(self.package).keys()):
            ran = steps(self.package, name)
            lines += ran
            names |= {inner for step in ran for inner in _file_names(step)}
        return "\n".join((*lines, *(text for path, text in texts.items() if posixpath.basename(path) in names)))

    def _lacks(self, command: Command) -> str:
        """Why the image cannot run the command; empty where nothing speaks against it."""
        if self.built.is_bare:
            return f"{self.built.image} has nothing but the app: add a stage `migrate` or `worker`"
        if not self.package:
            return ""
        if self.built.wants_standalone:
            return "it holds only the standalone server: add a stage `migrate` or `worker` with all modules"
        tool = command[0].rpartition("/")[2]
        if tool in dependencies(self.package, "devDependencies") and _WITHOUT_DEVELOPMENT.search(self.text):
            return f"{tool} is a development dependency, which {self.path} leaves out"
        return ""

    def _ignores(self, ignored: str, what: str) -> str:
        return (
            f"{what} would start the web server again, since the ENTRYPOINT of {self.path} ({ignored}) ignores its "
            'arguments: end it with `exec "$@"`, or move the server to CMD'
        )


def _file_names(line: str) -> set[str]:
    return {posixpath.basename(word) for word in re.split(r"[\s\"'\[\],;&|]+", line) if word}


def _worker_folder(path: str) -> bool:
    return path.count("/") == 1 and bool(_FOLDER.fullmatch(path) or re.match(r"(?i)workers?/", path))


def _of_target(text: str, target: str) -> ExistingDockerfile:
    """The same file, read for another stage."""
    lines = re.split(r"(?im)^(?=[ \t]*FROM[ \t])", text)
    upto = next(
        (index for index, part in enumerate(lines) if re.search(rf"(?i)\bAS[ \t]+{re.escape(target)}\b", part)), 0
    )
    renamed = re.sub(rf"(?i)\bAS[ \t]+{re.escape(target)}\b", "AS app", "".join(lines[: upto + 1]))
    return read_dockerfile(renamed)


_DECIDING = re.compile(
    r"(?:.*/)?(?:package\.json|pnpm-lock\.yaml|pnpm-workspace\.yaml|\.nvmrc|\.node-version|\.yarnrc\.yml|turbo\.json|"
    r"next\.config\.\w+|(?:prisma|drizzle)\.config\.\w+|[\w-]+\.prisma|middleware\.\w+|proxy\.\w+|Procfile|Gemfile|"
    r"(?:docker-)?compose[\w.-]*\.ya?ml|composer\.json|requirements[\w.-]*\.(?:txt|in)|pyproject\.toml|Pipfile|setup\.(?:py|cfg)|alembic\.ini|"
    r"[\w.-]*env[\w.-]*(?:example|sample|template|dist|defaults?)[\w.-]*|(?:example|sample)\.env|"
    r"[\w.-]+\.sh|[\w.-]*(?:entrypoint|start)[\w-]*)|(?:bin|docker|script)/[\w-]+"
)
_CODE = re.compile(r".+\.(?:py|rb|php|go|[cm]?[jt]sx?)")
_NO_CODE = re.compile(
    r"(?:^|/)(?:node_modules|vendor|dist|public|static|migrations?|locales?|fixtures|\.yarn)/|\.min\.|\.d\.ts$"
)
MOST_TEXTS = 4000
"""Files of code that are read."""


def deciding(paths: Iterable[str]) -> tuple[str, ...]:
    """The files whose text `init` needs; the uppermost of those with code."""
    decisive, code = [], []
    for path in sorted(paths):
        if path.count("/") <= 4 and (_DECIDING.fullmatch(path) or is_dockerfile(path)):
            decisive.append(path)
        elif _CODE.fullmatch(path) and not _NO_CODE.search(path):
            code.append(path)
    code.sort(key=lambda path: (path.count("/"), path))
    return (*decisive, *code[:MOST_TEXTS])
