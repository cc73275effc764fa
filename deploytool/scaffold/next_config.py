"""A Next.js project's configuration, its health route, and the middleware that stands before it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from deploytool.scaffold.model import ProjectScan
from deploytool.scaffold.scripts import builds_next, dependencies, scripts

PATH = "/api/health"
NEXT_CONFIGURATIONS = tuple(f"next.config.{ending}" for ending in ("js", "mjs", "cjs", "ts", "mts"))
_APP_ROUTER = ("src/app", "app")
_PAGES_ROUTER = ("src/pages", "pages")
_PAGE = re.compile(r"(?:src/)?(?:app/(?:.*/)?(?:page|layout)|pages/.+)\.(?:[cm]?[jt]sx?|mdx?)")
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\w\"'`/])//[^\n]*", re.DOTALL)
_OUTPUT = re.compile(r"""\boutput\s*:\s*["'`](standalone|export)["'`]""")
_OUTPUT_BY_VARIABLE = re.compile(
    r"""\boutput\s*:\s*\(?\s*process\.env\.(?P<name>\w+)\s*(?:===?\s*["'`](?P<value>[\w.-]+)["'`]\s*)?\)?\s*\?"""
    r"""\s*["'`]standalone["'`]"""
)
_BASE_PATH = re.compile(r"""\bbasePath\s*:\s*["'`](/[\w./~-]*)["'`]""")
_BASE_PATH_BY_VARIABLE = re.compile(r"\bbasePath\s*(?::[^,\n]*?process\.env\.(\w+))?\s*[,\n}]")
_TRAILING_SLASH = re.compile(r"\btrailingSlash\s*:\s*true\b")
_DIST = re.compile(
    r"""\bdistDir\s*:\s*(?:process\.env\.(?P<name>\w+)\s*(?:\|\||\?\?)?\s*)?(?:["'`](?P<value>[\w./-]+)["'`])?"""
)
_IMPORT = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)["'`]([^"'`\n]+)["'`]""")


@dataclass(frozen=True)
class NextConfig:
    """What next.config says about the build and the addresses."""

    file: str = ""
    """Its name; empty without one."""
    output: Literal["", "standalone", "export"] = ""
    variables: tuple[tuple[str, str], ...] = ()
    """Variables that the build needs for this output and directory."""
    base_path: str = ""
    base_path_variable: str = ""
    """The path is the value of this variable."""
    trailing_slash: bool = False
    directory: str = ".next"
    """Where the build is."""
    reads_more: bool = False
    """It needs files or packages besides Next.js, Node and production dependencies when the server starts."""

    def address(self, path: str) -> str:
        """A route as a client requests it."""
        return f"{self.base_path}{path}{'/' if self.trailing_slash else ''}"


def is_next_app(scan: ProjectScan, package: Mapping[str, Any]) -> bool:
    """`next` alone among the dependencies may be for tests, or for a package of the workspace."""
    configured = scan.has(*NEXT_CONFIGURATIONS)
    if scan.is_workspace_root:
        return builds_next(package) and (configured or any(map(_PAGE.fullmatch, scan.paths)))
    if configured or builds_next(package):
        return True
    names = dependencies(package) | dependencies(package, "devDependencies")
    routed = any(map(_PAGE.fullmatch, scan.paths))
    # A new directory with nothing but package.json is one that is about to have pages.
    return "next" in names and (routed or not any(map(_FOREIGN.search, scan.paths)))


_FOREIGN = re.compile(r"^(?:apps|packages|examples|lib|test|tests|bin)/|^(?:lerna|nx|turbo|rollup\.config)\b")


def next_config(scan: ProjectScan, package: Mapping[str, Any]) -> NextConfig:
    file = next((name for name in NEXT_CONFIGURATIONS if name in scan.paths), "")
    if not file:
        return NextConfig()
    text = _COMMENT.sub("", scan.texts.get(file, ""))
    output, variables = _output(text)
    directory, more = _directory(text, package)
    base = _BASE_PATH.search(text)
    by_variable = None if base else _BASE_PATH_BY_VARIABLE.search(text)
    return NextConfig(
        file=file,
        output=output,
        variables=(*variables, *more),
        base_path=base[1].rstrip("/") if base else "",
        base_path_variable=(by_variable[1] or "basePath") if by_variable else "",
        trailing_slash=bool(_TRAILING_SLASH.search(text)),
        directory=directory,
        reads_more=file.endswith("ts") or _reads_more(text, package),
    )


def _output(text: str) -> tuple[Literal["", "standalone", "export"], tuple[tuple[str, str], ...]]:
    if match := _OUTPUT_BY_VARIABLE.search(text):
        return "standalone", ((match["name"], match["value"] or "true"),)
    match = _OUTPUT.search(text)
    return ("export" if match[1] == "export" else "standalone") if match else "", ()


def _directory(text: str, package: Mapping[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
    match = _DIST.search(text)
    if not match:
        return ".next", ()
    default = (match["value"] or ".next").removeprefix("./").rstrip("/")
    if not match["name"]:
        return default, ()
    assigned = re.search(rf"\b{match['name']}=([\w./-]+)", scripts(package).get("build", ""))
    # The server has to look where the build wrote.
    return (assigned[1], ((match["name"], assigned[1]),)) if assigned else (default, ())


def _reads_more(text: str, package: Mapping[str, Any]) -> bool:
    kept = dependencies(package)
    for name in _IMPORT.findall(text):
        parts = name.split("/")
        owner = "/".join(parts[:2]) if name.startswith("@") else parts[0]
        if not (name.startswith("node:") or owner in _OF_NODE or owner in kept or owner == "next"):
            return True
    return False


_OF_NODE = frozenset({"path", "fs", "url", "module", "os", "crypto", "process", "util", "child_process", "webpack"})
_ENDINGS = ("ts", "js", "tsx", "jsx", "mjs")
_HEALTH = (
    "health", "healthz", "healthcheck", "health-check", "heartbeat", "livez", "liveness", "alive", "ping", "up",
)  # fmt: skip
_ROUTE = re.compile(r"(?:src/)?(?:app(?P<app>/(?:.*/)?)route|pages(?P<pages>/api/.+?)(?:/index)?)\.(?:tsx?|jsx?|mjs)")
_VERSION = re.compile(r"\bversion\b")
_VERSION_VARIABLE = re.compile(r"process\.env\.(\w+)|process\.env\[['\"](\w+)['\"]\]")


@dataclass(frozen=True)
class HealthRoute:
    """The existing route, or the file of a new one."""

    file: str
    exists: bool
    returns_version: bool
    """The field `version` of its response is that of the image."""
    path: str = PATH
    """As a client requests it, `basePath` included."""


def candidates() -> tuple[str, ...]:
    """Files that may answer `/api/health`."""
    in_app = (f"{router}/api/health/route" for router in _APP_ROUTER)
    in_pages = (f"{router}/api/{name}" for router in _PAGES_ROUTER for name in ("health", "health/index"))
    return tuple(f"{path}.{ending}" for path in (*in_app, *in_pages) for ending in _ENDINGS)


def health_route(scan: ProjectScan, config: NextConfig | None = None) -> HealthRoute:
    """The existing route; else a new file in the router that the project uses."""
    config = config or NextConfig()
    routes = sorted(_routes(scan).items(), key=lambda item: (item[0] != PATH, item[0].count("/"), len(item[0])))
    if routes:
        path, file = routes[0]
        return HealthRoute(file, exists=True, returns_version=_returns_version(scan, file), path=config.address(path))
    router = next((folder for folder in (*_APP_ROUTER, *_PAGES_ROUTER) if scan.has_under(folder)), "app")
    name = "health" if router in _PAGES_ROUTER else "health/route"
    ending = "ts" if scan.has("tsconfig.json") else "js"
    return HealthRoute(f"{router}/api/{name}.{ending}", exists=False, returns_version=True, path=config.address(PATH))


def _routes(scan: ProjectScan) -> dict[str, str]:
    """Paths of routes that are named like a health check, with their files."""
    routes: dict[str, str] = {}
    for file in sorted(scan.paths):
        match = _ROUTE.fullmatch(file)
        if not match:
            continue
        folders = (match["app"] or match["pages"] or "").strip("/").split("/")
        # Groups `(name)` are no part of the address; `[name]` is no fixed one.
        parts = [part for part in folders if not re.fullmatch(r"\(.*\)|@.*", part)]
        fixed = not any(part.startswith(("[", "_")) for part in parts)
        if parts and parts[-1] in _HEALTH and fixed and len(parts) <= 3:
            text = scan.texts.get(file, "")
            # One that only takes posts answers a health check with 405.
            if match["pages"] or "GET" in text or not re.search(r"\b(?:POST|PUT|PATCH|DELETE)\b", text):
                routes.setdefault("/" + "/".join(parts), file)
    return routes


def _returns_version(scan: ProjectScan, file: str) -> bool:
    text = scan.texts.get(file, "")
    read = {name for pair in _VERSION_VARIABLE.findall(text) for name in pair if name}
    return bool(_VERSION.search(text)) and "VERSION" in read


_MIDDLEWARE = tuple(
    f"{folder}{name}.{ending}" for folder in ("", "src/") for name in ("middleware", "proxy") for ending in ("ts", "js")
)
_TURNS_AWAY = re.compile(
    r"\bredirect\s*\(|\b(?:withAuth|authMiddleware)\b|\.protect\s*\(|\bstatus\s*:\s*40[13]\b|"
    r"export\s*\{[^}]*\bauth\s+as\s+(?:middleware|proxy|default)|export\s*\{\s*(?:default|auth)[^}]*\}\s*from|"
    r"\bNextAuth\s*\([^)]*\)\.auth\b|updateSession\s*\("
)
_MATCHER = re.compile(r"\bmatcher\s*:\s*(\[.*?\]\s*[,}\n]|[\"'`][^\"'`\n]*[\"'`])", re.DOTALL)
_TEXT = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'|`([^`]*)`")


def blocking_middleware(scan: ProjectScan, path: str) -> str:
    """The middleware or proxy that may turn away who requests ``path`` without a session; empty without one."""
    for file in _MIDDLEWARE:
        if file not in scan.paths:
            continue
        text = _COMMENT.sub("", scan.texts.get(file, ""))
        match = _MATCHER.search(text)
        patterns = ["".join(parts) for parts in _TEXT.findall(match[1])] if match else []
        reached = not patterns or any(_matches(pattern, path) for pattern in patterns if pattern.startswith("/"))
        let_through = re.search(r"""startsWith\(\s*["'`]/api(?:/health)?/?["'`]|["'`]/api/health""", text)
        if reached and _TURNS_AWAY.search(text) and not let_through:
            return file
    return ""


def _matches(pattern: str, path: str) -> bool:
    """Next.js's matchers are those of path-to-regexp: https://nextjs.org/docs/app/api-reference/file-conventions/proxy"""
    expression = re.sub(r"/:\w+\*", "(?:/.*)?", pattern.replace("\\\\", "\\"))
    expression = re.sub(r":\w+(?=\()", "", expression)
    expression = re.sub(r":\w+[+?]?", "[^/]+", expression)
    with warnings.catch_warnings(action="ignore"):
        try:
            return bool(re.fullmatch(expression.rstrip("/") or "/", path))
        except re.error:
            return True
