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
from deploytool.images.spec import REVISION_LABEL, SOURCE_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


# Docker only reads these: linked, so that TLS keys of contexts are not copied.
_LINKED = ("cli-plugins", "contexts")
# The current builder: copied, since buildx also writes here. Its history (refs) is left out.
_COPIED = ("buildx/instances", "buildx/defaults", "buildx/current")


@contextmanager
def registry_login(registry: str, auth: Auth | None, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """``environ`` with ``DOCKER_CONFIG``, a private directory with a login for ``registry``, where there is one.

    The user's other logins, plugins, context and builder stay usable. The directory is always deleted at the end.

    Raises:
        DockerConfigUnreadable: the user's ``config.json`` is not a JSON object.
    """
    users = _users_configuration(environ)
    with tempfile.TemporaryDirectory(prefix="deploytool-docker-") as folder:
        private = Path(folder)
        _adopt(users, private)
        config = _read(users / "config.json")
        if auth:
            config = with_login(config, registry, auth)
        path = private / "config.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(config), encoding="utf-8")
        yield {**environ, "DOCKER_CONFIG": folder}


def _users_configuration(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME") or "~").expanduser() / ".docker")


def with_login(config: Mapping[str, Any], registry: str, auth: Auth) -> dict[str, Any]:
    """``config`` (Docker's ``config.json``) with a login for ``registry``."""
    token = base64.b64encode(f"{auth.username}:{auth.password}".encode()).decode()
    return {
        **config,
        "auths": {**(config.get("auths") or {}), _docker_key(registry): {"auth": token}},
        # With a credentials store Docker uses only that; an empty helper makes it use this file.
        "credHelpers": {**(config.get("credHelpers") or {}), _docker_key(registry): ""},
    }


def _docker_key(registry: str) -> str:
    """What Docker calls a registry in its configuration."""
    return _DOCKER_HUB_KEY if registry in _DOCKER_HUB else registry


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

    ``platforms`` are ``os/architecture[/variant]``, one per image. ``revision`` and ``source`` are the labels
    ``org.opencontainers.image.revision`` and ``.source`` of the (first) image.
    """

    digest: str
    platforms: tuple[str, ...]
    revision: str | None
    source: str | None = None


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
        if self.registry in _DOCKER_HUB:
            path = self.repository if "/" in self.repository else f"library/{self.repository}"
            return f"https://registry-1.docker.io/v2/{path}"
        return f"{'http' if _is_local(self.registry) else 'https'}://{self.registry}/v2/{self.repository}"


_DOCKER_HUB = ("docker.io", "index.docker.io")
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


def _is_local(registry: str) -> bool:
    host = registry.partition(":")[0]
    return host == "localhost" or host.startswith("127.")


def docker_auth(registry: str, environ: Mapping[str, str]) -> Auth | None:
    """The login that ``docker login`` (or docker/login-action) left for ``registry``; ``None`` where there is none.

    Raises DockerConfigUnreadable.
    """
    logins = _read(_users_configuration(environ) / "config.json").get("auths") or {}
    entry = logins.get(_docker_key(registry)) or {}
    try:
        user, separator, password = base64.b64decode(entry.get("auth") or "").decode().partition(":")
    except ValueError:
        return None
    return Auth(user, password) if separator else None


def move_tag(reference: str, tag: str, auth: Auth | None = None) -> None:
    """Let ``tag`` name the image ``registry/repository@sha256:…``, in the same repository. Raises BuildError."""
    with _session(auth) as session:
        _Repository(session, ImageName.parse(reference), "pull,push").move_tag(tag)


def _session(auth: Auth | None) -> requests.Session:
    session = requests.Session()
    retry = Retry(total=3, backoff_factor=0.3, status_forcelist=_RETRIED, raise_on_status=False)
    session.mount("http://", HTTPAdapter(max_retries=retry))
    session.mount("https://", HTTPAdapter(max_retries=retry))
    if auth:
        session.auth = (auth.username, auth.password)
    return session


def manifest(reference: str, auth: Auth | None = None) -> Manifest | None:
    """The manifest of ``registry/repository:tag`` (or ``@digest``); ``None`` if it does not exist.

    Raises:
        RepositoryMissing: the registry has no such repository.
        RegistryDenied: the registry does not accept ``auth``.
        RegistryUnreachable, RegistryFailed
    """
    name = ImageName.parse(reference)
    with _session(auth) as session:
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
    actions: str = "pull"

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
            return Manifest(digest, (_platform(config),), *_commit(config))
        # An attestation is listed as an image of platform unknown/unknown.
        images = [
            entry for entry in document["manifests"] if entry.get("platform", {}).get("os", "unknown") != "unknown"
        ]
        platforms = tuple(_platform(entry["platform"]) for entry in images)
        first = self._json(self._get(f"manifests/{images[0]['digest']}")) if images else None
        return Manifest(digest, platforms, *(_commit(self._config(first)) if first else (None, None)))

    def _config(self, image: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._json(self._get(f"blobs/{image['config']['digest']}"))

    def move_tag(self, tag: str) -> None:
        answer = self._get(f"manifests/{self.name.reference}")
        self._json(answer)
        kind = answer.headers.get("Content-Type", _IMAGES[0])
        put = self._ask("PUT", f"manifests/{tag}", data=answer.content, headers={"Content-Type": kind})
        if not put.ok:
            raise RegistryFailed(
                f"tag {tag} of {self.name.registry}/{self.name.repository} could not be moved: HTTP {put.status_code}",
                "allow tags to be moved in this repository (and ecr:PutImage), or remove it from also_tags",
            )

    def _get(self, path: str) -> requests.Response:
        headers = {"Accept": ", ".join(_INDEXES + _IMAGES)}
        answer = self._ask("GET", path, headers=headers)
        if answer.status_code == 401 and self._take_token(answer.headers.get("WWW-Authenticate", "")):
            answer = self._ask("GET", path, headers=headers)
        if answer.status_code in {401, 403}:
            fix = "allow ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository"
            if ".ecr." not in self.name.registry:
                fix += "; for another registry, give `credentials` of the image, or run docker login first"
            raise RegistryDenied(
                f"{self.name.registry} denied reading {self.name.repository}: HTTP {answer.status_code}", fix
            )
        return answer

    def _take_token(self, challenge: str) -> bool:
        """Exchange the login for a token; without a login, an anonymous one. False where the registry wants none.

        https://distribution.github.io/distribution/spec/auth/token/
        """
        asked = dict(_CHALLENGE.findall(challenge))
        realm = asked.get("realm", "")
        safe = realm.startswith("https://") or (_is_local(self.name.registry) and realm.startswith("http://"))
        if not challenge.lower().startswith("bearer ") or not safe:
            return False
        path = self.name.url.partition("/v2/")[2]
        query = {"service": asked.get("service", ""), "scope": f"repository:{path}:{self.actions}"}
        answer = self._send("GET", realm, params=query)
        try:
            document = answer.json()
            token = document.get("token") or document.get("access_token")
        except (ValueError, AttributeError):
            return False
        if not token:
            return False
        self.session.auth = None
        self.session.headers["Authorization"] = f"Bearer {token}"
        return True

    def _ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._send(method, f"{self.name.url}/{path}", **options)

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            return self.session.request(method, url, timeout=_TIMEOUT_SECONDS, **options)
        except requests.RequestException as error:
            raise RegistryUnreachable(
                f"{self.name.registry} does not respond: {type(error).__name__}",
                "check the network and the registry's name, then release again",
            ) from error

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


def _commit(config: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Commit and repository, by the image's labels."""
    labels = (config.get("config") or {}).get("Labels") or {}
    return labels.get(REVISION_LABEL), labels.get(SOURCE_LABEL)
