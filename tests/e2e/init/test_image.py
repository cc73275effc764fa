"""The image that `deploytool init` describes: app, worker and migration start in it, and reach what they need."""

from __future__ import annotations

import json

import pytest

from deploytool.infra.templates import templates
from tests.e2e.init.conftest import COMMIT, TOKEN, Images, Surroundings, docker, eventually, ran

pytestmark = pytest.mark.timeout(900)
"""A minute on a quiet machine, most of it `npm ci` and `next build`."""
ASK = "fetch('http://127.0.0.1:3000/api/health').then(r => r.text().then(t => console.log(r.status, t)))"


def health_command() -> str:
    """The check of cloudformation/service.yaml, which ECS runs in the container by a shell."""
    service = templates(None, ["service"], lambda each: each)["service"].document
    check = service["Resources"]["AppTask"]["Properties"]["ContainerDefinitions"][0]["HealthCheck"]
    text = check["Fn::If"][1]["Command"][1]["Fn::If"][2]["Fn::Sub"]
    return str(text).replace("${ContainerPort}", "3000").replace("${HealthPath}", "/api/health")


def test_migration_app_and_worker_do_their_work_with_any_password(built: Images, around: Surroundings) -> None:
    docker("run", "--rm", *around.given(), built.migrate)
    assert around.rows() == []
    app = around.start("app", built.app)
    worker = around.start("worker", built.app, "node", "dist/worker/index.js")
    eventually(lambda: ran("exec", app, "sh", "-c", health_command()).returncode == 0)
    status, _, answer = docker("exec", app, "node", "-e", ASK).partition(" ")
    assert (status, json.loads(answer)) == ("200", {"status": "ok", "version": COMMIT})
    docker("exec", f"{around.name}-redis", "redis-cli", "--no-auth-warning", "-a", TOKEN, "rpush", "orders", "tea")
    eventually(lambda: around.rows() == ["tea"])
    # The signal of a stopping task reaches both at once: no shell stands between.
    docker("stop", "--time", "20", app, worker)
    ended = docker("inspect", "--format", "{{.State.ExitCode}}", app, worker).split()
    assert set(ended) <= {"0", "143"}


def test_a_task_without_a_password_ends_at_once_and_says_why(built: Images) -> None:
    done = ran(
        "run", "--rm", "--env", "DATABASE_HOST=db", "--env", "DATABASE_NAME=a", "--env", "DATABASE_USER=b", built.app
    )
    assert done.returncode == 78
    assert done.stdout == "entry: DATABASE_PASSWORD is not set; it is needed beside DATABASE_HOST\n"


def test_nothing_runs_as_root_and_the_image_holds_what_it_needs_and_no_more(built: Images) -> None:
    for image in (built.app, built.migrate):
        assert docker("run", "--rm", image, "id", "-un").strip() == "app"
    listed = docker("run", "--rm", built.app, "ls", "/app", "/app/node_modules").split()
    assert {"server.js", "dist", "docker", "pg", "ioredis", "next"} <= set(listed)
    # For development only; the worker's source, and everything else of the checkout.
    assert not {"esbuild", "worker", "deploytool.yml", "Dockerfile"} & set(listed)
    assert "esbuild" in docker("run", "--rm", built.migrate, "ls", "/app/node_modules").split()
