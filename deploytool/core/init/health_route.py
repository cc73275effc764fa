"""The route that says whether the web service is well, and which version it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploytool.core.init.model import Surroundings

PATH = "/api/health"
_APP_ROUTER = ("src/app", "app")
_PAGES_ROUTER = ("src/pages", "pages")
_ENDINGS = ("ts", "js", "tsx", "jsx", "mjs")
_VERSION = re.compile(r"\bversion\b")


@dataclass(frozen=True)
class HealthRoute:
    """Where it is, or where it is to be written."""

    file: str
    is_there: bool
    tells_version: bool
    """The answer has a field `version`, as far as its text shows."""


def candidates() -> tuple[str, ...]:
    """Files that may answer `/api/health`."""
    in_app = (f"{router}/api/health/route" for router in _APP_ROUTER)
    in_pages = (f"{router}/api/{name}" for router in _PAGES_ROUTER for name in ("health", "health/index"))
    return tuple(f"{path}.{ending}" for path in (*in_app, *in_pages) for ending in _ENDINGS)


def health_route(around: Surroundings) -> HealthRoute:
    """The route that is there; else the file of a new one, in the router that the project uses."""
    found = next((path for path in candidates() if path in around.paths), "")
    if found:
        return HealthRoute(found, is_there=True, tells_version=bool(_VERSION.search(around.texts.get(found, ""))))
    router = next((each for each in (*_APP_ROUTER, *_PAGES_ROUTER) if around.has_under(each)), "app")
    name = "health" if router in _PAGES_ROUTER else "health/route"
    ending = "ts" if around.has("tsconfig.json") else "js"
    return HealthRoute(f"{router}/api/{name}.{ending}", is_there=False, tells_version=True)
