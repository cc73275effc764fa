"""The placeholder image into the sandbox's ECR; its layers are kept on disk, since to compress them takes seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import requests

from deploytool.sandbox.cache import cache
from deploytool.sandbox.engine import docker
from deploytool.sandbox.errors import SandboxError

SOURCE = Path(__file__).parent / "cloud" / "placeholder"
TAG = "placeholder"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
SECONDS = 120


def push_placeholder(registry: str, repository: str) -> str:
    """Build the placeholder and push it; its reference by digest.

    Raises:
        CommandFailed: Docker could not build or push it.
        SandboxError: the registry refused a layer.
    """
    reference = f"{registry}/{repository}:{TAG}"
    docker("build", "-q", "-t", reference, SOURCE)
    image = docker("image", "inspect", "--format", "{{.Id}}", reference).strip().removeprefix("sha256:")
    kept = cache() / "pushed" / image
    api = f"http://{registry}/v2/{repository}"
    if not (kept / "manifest.json").exists():
        docker("push", "-q", reference)
        _keep(api, kept)
    return f"{registry}/{repository}@{_upload(api, kept)}"


def _keep(api: str, kept: Path) -> None:
    """Fetch what Docker pushed. The manifest is written last: a directory that has it is whole."""
    kept.mkdir(parents=True, exist_ok=True)
    manifest = _call("GET", f"{api}/manifests/{TAG}", headers={"Accept": MANIFEST}).content
    for digest in _blobs(manifest):
        (kept / digest).write_bytes(_call("GET", f"{api}/blobs/{digest}").content)
    (kept / "manifest.json").write_bytes(manifest)


def _upload(api: str, kept: Path) -> str:
    """Put the kept image where it is not; the digest of its manifest."""
    manifest = (kept / "manifest.json").read_bytes()
    for digest in _blobs(manifest):
        if requests.head(f"{api}/blobs/{digest}", timeout=SECONDS).status_code != requests.codes.ok:
            _call("POST", f"{api}/blobs/uploads/", params={"digest": digest}, data=(kept / digest).read_bytes())
    found = requests.head(f"{api}/manifests/{TAG}", headers={"Accept": MANIFEST}, timeout=SECONDS)
    if found.status_code != requests.codes.ok:
        found = _call("PUT", f"{api}/manifests/{TAG}", data=manifest, headers={"Content-Type": MANIFEST})
    return found.headers["Docker-Content-Digest"]


def _blobs(manifest: bytes) -> list[str]:
    read = json.loads(manifest)
    return [read["config"]["digest"], *(layer["digest"] for layer in read["layers"])]


def _call(method: str, url: str, **arguments: Any) -> requests.Response:
    answer = requests.request(method, url, timeout=SECONDS, **arguments)
    if not answer.ok:
        cause = f"the sandbox's registry answered {answer.status_code} to {method} {url}"
        raise SandboxError(cause, "run `deploytool sandbox up` again")
    return answer
