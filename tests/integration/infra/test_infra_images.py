"""The images that `infra apply` passes: those that run, else those of the commit, else built."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests

from deploytool.aws.session import Session
from deploytool.deploy.context import Context, SystemClock, open_context
from deploytool.infra.parameters import APP_IMAGE, MIGRATE_IMAGE
from deploytool.infra.session import InfraImages
from tests.integration.infra.checkout import Checkout, make_checkout

CONFIG = """\
app: {app}
images: {{app: {{}}, migrate: {{}}}}
migrate: {{task: {app}-migrate, image: migrate, like: app}}
services: {{app: {{image: app, service: web}}, worker: {{image: app}}}}
environments: {{production: {{region: us-east-1, cluster: {app}}}}}
"""
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def checkout(session: Session, upstream: str, tmp_path: Path) -> Checkout:
    """Past the front: images are pushed."""
    return make_checkout(tmp_path, f"a{uuid.uuid4().hex[:8]}", session, upstream)


@pytest.fixture
def found(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Context:
    """As a command sees it: an app with a migration of its own image, and a repository."""
    checkout.configure(CONFIG.format(app=checkout.app))
    for name, value in checkout.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(checkout.root)
    checkout.session.client("ecr").create_repository(repositoryName=checkout.app)
    return open_context("deploytool.yml", "production")


def images(found: Context) -> dict[str, str]:
    return dict(InfraImages(found, SystemClock()).running())


def registry(found: Context) -> str:
    return os.environ["DEPLOYTOOL_REGISTRY"]


def push(found: Context, tag: str) -> str:
    """An image of nothing, under this tag; its digest."""
    api = f"http://{registry(found)}/v2/{found.settings.app}"
    config = json.dumps({"os": "linux", "architecture": "amd64", "config": {}, "tag": tag}).encode()
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    assert requests.post(f"{api}/blobs/uploads/", params={"digest": digest}, data=config, timeout=10).ok
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": len(config),
            "digest": digest,
        },
        "layers": [],
    }
    headers = {"Content-Type": MANIFEST}
    answer = requests.put(f"{api}/manifests/{tag}", data=json.dumps(manifest), headers=headers, timeout=10)
    assert answer.ok, answer.text
    return answer.headers["Docker-Content-Digest"]


def live(found: Context, app_image: str, migrate_image: str = "") -> None:
    """A service that runs no task, and a task definition of the migration."""
    ecs, name = found.session.client("ecs"), found.settings.app
    ecs.create_cluster(clusterName=name)
    container: dict[str, Any] = {"name": "app", "image": app_image, "memory": 32}
    arn = ecs.register_task_definition(family=name, containerDefinitions=[container])["taskDefinition"][
        "taskDefinitionArn"
    ]
    ecs.create_service(cluster=name, serviceName="web", taskDefinition=arn, desiredCount=0)
    if migrate_image:
        container = {"name": "migrate", "image": migrate_image, "memory": 32}
        ecs.register_task_definition(family=f"{name}-migrate", containerDefinitions=[container])


def test_what_runs_by_digest_is_passed_as_it_is(found: Context) -> None:
    app, migrate = "elsewhere/app@sha256:" + "1" * 64, "elsewhere/migrate@sha256:" + "2" * 64
    live(found, app, migrate)
    push(found, found.commit.sha)
    assert images(found) == {APP_IMAGE: app, MIGRATE_IMAGE: migrate}


def test_what_runs_by_a_tag_of_our_registry_is_passed_by_digest(found: Context) -> None:
    digest = push(found, "v1")
    where = f"{registry(found)}/{found.settings.app}"
    live(found, f"{where}:v1")
    assert images(found) == {APP_IMAGE: f"{where}@{digest}"}


def test_what_the_registry_has_for_the_commit_is_passed_when_nothing_runs(found: Context) -> None:
    where = f"{registry(found)}/{found.settings.app}"
    app, migrate = (push(found, f"{found.commit.sha}-{name}") for name in ("app", "migrate"))
    assert images(found) == {APP_IMAGE: f"{where}@{app}", MIGRATE_IMAGE: f"{where}@{migrate}"}


def test_there_is_none_when_nothing_runs_and_nothing_was_built(found: Context) -> None:
    assert images(found) == {}


def test_there_is_none_when_there_is_not_even_a_repository(found: Context) -> None:
    found.session.client("ecr").delete_repository(repositoryName=found.settings.app)
    assert images(found) == {}


def test_a_service_that_was_deleted_runs_nothing(found: Context) -> None:
    live(found, "elsewhere/app@sha256:" + "1" * 64)
    found.session.client("ecs").delete_service(cluster=found.settings.app, service="web", force=True)
    assert images(found) == {}


def test_the_first_apply_builds_the_image_of_the_commit_and_the_next_one_keeps_it(checkout: Checkout) -> None:
    (checkout.root / "Dockerfile").write_text("FROM scratch\nCOPY deploytool.yml /\n")
    text = (checkout.root / "deploytool.yml").read_text()
    checkout.configure(text.replace("images: {app: {}}", "images: {app: {dockerfile: Dockerfile}}"))
    made = checkout.document("apply")
    assert (made["exit"], made["result"]) == (0, "applied"), made
    (held,) = checkout.session.client("ecr").describe_images(repositoryName=checkout.app)["imageDetails"]
    stack = checkout.session.client("cloudformation").describe_stacks(StackName=f"{checkout.app}-production-service")
    passed = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Stacks"][0]["Parameters"]}
    assert passed["AppImage"].endswith(f"/{checkout.app}@{held['imageDigest']}")
    checkout.configure(text.replace("8080", "8080  "))
    assert checkout.document("apply")["result"] == "nothing_to_do"
