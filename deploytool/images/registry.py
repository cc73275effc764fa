"""The login of Docker for one registry, and what the registry has (OCI distribution API)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from deploytool.images.errors import (
    DockerConfigUnreadable,
    RegistryDenied,
    RegistryFailed,
    RegistryUnreachable,
    RepositoryMissing,
)
from deploytool.images.spec import REVISION_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


# Docker only reads these: linked, so that TLS keys of contexts are not copied.
_LINKED = ("cli-plugins", "contexts")
# The current builder: copied, since buildx also writes here. Its history (refs) is left out.
_COPIED = ("buildx/instances", "buildx/defaults", "buildx/current")


@contextmanager
def registry_login(registry: str, auth: Auth, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """``environ`` with ``DOCKER_CONFIG``, a private directory with a login for ``registry``.

    The user's other logins, plugins, context and builder stay usable. The directory is always deleted at the end.

    Raises:
        DockerConfigUnreadable: the user's ``config.json`` is not a JSON object.
    """
    users = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME") or "~").expanduser() / ".docker")
    with tempfile.TemporaryDirectory(prefix="deploytool-docker-") as folder:
        private = Path(folder)
        _adopt(users, private)
        config = with_login(_read(users / "config.json"), registry, auth)
        path = private / "config.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(config), encoding="utf-8")
        yield {**environ, "DOCKER_CONFIG": folder}


def with_login(config: Mapping[str, Any], registry: str, auth: Auth) -> dict[str, Any]:
    """``config`` (Docker's ``config.json``) with a login for ``registry``."""
    token = base64.b64encode(f"{auth.username}:{auth.password}".encode()).decode()
    return {
        **config,
        "auths": {**(config.get("auths") or {}), registry: {"auth": token}},
        # With a credentials store Docker uses only that; an empty helper makes it use this file.
        "credHelpers": {**(config.get("credHelpers") or {}), registry: ""},
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _unreadable(path) from error
    if not isinstance(config, dict):
        raise _unreadable(path)
    return config


def _unreadable(path: Path) -> DockerConfigUnreadable:
    return DockerConfigUnreadable(f"{path} is no valid Docker configuration", "correct or remove the file")


def _adopt(users: Path, private: Path) -> None:
    for name in _LINKED:
        if (users / name).exists():
            (private / name).symlink_to((users / name).resolve())
    for name in _COPIED:
        source, copy = users / name, private / name
        copy.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy)
        elif source.is_file():
            shutil.copy2(source, copy)


_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_IMAGES = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_TIMEOUT_SECONDS = (5, 30)
_RETRIED = (429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Auth:
    """HTTP Basic credentials; for Amazon ECR the user is ``AWS`` and the password its authorization token."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Auth(username={self.username!r}, password=***)"


@dataclass(frozen=True)
class Manifest:
    """An image or index in a registry.

    ``platforms`` are ``os/architecture[/variant]``, one per image. ``revision`` is the label
    ``org.opencontainers.image.revision`` of the (first) image.
    """

    digest: str
    platforms: tuple[str, ...]
    revision: str | None


@dataclass(frozen=True)
class ImageName:
    """``registry/repository:tag`` or ``registry/repository@sha256:…``, parsed."""

    registry: str
    repository: str
    reference: str

    @classmethod
    def parse(cls, text: str) -> ImageName:
        """Raises ValueError without registry or tag: Docker Hub and ``latest`` are never assumed."""
        match = re.fullmatch(r"([^/]+)/([^:@]+)(?::([^@/]+)|@(sha256:[0-9a-f]{64}))", text)
        if not match:
            raise ValueError(f"not registry/repository:tag: {text}")
        return cls(match.group(1), match.group(2), match.group(3) or match.group(4))

    def at(self, digest: str) -> str:
        return f"{self.registry}/{self.repository}@{digest}"

    @property
    def url(self) -> str:
        """Plain HTTP on this machine only, as in Docker."""
        host = self.registry.partition(":")[0]
        local = host == "localhost" or host.startswith("127.")
        return f"{'http' if local else 'https'}://{self.registry}/v2/{self.repository}"


def manifest(reference: str, auth: Auth | None = None) -> Manifest | None:
    """The manifest of ``registry/repository:tag`` (or ``@digest``); ``None`` if it does not exist.

    Raises:
        RepositoryMissing: the registry has no such repository.
        RegistryDenied: the registry does not accept ``auth``.
        RegistryUnreachable, RegistryFailed
    """
    name = ImageName.parse(reference)
    with requests.Session() as session:
        retry = Retry(total=3, backoff_factor=0.3, status_forcelist=_RETRIED, raise_on_status=False)
        session.mount("http://", HTTPAdapter(max_retries=retry))
        session.mount("https://", HTTPAdapter(max_retries=retry))
        if auth:
            session.auth = (auth.username, auth.password)
        try:
            return _Repository(session, name).manifest()
        except (KeyError, TypeError) as error:
            raise RegistryFailed(
                f"{reference} is not an image ECS can run: its manifest has no {error}", "build and push it again"
            ) from error


@dataclass(frozen=True)
class _Repository:
    session: requests.Session
    name: ImageName

    def manifest(self) -> Manifest | None:
        answer = self._get(f"manifests/{self.name.reference}")
        if answer.status_code == 404:
            if "NAME_UNKNOWN" in answer.text:
                raise RepositoryMissing(
                    f"{self.name.registry} has no repository {self.name.repository}",
                    "create it, or correct repository in deploytool.yml",
                )
            return None
        document = self._json(answer)
        digest = answer.headers.get("Docker-Content-Digest") or f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
        if document.get("mediaType", answer.headers.get("Content-Type")) not in _INDEXES:
            config = self._config(document)
            return Manifest(digest, (_platform(config),), _revision(config))
        # An attestation is listed as an image of platform unknown/unknown.
        images = [
            entry for entry in document["manifests"] if entry.get("platform", {}).get("os", "unknown") != "unknown"
        ]
        platforms = tuple(_platform(entry["platform"]) for entry in images)
        first = self._json(self._get(f"manifests/{images[0]['digest']}")) if images else None
        return Manifest(digest, platforms, _revision(self._config(first)) if first else None)

    def _config(self, image: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._json(self._get(f"blobs/{image['config']['digest']}"))

    def _get(self, path: str) -> requests.Response:
        try:
            answer = self.session.get(
                f"{self.name.url}/{path}", headers={"Accept": ", ".join(_INDEXES + _IMAGES)}, timeout=_TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            raise RegistryUnreachable(
                f"{self.name.registry} does not respond: {type(error).__name__}",
                "check the network and the registry's name, then release again",
            ) from error
        if answer.status_code in {401, 403}:
            raise RegistryDenied(
                f"{self.name.registry} denied reading {self.name.repository}: HTTP {answer.status_code}",
                "allow ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository",
            )
        return answer

    def _json(self, answer: requests.Response) -> dict[str, Any]:
        try:
            answer.raise_for_status()
            document = answer.json()
        except requests.RequestException as error:
            raise RegistryFailed(
                f"{self.name.registry} returned HTTP {answer.status_code} for {self.name.repository}, not an image",
                "release again; if it persists, check the registry",
            ) from error
        return dict(document)


def _platform(described: Mapping[str, Any]) -> str:
    parts = (described.get("os"), described.get("architecture"), described.get("variant"))
    return "/".join(str(part) for part in parts if part)


def _revision(config: Mapping[str, Any]) -> str | None:
    labels = (config.get("config") or {}).get("Labels") or {}
    return labels.get(REVISION_LABEL)
