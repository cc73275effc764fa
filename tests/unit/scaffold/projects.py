"""Projects as the tests describe them: files by name, package.json as data."""

from __future__ import annotations

import json
from typing import Any

from deploytool.scaffold.contents import deciding
from deploytool.scaffold.model import ProjectScan
from deploytool.scaffold.node import NodeApp, node_app

NEXT = {"dependencies": {"next": "16.0.0"}}


def scan(*paths: str, package: Any = None, **more: Any) -> ProjectScan:
    """A directory with these files; `path=text` where the text matters, as `("Dockerfile", "FROM …")`."""
    texts = dict(more.pop("texts", {}))
    if package is not None:
        texts["package.json"] = json.dumps(package)
    found = {**dict.fromkeys(paths, ""), **texts}
    read = {path: found[path] for path in deciding(found)}
    return ProjectScan(
        **{"directory": "shop", "paths": frozenset(found), "texts": read, "repository": "acme/shop", **more}
    )


def next_app(*paths: str, texts: dict[str, str] | None = None, **package: Any) -> NodeApp:
    """What is found in a Next.js project; `package` are keys of package.json."""
    told = {**NEXT, **package}
    found = node_app(scan(*paths, package=told, texts=texts or {}), told)
    assert found is not None
    return found
