"""An existing Dockerfile: its stages, port, health check and start, and the directory that it builds from."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from deploytool.scaffold.model import Command, ProjectScan

_APP = ("app", "runner", "production", "prod", "release", "web")
_MIGRATE = ("migrate", "migrator", "migrations", "migration")
_WORKER = ("worker", "workers")
_NOT_LAST = re.compile(
    r"(?i)(?:.*[-_])?(?:migrat\w*|workers?|dev(?:elopment)?|tests?|testing|lint\w*|debug|e2e|ci|local)(?:[-_].*)?"
)
_FILE = re.compile(
    r"(?i)(?:.*/)?(?:(?:docker|container)file(?:[._-](?P<kind>[\w.-]+))?|(?P<before>[\w.-]+)\.(?:docker|container)file)"
)
_PRODUCTION = re.compile(r"(?i)(?:^|[._/-])(?:prod(?:uction)?|app|web|api|server|release|backend|main)(?:$|[._/-])")
_OTHER_USE = re.compile(
    r"(?i)(?:^|[._/-])(?:dev(?:elopment|container)?|tests?|e2e|ci|local|debug|lint|docs?|storybook|cypress|playwright|db|"
    r"postgres|redis|mysql|base|builder|proxy|nginx|traefik|caddy|backup|dockerignore|devcontainer|examples?|tools?)"
    r"(?:$|[._/-])"
)


_COMMIT = re.compile(r"^[ \t]*ARG[ \t]+COMMIT\b", re.MULTILINE | re.IGNORECASE)


def is_dockerfile(path: str) -> bool:
    return bool(_FILE.fullmatch(path)) and not path.lower().endswith(".dockerignore")


def is_for_release(path: str) -> bool:
    """By its name, it makes what runs in production."""
    return is_dockerfile(path) and not _OTHER_USE.search(path) and not is_for_worker(path)


def is_for_worker(path: str) -> bool:
    return is_dockerfile(path) and bool(
        re.search(r"(?i)(?:^|[._/-])(?:workers?|celery|sidekiq|jobs?)(?:$|[._/-])", path)
    )


def preferred(paths: Sequence[str]) -> str:
    """The one of these Dockerfiles that is the app's; empty where that is open."""
    plain = [path for path in paths if posixpath.basename(path).lower() in ("dockerfile", "containerfile")]
    for group in (paths, [path for path in paths if _PRODUCTION.search(path)], plain):
        if len(group) == 1:
            return group[0]
    return ""


@dataclass(frozen=True)
class Stage:
    """One FROM with what follows it."""

    name: str
    base: str
    """Image, or name of an earlier stage."""
    instructions: tuple[tuple[str, str], ...]
    """Upper-case word and argument."""


_INSTRUCTION = re.compile(r"^[ \t]*([A-Za-z]+)[ \t]+(.*)$", re.DOTALL)
_FROM = re.compile(r"(?:--platform=\S+\s+)?(?P<base>\S+)(?:\s+AS\s+(?P<name>\S+))?\s*", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?[\"']?(\w+)[\"']?")


def stages(text: str) -> tuple[Stage, ...]:
    """Arguments before the first FROM are filled in."""
    arguments: dict[str, str] = {}
    made: list[tuple[str, str, list[tuple[str, str]]]] = []
    for word, argument in _instructions(text):
        if word == "FROM":
            match = _FROM.match(expanded(argument, arguments))
            made.append((match["name"] or "", match["base"], []) if match else ("", "", []))
        elif made:
            made[-1][2].append((word, argument))
        elif word == "ARG":
            name, _, value = argument.partition("=")
            arguments[name.strip()] = _unquoted(value)
    return tuple(Stage(name, base, tuple(inner)) for name, base, inner in made)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        whole = line
        while re.search(r"\\[ \t]*$", whole):
            whole = re.sub(r"\\[ \t]*$", "", whole)
            following = next((more for more in lines if more.strip() and not more.lstrip().startswith("#")), None)
            if following is None:
                break
            whole += " " + following
        match = _INSTRUCTION.match(whole)
        if not match:
            continue
        argument = match[2].strip()
        if match[1].upper() in ("RUN", "COPY", "ADD") and (heredoc := _HEREDOC.search(argument)):
            body = []
            for more in lines:
                if more.strip() == heredoc[1]:
                    break
                body.append(more)
            argument = "\n".join([argument, *body])
        yield match[1].upper(), argument


def expanded(text: str, values: Mapping[str, str]) -> str:
    """`$NAME`, `${NAME}` and `${NAME:-default}` filled in where they are known."""

    def value(match: re.Match[str]) -> str:
        name, default = match["name"] or match["plain"], match["default"]
        return values.get(name) or default or match[0]

    return re.sub(r"\$(?:\{(?P<name>\w+)(?::?-(?P<default>[^}]*))?\}|(?P<plain>\w+))", value, text)


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


@dataclass(frozen=True)
class ExistingDockerfile:
    """The parts of it that `deploytool.yml` and the stacks name."""

    app: str
    """Target of the web service; empty: the last stage."""
    migrate: str
    """Target of the migration, or empty."""
    declares_commit: bool
    worker: str = ""
    port: int = 0
    """0: it says none."""
    health_path: str = ""
    """Of its HEALTHCHECK."""
    health_command: str = ""
    image: str = ""
    """What the final stage is made from in the end."""
    tools: frozenset[str] = frozenset()
    """Programs in the final image that can request an address, and `sh`."""
    entrypoint: Command = ()
    command: Command = ()
    """Of CMD; one word where it is a line for a shell."""
    is_shell_entrypoint: bool = False
    directory: str = "/"
    public: tuple[str, ...] = ()
    """`ARG NEXT_PUBLIC_…`"""
    commit_variables: frozenset[str] = frozenset()
    """Variables that have the value of `ARG COMMIT`."""
    wants_standalone: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_bare(self) -> bool:
        """The image is known to have no shell."""
        return "sh" not in self.tools and bool(re.search(_IMAGES[0][0], self.image))

    @property
    def started(self) -> str:
        """What it starts, as a line."""
        return " ".join((*self.entrypoint, *self.command))


def read_dockerfile(text: str) -> ExistingDockerfile:
    """Stages are recognized by their usual names."""
    every = stages(text)
    names = [stage.name for stage in every if stage.name]
    app = _app_target(every, names)
    chain = _chain(every, app)
    final = [item for stage in chain for item in stage.instructions]
    values = _variables(final)
    health_command = _health_command([argument for word, argument in final if word == "HEALTHCHECK"])
    entrypoint, is_shell = _start(final, "ENTRYPOINT")
    command, _ = _start(final, "CMD")
    everything = [item for stage in every for item in stage.instructions]
    arguments = [argument.partition("=")[0].strip() for word, argument in everything if word == "ARG"]
    image = chain[0].base if chain else ""
    workdir = [expanded(argument, values) for word, argument in final if word == "WORKDIR"]
    return ExistingDockerfile(
        app=app,
        migrate=_first(_MIGRATE, names),
        declares_commit=bool(_COMMIT.search(text)),
        worker=_first(_WORKER, names),
        port=_port(final, values, (*entrypoint, *command)),
        health_path=_path_in(health_command),
        health_command=health_command,
        image=image,
        tools=_tools(image, final),
        entrypoint=entrypoint,
        command=command,
        is_shell_entrypoint=is_shell,
        directory=posixpath.join("/", *workdir),
        public=tuple(dict.fromkeys(name for name in arguments if name.startswith("NEXT_PUBLIC_"))),
        commit_variables=frozenset(_of_commit(final)),
        wants_standalone=any(word == "COPY" and ".next/standalone" in argument for word, argument in everything),
        variables=values,
    )


def target_for(text: str, name: str) -> str:
    """The stage with this name, or empty."""
    return _first((name,), [stage.name for stage in stages(text)])


def _first(names: tuple[str, ...], listed: Sequence[str]) -> str:
    return next((stage for name in names for stage in listed if stage.lower() == name), "")


def _app_target(every: Sequence[Stage], names: Sequence[str]) -> str:
    """Empty: the last stage, unless that is for something else."""
    if not every:
        return ""
    last = every[-1].name
    if not _NOT_LAST.fullmatch(last):
        return last if last.lower() in _APP else ""
    others = [name for name in names if not _NOT_LAST.fullmatch(name) and name.lower() not in _BUILDS]
    return _first(_APP, names) or (others[-1] if others else "")


_BUILDS = frozenset({"base", "deps", "dependencies", "build", "builder", "install", "prepare", "pruner", "installer"})


def _chain(every: Sequence[Stage], target: str) -> list[Stage]:
    """The stages that the target is made of, the one from an image first."""
    by_name = {stage.name.lower(): index for index, stage in enumerate(every) if stage.name}
    at: int | None = by_name.get(target.lower(), len(every) - 1) if target else len(every) - 1
    chain: list[Stage] = []
    while at is not None and 0 <= at < len(every):
        chain.insert(0, every[at])
        base = by_name.get(every[at].base.lower())
        # A stage is made of earlier ones.
        at = base if base is not None and base < at else None
    return chain


def _variables(instructions: Sequence[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for word, argument in instructions:
        if word == "ARG":
            name, has_value, value = argument.partition("=")
            if has_value:
                values.setdefault(name.strip(), _unquoted(value))
        elif word == "ENV":
            for name, value in _assignments(argument):
                values[name] = expanded(value, values)
    return values


def _assignments(argument: str) -> list[tuple[str, str]]:
    if re.match(r"\w+\s*=", argument):
        return [(match[1], _unquoted(match[2])) for match in re.finditer(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)", argument)]
    name, _, value = argument.partition(" ")
    return [(name, value.strip())]


def _of_commit(instructions: Sequence[tuple[str, str]]) -> Iterator[str]:
    pairs = (pair for word, argument in instructions if word == "ENV" for pair in _assignments(argument))
    return (name for name, value in pairs if re.search(r"\$\{?COMMIT\b", value, re.IGNORECASE))


def words(argument: str) -> tuple[Command, bool]:
    """The words of CMD or ENTRYPOINT; and whether a shell reads them, as one word."""
    if argument.startswith("["):
        try:
            listed = json.loads(argument)
        except ValueError:
            listed = None
        if isinstance(listed, list) and all(isinstance(word, str) for word in listed):
            return tuple(listed), False
    return (argument,), True


def _start(instructions: Sequence[tuple[str, str]], kind: str) -> tuple[Command, bool]:
    arguments = [argument for word, argument in instructions if word == kind]
    return words(arguments[-1]) if arguments else ((), False)


_PORT_OPTION = re.compile(
    r"(?:--(?:port|http-port|listen-port)[= ]|(?<!\S)-p[ =]?|(?:--bind|-b|--host)[= ]\S*?:|runserver\s+\S*?:|\bPORT=)"
    r"(?P<port>\d{2,5})\b"
)


def _port(instructions: Sequence[tuple[str, str]], values: Mapping[str, str], started: Command) -> int:
    ports: list[int] = []
    for word, argument in instructions:
        if word == "EXPOSE":
            texts = [item.partition("/") for item in expanded(argument, values).split()]
            ports += [int(number) for number, _, kind in texts if re.fullmatch(r"\d{1,5}", number) and kind != "udp"]
    # 443 needs a certificate, the rest are debuggers, metrics and mail.
    likely = [port for port in ports if port not in (443, 8443, 9229, 9090, 9091, 9464, 5005, 5678, 25, 22)] or ports
    option = _PORT_OPTION.search(expanded(" ".join(started), values))
    stated = int(option["port"]) if option else 0
    if stated in likely:
        return stated
    by_variable = values.get("PORT", "")
    if re.fullmatch(r"[0-9]{1,5}", by_variable) and (not likely or int(by_variable) in likely):
        return int(by_variable)
    return likely[0] if likely else stated


_ADDRESS = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::(?:\d+|\$\{?\w+(?::-\d+)?\}?|['\"+ \w.()|]+?))?"
    r"(?P<path>/[\w./~-]*)"
)


def _health_command(checks: Sequence[str]) -> str:
    if not checks:
        return ""
    text = re.sub(r"^(?:--[\w-]+=\S+\s+)*", "", checks[-1])
    if not text.upper().startswith("CMD"):
        return ""
    command, is_shell = words(text[3:].strip())
    return " ".join(command[0].split()) if is_shell else shlex.join(command)


def _path_in(command: str) -> str:
    match = _ADDRESS.search(command)
    return match["path"] if match else ""


_IMAGES: tuple[tuple[str, frozenset[str]], ...] = (
    (r"scratch$|distroless|chainguard|/static", frozenset()),
    (r"(?:^|/)(?:oven/)?bun\b", frozenset({"bun", "sh"})),
    (r"(?:^|/)node\b|nodejs", frozenset({"node", "sh"})),
    (r"(?:^|/)(?:python|pypy|uvicorn-gunicorn\S*)\b|:python|python\d", frozenset({"python", "sh"})),
    (r"(?:^|/)(?:ruby|rails)\b", frozenset({"ruby", "sh"})),
    (r"(?:^|/)(?:php|frankenphp|laravel)\b|/php:", frozenset({"php", "sh"})),
    (
        r"(?:^|/)(?:alpine|busybox|nginx|nginx-unprivileged|caddy|debian|ubuntu|golang|rust|elixir|openjdk|buildpack-deps)\b",
        frozenset({"sh"}),
    ),
    (r"(?:^|/)(?:eclipse-temurin|amazoncorretto|amazonlinux|ubi\S*)\b", frozenset({"sh"})),
)
_INSTALLS = re.compile(
    r"\b(?:apt-get|apt|apk|microdnf|dnf|yum)\b[^;&|]*?\b(?:install|add)\b(?P<packages>[^;&|]*)", re.DOTALL
)
_PACKAGES = {
    "curl": "curl", "wget": "wget", "nodejs": "node", "python3": "python3", "ruby": "ruby",
    "php-cli": "php", "php": "php",
}  # fmt: skip


def _tools(image: str, final: Sequence[tuple[str, str]]) -> frozenset[str]:
    tools = set(next((tools for pattern, tools in _IMAGES if re.search(pattern, image, re.IGNORECASE)), frozenset()))
    # Busybox has a wget.
    if re.search(r"alpine|busybox|(?:^|/)caddy\b", image, re.IGNORECASE):
        tools |= {"wget", "sh"}
    for run in (argument for word, argument in final if word == "RUN"):
        for match in _INSTALLS.finditer(run):
            tools |= {_PACKAGES[name] for name in match["packages"].split() if name in _PACKAGES} | {"sh"}
    for word, argument in final:
        if word == "COPY" and re.search(r"--from=\S*node\S*\s+\S*/bin/node\b|/usr/local/bin/node\b", argument):
            tools.add("node")
    return frozenset(tools)


_PASSES_ON = re.compile(r"""\$@|\$\*|\$\{@|\bexec\s+"?\$\{?1""")
_WRAPPERS = ("tini", "dumb-init", "catatonit", "env", "gosu", "su-exec", "init", "s6-svscan", "--", "-g", "-s", "-v")


def ignored_by(built: ExistingDockerfile, texts: Mapping[str, str]) -> str:
    """What ENTRYPOINT starts whatever command the container is given; empty where it runs the command."""
    left = list(built.entrypoint)
    if built.is_shell_entrypoint:
        return built.entrypoint[0]
    while left and posixpath.basename(left[0]) in _WRAPPERS:
        left.pop(0)
    if not left:
        return ""
    runners = (("uv", "run"), ("poetry", "run"), ("pipenv", "run"), ("bundle", "exec"), ("npx",), ("doppler", "run"))
    if any(tuple(left[: len(runner)]) == runner and len(left) <= len(runner) + 1 for runner in runners):
        return ""
    shells = ("sh", "bash", "ash", "dash")
    if posixpath.basename(left[0]) in shells:
        if len(left) > 1 and left[1] == "-c":
            return "" if _PASSES_ON.search(" ".join(left[2:])) else " ".join(left)
        left = [word for word in left[1:] if not word.startswith("-")]
    script = posixpath.basename(left[0]) if left else ""
    if not script:
        return ""
    for path, text in sorted(texts.items()):
        if posixpath.basename(path) == script and "\n" in text:
            return "" if _PASSES_ON.search(text) else path
    # An unknown script is that of a base image, which runs what it is given.
    is_script = script.endswith(".sh") or "entrypoint" in script or "entry" in script
    return "" if is_script and len(left) == 1 else " ".join(built.entrypoint)


_TOOLS_OF_DEVELOPMENT = re.compile(
    r"\bnodemon\b|\bstart:dev\b|\brun dev\b|\bnext dev\b|--reload\b|\brunserver\b|\bfastapi dev\b|\bvite(?: dev)?$|"
    r"\bts-node-dev\b|\bartisan serve\b|\bflask run\b.*--debug|\bair\b$"
)


def is_development(built: ExistingDockerfile) -> str:
    """What it starts, where that is a server for development; else empty."""
    return built.started if _TOOLS_OF_DEVELOPMENT.search(built.started) else ""


def sources(text: str) -> list[str]:
    """Paths that it copies from its context; those that depend on an argument are left out."""
    paths: list[str] = []
    for stage in stages(text):
        for word, argument in stage.instructions:
            if word not in ("COPY", "ADD") or "--from=" in argument or "<<" in argument:
                continue
            rest = re.sub(r"^(?:--[\w-]+(?:=\S+)?\s+)*", "", argument)
            listed, is_line = words(rest)
            listed = tuple(rest.split()) if is_line else listed
            paths += [path for path in listed[:-1] if "$" not in path and "://" not in path]
    for match in re.finditer(r"--mount=type=bind,([^\s]*)", text):
        if "from=" not in match[1] and (source := re.search(r"source=([^,\s]+)", match[1])):
            paths.append(source[1])
    return [posixpath.normpath(path.lstrip("/") or ".") for path in paths]


def _exists(paths: frozenset[str], source: str) -> bool:
    if source in paths or any(path.startswith(f"{source}/") for path in paths):
        return True
    return bool(re.search(r"[*?\[]", source)) and any(fnmatchcase(path, source) for path in paths)


def context_of(text: str, scan: ProjectScan, dockerfile: str) -> str:
    """The directory that the Dockerfile builds from, relative to that of ``scan``; empty: the same."""
    copied = [path for path in sources(text) if path != "."]
    inner = posixpath.dirname(dockerfile)
    choices: list[tuple[str, frozenset[str]]] = [("", scan.paths)]
    if scan.root:
        choices.append((posixpath.relpath("/", f"/{scan.member}"), scan.root.paths))
    if inner and not inner.startswith(".."):
        choices.append((inner, scan.below(inner).paths))
    absent = {choice: sum(not _exists(paths, path) for path in copied) for choice, paths in choices}
    if scan.workspace and not copied and re.search(r"--filter|turbo prune|pnpm .*deploy|workspace", text):
        return choices[1][0]
    return min(absent, key=lambda choice: absent[choice])


def health_request(built: ExistingDockerfile, port: int, path: str) -> str:
    """A command that the image can run; `none` where it has no program for it; empty: Node.js's of the stack."""
    address = f"http://127.0.0.1:{port}{path}"
    fetch = f"fetch('{address}').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
    commands = {
        "node": "",
        "curl": f"curl -fsS -o /dev/null {address} || exit 1",
        "wget": f"wget -q -O /dev/null {address} || exit 1",
        "python": f"python -c \"import urllib.request as r; r.urlopen('{address}', timeout=4)\"",
        "python3": f"python3 -c \"import urllib.request as r; r.urlopen('{address}', timeout=4)\"",
        "ruby": f"ruby -rnet/http -e \"exit Net::HTTP.get_response(URI('{address}')).is_a?(Net::HTTPSuccess)\"",
        "php": f"php -r \"exit(@file_get_contents('{address}') === false ? 1 : 0);\"",
        "bun": f'bun -e "{fetch}"',
    }
    return next((text for tool, text in commands.items() if tool in built.tools), NO_COMMAND)


NO_COMMAND = "none"
"""Value of the parameter HealthCommand: the load balancer's check decides alone."""
