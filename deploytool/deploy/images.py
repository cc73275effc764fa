"""A release's images: found in the registry, built where they are missing, gated by their scan (port ``Builder``)."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from deploytool.aws.session import Session
from deploytool.config.loader import check_set
from deploytool.config.model import BuildSecret as ConfiguredSecret
from deploytool.config.model import EnvironmentConfig, ImageConfig, SecretFromFile
from deploytool.config.yaml import content_of
from deploytool.errors import ConfigurationError, NotFound
from deploytool.images import registry
from deploytool.images.build import Builder
from deploytool.images.buildx import find_toolchain
from deploytool.images.ecr import (
    ScanBlocked,
    ScanFindings,
    account_and_region,
    login,
    pending,
    scan_failure,
    scan_findings,
)
from deploytool.images.errors import RepositoryMissing
from deploytool.images.registry import registry_login
from deploytool.images.secrets import secret_parts, secret_values
from deploytool.images.spec import BuildSecret, BuildSpec
from deploytool.output import actions
from deploytool.output.console import print_commands
from deploytool.release.image_choice import check_commit, check_named, reference_of
from deploytool.release.model import Commit, ImageChoice, PublishedImage
from deploytool.release.ports import Clock, LineWriter

NOISE = re.compile(r"\s*|#\d+ sha256:[0-9a-f]+")
"""Lines of BuildKit that say nothing."""
SCAN_TIMEOUT = 300.0
"""Seconds to wait for ECR to finish a scan."""
SCAN_LAG = 15.0
"""Seconds after a push in which ECR may not know of the scan yet."""


class Images:
    """Images of one commit in one registry."""

    def __init__(
        self, session: Session, settings: EnvironmentConfig, commit: Commit, host: str, root: Path, clock: Clock
    ) -> None:
        self.host = host
        self._session = session
        self._settings = settings
        self._commit = commit
        self._root = root
        self._clock = clock
        self._logins: dict[str, registry.Auth] = {}
        self._logging_in = threading.Lock()

    def find(self, name: str) -> PublishedImage | None:
        """What the registry holds for this commit; ``None`` where it is to be built.

        Raises NotFound where there is no repository, or no image that may not be built; ImageOfAnotherCommit.
        """
        image = self._settings.images[name]
        check_named(image)
        reference = reference_of(image, self.host)
        manifest = self._manifest(reference, image)
        if manifest is None and not image.build:
            raise NotFound(
                f"image {name} is not in the registry: {reference}",
                f"push it first, or correct images.{name}: it is not built here",
            )
        if manifest and image.digest is None:
            check_commit(name, image, reference, (manifest.revision or "", manifest.source or ""), self._commit)
        return PublishedImage(manifest.digest, manifest.platforms) if manifest else None

    def find_digest(self, name: str, digest: str) -> PublishedImage | None:
        """The image with this digest in the image's own repository."""
        image = self._settings.images[name]
        manifest = self._manifest(f"{image.registry or self.host}/{image.repository}@{digest}", image)
        return PublishedImage(manifest.digest, manifest.platforms) if manifest else None

    def holds(self, reference: str) -> bool:
        """``registry/repository@digest`` still exists. An image of another registry is assumed to."""
        return not reference.startswith(f"{self.host}/") or self._manifest(reference) is not None

    def pinned(self, reference: str) -> str:
        """``registry/repository:tag`` by its digest; empty where our registry has no such image."""
        image = self._manifest(reference) if reference.startswith(f"{self.host}/") else None
        return f"{reference.rpartition(':')[0]}@{image.digest}" if image else ""

    def tag(self, image: ImageChoice, digest: str) -> None:
        """Let the further tags of the configuration name this image, too. Raises BuildError."""
        for tag in image.also_tags:
            registry.move_tag(image.pinned(digest), tag, self._auth_of(self._settings.images[image.name]))

    def _manifest(self, reference: str, image: ImageConfig | None = None) -> registry.Manifest | None:
        try:
            return registry.manifest(reference, self._auth_of(image))
        except RepositoryMissing as error:
            if image and image.build and image.registry and not account_and_region(image.registry):
                # Other registries make the repository with the first push.
                return None
            raise NotFound(error.cause, error.fix) from error

    def build(self, image: ImageChoice, write_line: LineWriter) -> PublishedImage:
        """Build and push with a Docker configuration of its own. Raises BuildError, VariableUnset."""
        environ = dict(os.environ)
        check_set(self._settings.images[image.name].build_args, f"images.{image.name}.build_args")
        configured = self._settings.images[image.name]
        auth = self._auth_of(configured)
        with registry_login(configured.registry or self.host, auth, environ) as private:
            builder = Builder(find_toolchain(private), private, auth, pause=self._clock.sleep)
            spec = self._spec(configured, image)
            self._hide(secret_values(spec.secrets, environ))
            built = builder.build(spec, lambda line: None if NOISE.fullmatch(line) else write_line(line))
        return PublishedImage(built.digest, built.platforms)

    def gate(self, image: ImageChoice, digest: str, write_line: LineWriter) -> None:
        """Wait for the image's scan. Raises ScanRefused where it found worse than ``scan.fail_on`` allows."""
        configured = self._settings.images[image.name]
        if configured.scan_fail_on is None:
            return
        findings = self._scanned(configured, digest, write_line)
        if why := scan_failure(image.name, configured.scan_fail_on, findings.status, findings.counts):
            raise why

    def scan_refusal(self, image: ImageChoice, digest: str) -> ScanBlocked | None:
        """What ``gate`` raises of an image that was pushed long ago; ``None`` also while its scan is pending."""
        configured = self._settings.images[image.name]
        if configured.scan_fail_on is None:
            return None
        try:
            findings = scan_findings(self._session, configured.registry or self.host, configured.repository, digest)
        except NotFound as error:
            return _no_scan(configured, error)
        if pending(findings.status):
            return None
        return scan_failure(image.name, configured.scan_fail_on, findings.status, findings.counts)

    def _scanned(self, image: ImageConfig, digest: str, write_line: LineWriter) -> ScanFindings:
        """The findings of the finished scan, or those so far when the timeout ends."""
        began = self._clock.monotonic()
        while True:
            waited = self._clock.monotonic() - began
            try:
                findings = scan_findings(self._session, image.registry or self.host, image.repository, digest)
            except NotFound as error:
                if waited >= SCAN_LAG:
                    raise _no_scan(image, error) from error
            else:
                if not pending(findings.status) or waited >= SCAN_TIMEOUT:
                    return findings
            write_line(f"waiting for the scan of image {image.name}")
            self._clock.sleep(3.0)

    def _auth_of(self, image: ImageConfig | None) -> registry.Auth | None:
        """The login of an image's registry: ECR's, the configured one, or what Docker has."""
        host = image.registry if image and image.registry else self.host
        if host == self.host or account_and_region(host):
            with self._logging_in:
                if host not in self._logins:
                    token = login(self._session, host)
                    self._logins[host] = self._hidden(registry.Auth(token.user, token.password))
                return self._logins[host]
        if image and image.credentials:
            password = self._value(image.name, image.credentials.password)
            return self._hidden(registry.Auth(image.credentials.username, password))
        return registry.docker_auth(host, os.environ)

    def _hidden(self, auth: registry.Auth) -> registry.Auth:
        self._hide((auth.password,))
        return auth

    def _hide(self, secrets: Iterable[str]) -> None:
        """Tell the runner, which then masks them in whatever a later step prints."""
        parts = (part for secret in secrets for part in secret_parts(secret))
        print_commands(command for part in parts for command in actions.add_mask(part))

    def _value(self, name: str, secret: ConfiguredSecret) -> str:
        if isinstance(secret, SecretFromFile):
            return content_of(self._root / secret.path, secret.path).decode("utf-8", "replace").strip()
        if value := os.environ.get(secret.variable):
            return value
        raise ConfigurationError(
            f"the password of images.{name}.credentials is not set: {secret.variable}",
            "set this environment variable where deploytool runs; in a workflow, from a secret",
        )

    def _spec(self, image: ImageConfig, choice: ImageChoice) -> BuildSpec:
        context = self._root / image.context
        return BuildSpec(
            name=image.name,
            context=context,
            dockerfile=self._root / image.dockerfile,
            reference=choice.reference,
            target=image.target,
            platforms=choice.platforms,
            build_args=image.build_args,
            secrets=tuple(_secret(name, secret, self._root) for name, secret in image.secrets.items()),
            cache=image.cache,
            labels=self._labels(),
        )

    def _labels(self) -> Mapping[str, str]:
        labels = {
            "org.opencontainers.image.revision": self._commit.sha,
            "org.opencontainers.image.created": (self._commit.committed_at or datetime.now(UTC)).isoformat(),
        }
        if self._commit.source:
            labels["org.opencontainers.image.source"] = self._commit.source
        return labels


def _no_scan(image: ImageConfig, error: NotFound) -> ScanBlocked:
    return ScanBlocked(
        f"image {image.name} has no scan: {error.cause}",
        f"turn on scanning of repository {image.repository}, or drop images.{image.name}.scan",
    )


def _secret(name: str, configured: ConfiguredSecret, root: Path) -> BuildSecret:
    if isinstance(configured, SecretFromFile):
        return BuildSecret(name, file=root / configured.path)
    return BuildSecret(name, env=configured.variable)
