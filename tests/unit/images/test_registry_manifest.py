"""What a registry's answers mean."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import responses
from requests import ConnectionError as NoConnection

from deploytool.images import errors
from deploytool.images.registry import Auth, ImageName, Manifest, docker_auth, manifest, move_tag

BASE = "https://r.example/v2/shop"
INDEX = "application/vnd.oci.image.index.v1+json"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
ARM = {"os": "linux", "architecture": "arm64", "variant": "v8"}
AMD = {"os": "linux", "architecture": "amd64"}
LABELLED = {**AMD, "config": {"Labels": {"org.opencontainers.image.revision": "1a2b"}}}


def image(config: str = "sha256:c") -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": IMAGE, "config": {"digest": config}}


def answer(path: str, document: dict[str, Any], **headers: str) -> None:
    responses.get(f"{BASE}/{path}", body=json.dumps(document), headers=headers)


@responses.activate
def test_digest_platform_and_commit_are_known_when_the_tag_is_one_image() -> None:
    answer("manifests/1a2b", image(), **{"Docker-Content-Digest": "sha256:d"})
    answer("blobs/sha256:c", LABELLED)
    assert manifest("r.example/shop:1a2b", Auth("AWS", "x")) == Manifest("sha256:d", ("linux/amd64",), "1a2b")
    assert responses.calls[0].request.headers["Authorization"].startswith("Basic ")
    assert INDEX in responses.calls[0].request.headers["Accept"]


@responses.activate
def test_every_platform_but_attestations_is_listed_when_the_tag_is_an_index() -> None:
    entries = [
        {"digest": "sha256:a", "platform": ARM},
        {"digest": "sha256:b", "platform": AMD},
        {"digest": "sha256:x", "platform": {"os": "unknown", "architecture": "unknown"}},
    ]
    answer("manifests/1a2b", {"mediaType": INDEX, "manifests": entries}, **{"Docker-Content-Digest": "sha256:i"})
    answer("manifests/sha256:a", image())
    answer("blobs/sha256:c", LABELLED)
    assert manifest("r.example/shop:1a2b") == Manifest("sha256:i", ("linux/arm64/v8", "linux/amd64"), "1a2b")


@responses.activate
def test_the_digest_is_computed_when_the_registry_does_not_say_it() -> None:
    answer("manifests/1a2b", image())
    answer("blobs/sha256:c", AMD)
    found = manifest("r.example/shop:1a2b")
    expected = hashlib.sha256(json.dumps(image()).encode()).hexdigest()
    assert found == Manifest(f"sha256:{expected}", ("linux/amd64",), None)


@responses.activate
def test_there_is_no_manifest_when_the_tag_is_missing() -> None:
    responses.get(f"{BASE}/manifests/1a2b", status=404, json={"errors": [{"code": "MANIFEST_UNKNOWN"}]})
    assert manifest("r.example/shop:1a2b") is None


@responses.activate
def test_a_brief_fault_is_retried() -> None:
    responses.get(f"{BASE}/manifests/1a2b", status=503)
    responses.get(f"{BASE}/manifests/1a2b", status=404)
    assert manifest("r.example/shop:1a2b") is None
    assert len(responses.calls) == 2


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, '{"errors": [{"code": "NAME_UNKNOWN"}]}', errors.RepositoryMissing),
        (401, "", errors.RegistryDenied),
        (403, "", errors.RegistryDenied),
        (400, "", errors.RegistryFailed),
        (200, '{"schemaVersion": 1, "fsLayers": []}', errors.RegistryFailed),
        (200, "<html>a proxy's login page</html>", errors.RegistryFailed),
    ],
)
def test_the_error_says_which_when_the_registry_refuses(status: int, body: str, kind: type[Exception]) -> None:
    responses.get(f"{BASE}/manifests/1a2b", status=status, body=body)
    with pytest.raises(kind, match=r"r\.example"):
        manifest("r.example/shop:1a2b")


@responses.activate
def test_the_registry_is_called_unreachable_when_it_does_not_answer() -> None:
    responses.get(f"{BASE}/manifests/1a2b", body=NoConnection("refused"))
    with pytest.raises(errors.RegistryUnreachable, match=r"r\.example does not respond"):
        manifest("r.example/shop:1a2b")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("localhost:4566/shop:1", "http://localhost:4566/v2/shop"),
        ("127.0.0.1:5000/a/b:1", "http://127.0.0.1:5000/v2/a/b"),
        ("1.dkr.ecr.us-east-1.amazonaws.com/shop:1", "https://1.dkr.ecr.us-east-1.amazonaws.com/v2/shop"),
        (f"r.example/shop@sha256:{'0' * 64}", "https://r.example/v2/shop"),
    ],
)
def test_plain_http_is_spoken_only_when_the_registry_is_on_this_machine(text: str, url: str) -> None:
    assert ImageName.parse(text).url == url


@pytest.mark.parametrize("text", ["shop", "shop:1", "r.example/shop", "r.example/shop@sha256:12"])
def test_a_reference_is_refused_when_registry_or_tag_is_left_to_guess(text: str) -> None:
    with pytest.raises(ValueError, match="registry/repository:tag"):
        ImageName.parse(text)


CHALLENGE = 'Bearer realm="https://auth.example/token",service="r.example",scope="repository:shop:pull"'


def challenged(challenge: str = CHALLENGE, path: str = "manifests/1a2b") -> None:
    responses.get(f"{BASE}/{path}", status=401, headers={"WWW-Authenticate": challenge})


@responses.activate
@pytest.mark.parametrize("auth", [Auth("ada", "secret"), None])
@pytest.mark.parametrize("key", ["token", "access_token"])
def test_the_login_is_exchanged_for_a_token_when_the_registry_wants_one(auth: Auth | None, key: str) -> None:
    challenged()
    responses.get("https://auth.example/token", json={key: "t"})
    answer("manifests/1a2b", image(), **{"Docker-Content-Digest": "sha256:d"})
    answer("blobs/sha256:c", {**AMD, "config": {"Labels": {"org.opencontainers.image.source": "s"}}})
    assert manifest("r.example/shop:1a2b", auth) == Manifest("sha256:d", ("linux/amd64",), None, "s")
    _, exchange, second, _ = (call.request for call in responses.calls)
    assert exchange.url == "https://auth.example/token?service=r.example&scope=repository%3Ashop%3Apull"
    assert ("Authorization" in exchange.headers) is bool(auth)
    assert second.headers["Authorization"] == "Bearer t"


@responses.activate
@pytest.mark.parametrize(
    ("challenge", "status", "body"),
    [
        ("", 200, "{}"),
        ('Basic realm="x"', 200, "{}"),
        (CHALLENGE.replace("https", "http"), 200, '{"token": "t"}'),
        (CHALLENGE, 401, '{"errors": []}'),
        (CHALLENGE, 200, "<html>"),
        (CHALLENGE, 200, "[]"),
    ],
)
def test_reading_is_denied_when_no_token_can_be_had(challenge: str, status: int, body: str) -> None:
    challenged(challenge)
    responses.get("https://auth.example/token", status=status, body=body)
    responses.get("http://auth.example/token", status=status, body=body)
    with pytest.raises(errors.RegistryDenied) as refused:
        manifest("r.example/shop:1a2b", Auth("ada", "secret"))
    assert "docker login" in refused.value.fix
    assert all(str(call.request.url).startswith("https://") for call in responses.calls)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("docker.io/nginx:1", "https://registry-1.docker.io/v2/library/nginx"),
        ("docker.io/acme/shop:1", "https://registry-1.docker.io/v2/acme/shop"),
        ("ghcr.io/acme/shop:1", "https://ghcr.io/v2/acme/shop"),
    ],
)
def test_docker_hub_is_asked_where_its_images_are(name: str, url: str) -> None:
    assert ImageName.parse(name).url == url


DIGESTED = "sha256:" + "a" * 64


@responses.activate
def test_a_tag_is_moved_by_pushing_the_manifest_under_its_name() -> None:
    answer(f"manifests/{DIGESTED}", image(), **{"Content-Type": IMAGE})
    put = responses.put(f"{BASE}/manifests/latest", status=201)
    move_tag(f"r.example/shop@{DIGESTED}", "latest", Auth("AWS", "x"))
    assert put.call_count == 1
    assert responses.calls[1].request.body == json.dumps(image()).encode()
    assert responses.calls[1].request.headers["Content-Type"] == IMAGE


@responses.activate
def test_it_is_said_how_when_a_tag_cannot_be_moved() -> None:
    answer(f"manifests/{DIGESTED}", image())
    responses.put(f"{BASE}/manifests/latest", status=400)
    with pytest.raises(errors.RegistryFailed, match="could not be moved"):
        move_tag(f"r.example/shop@{DIGESTED}", "latest")


def test_the_login_of_docker_is_used_when_there_is_one(tmp_path: Path) -> None:
    entries = {
        "ghcr.io": {"auth": base64.b64encode(b"ada:to:ken").decode()},
        "https://index.docker.io/v1/": {"auth": base64.b64encode(b"hub:x").decode()},
        "odd.example": {"auth": "%%%"},
        "store.example": {},
    }
    (tmp_path / "config.json").write_text(json.dumps({"auths": entries}))
    environ = {"DOCKER_CONFIG": str(tmp_path)}
    assert docker_auth("ghcr.io", environ) == Auth("ada", "to:ken")
    assert docker_auth("docker.io", environ) == Auth("hub", "x")
    assert [docker_auth(host, environ) for host in ("odd.example", "store.example", "none.example")] == [None] * 3
    assert docker_auth("ghcr.io", {"HOME": str(tmp_path / "none")}) is None
