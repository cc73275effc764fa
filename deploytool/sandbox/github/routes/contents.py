"""Files and directories of the checkout, as GitHub's contents API shows them."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from deploytool.sandbox.github import represent
from deploytool.sandbox.github.http import NOT_FOUND, Answer, ApiError, Request, Routes
from deploytool.sandbox.github.routes.repository import REPOSITORY
from deploytool.sandbox.github.world import World

routes = Routes()
KINDS = {"blob": "file", "tree": "dir", "commit": "submodule"}


@routes.add("GET", f"{REPOSITORY}/contents/{{path+}}")
def contents(world: World, request: Request, path: dict[str, str]) -> Answer:
    """A file with what is in it, or what a directory holds."""
    world.check(path)
    ref, wanted = request.query.get("ref", world.default_branch), path["path"].strip("/")
    content = world.checkout.file(ref, wanted)
    if content is not None:
        parent, _, name = wanted.rpartition("/")
        blob = next(each for _, each, found in world.checkout.listed(ref, parent) if found == name)
        shown = _entry(world, request, ref, wanted, "blob", blob, len(content))
        encoded = {"encoding": "base64", "content": base64.encodebytes(content).decode()}
        return Answer(200, shown | encoded)
    listed = world.checkout.listed(ref, wanted)
    if not listed:
        raise ApiError(*NOT_FOUND)
    return Answer(200, [_entry(world, request, ref, f"{wanted}/{name}", kind, found) for kind, found, name in listed])


def _entry(world: World, request: Request, ref: str, path: str, kind: str, sha: str, size: int = 0) -> dict[str, Any]:
    api, web, at = represent.repository_url(world, request), represent.web_url(world, request), quote(path)
    object_url = f"{api}/git/{kind}s/{sha}"
    page = f"{web}/{kind}/{quote(ref)}/{at}"
    self_url = f"{api}/contents/{at}?ref={quote(ref)}"
    return {
        "type": KINDS[kind],
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": size,
        "url": self_url,
        "html_url": page,
        "git_url": object_url,
        "download_url": f"{web}/raw/{quote(ref)}/{at}" if kind == "blob" else None,
        "_links": {"self": self_url, "git": object_url, "html": page},
    }
