"""Dockerfiles as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.scaffold.container import (
    context_of,
    health_request,
    ignored_by,
    is_development,
    is_for_release,
    is_for_worker,
    preferred,
    read_dockerfile,
    sources,
    stages,
)
from tests.unit.scaffold.projects import scan


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM node\nEXPOSE 8080", {"port": 8080}),
        ("FROM node\nEXPOSE 443 80/tcp", {"port": 80}),
        ("FROM node\nEXPOSE 53/udp 9229", {"port": 9229}),
        ("FROM node\nARG P=9000\nEXPOSE $P", {"port": 9000}),
        ("FROM node\nENV PORT=5225\nEXPOSE 9090 5225", {"port": 5225}),
        ("FROM node\nENV PORT 4000", {"port": 4000}),
        ("FROM node\nEXPOSE ${PORT:-3001}", {"port": 3001}),
        ("FROM python\nCMD gunicorn -b 0.0.0.0:8001 app", {"port": 8001}),
        ('FROM python\nEXPOSE 80\nCMD ["uvicorn", "a:b", "--port", "8000"]', {"port": 80}),
        ('FROM python\nCMD ["uvicorn", "a:b", "--port", "8000"]', {"port": 8000}),
        ("FROM python\nCMD python manage.py runserver 0.0.0.0:8002", {"port": 8002}),
        ("FROM node", {"port": 0}),
        ("", {"port": 0, "app": "", "image": "", "command": ()}),
        ("FROM x\nEXPOSE 80 8000\nCMD uvicorn a:b --port 8000", {"port": 8000}),
        ("FROM x\nENV PORT=²", {"port": 0}),
        # The last stage is what is built, unless it is for something else.
        ("FROM node AS app\nFROM nginx", {"app": "", "image": "nginx"}),
        ("FROM node AS base\nFROM base AS development\n", {"app": "", "image": "node"}),
        ("FROM node AS build\nFROM node AS server\nFROM node AS test", {"app": "server"}),
        ("FROM node AS worker\nFROM node AS runner", {"app": "runner", "worker": "worker"}),
        # Arguments before the first stage
        ("ARG V=22\nARG B=node:${V}-alpine\nFROM ${B}", {"image": "node:${V}-alpine"}),
        ("ARG V='22'\nFROM node:$V AS a\nFROM a\n", {"image": "node:22"}),
        ("FROM --platform=linux/amd64 ghcr.io/a/b:1 AS x", {"image": "ghcr.io/a/b:1"}),
        ("FROM a AS a\nFROM a AS a", {"image": "a"}),
        # Health checks
        ("FROM node\nHEALTHCHECK NONE", {"health_command": "", "health_path": ""}),
        (
            "FROM node\nHEALTHCHECK --interval=5s \\\n  CMD curl -f http://localhost:3000/up?x=1 || exit 1",
            {"health_path": "/up", "health_command": "curl -f http://localhost:3000/up?x=1 || exit 1"},
        ),
        (
            'FROM node\nHEALTHCHECK CMD ["node", "check me.js"]',
            {"health_command": "node 'check me.js'", "health_path": ""},
        ),
        ("FROM node\nHEALTHCHECK CMD wget -q http://127.0.0.1:$PORT/api/healthz", {"health_path": "/api/healthz"}),
        # Start
        ('FROM node\nCMD ["node", 1]', {"command": ('["node", 1]',)}),
        ("FROM node\nCMD [not JSON", {"command": ("[not JSON",)}),
        ("FROM node\nENTRYPOINT npm start", {"is_shell_entrypoint": True, "started": "npm start"}),
        ("FROM node\nWORKDIR /srv\nWORKDIR app", {"directory": "/srv/app"}),
        # Tools
        ("FROM node:22-slim", {"tools": {"node", "sh"}}),
        ("FROM nginx:1.29-alpine", {"tools": {"wget", "sh"}}),
        (
            "FROM debian\nRUN apt-get update && apt-get install -y curl nodejs \\\n  wget",
            {"tools": {"sh", "curl", "wget", "node"}},
        ),
        ("FROM gcr.io/distroless/nodejs22", {"tools": set(), "is_bare": True}),
        ("FROM example.com/base", {"tools": set(), "is_bare": False}),
        ("FROM php:8\nCOPY --from=node /usr/local/bin/node /usr/local/bin/node", {"tools": {"php", "sh", "node"}}),
        # Arguments
        (
            "FROM node\nARG NEXT_PUBLIC_A\nARG NEXT_PUBLIC_B=x\nARG OTHER",
            {"public": ("NEXT_PUBLIC_A", "NEXT_PUBLIC_B")},
        ),
        ("FROM node\nARG COMMIT\nENV VERSION=$COMMIT SHA=${COMMIT}", {"commit_variables": {"VERSION", "SHA"}}),
        ("FROM node\nENV A=\"x y\" B='z' C=1", {"variables": {"A": "x y", "B": "z", "C": "1"}}),
        # What is no instruction
        ("FROM node\nRUN <<EOF\nEXPOSE 1\nEOF\nEXPOSE 2", {"port": 2}),
        ("FROM node\nRUN cat <<-'END' > x\nEXPOSE 1", {"port": 0}),
        ("FROM node\r\nEXPOSE 7\r\n", {"port": 7}),
        ("FROM node\nEXPOSE 10 \\", {"port": 10}),
        ("FROM node\n??\n# EXPOSE 1\nEXPOSE 22", {"port": 22}),
    ],
)
def test_a_dockerfile_is_read(text: str, expected: dict[str, Any]) -> None:
    built = read_dockerfile(text)
    assert {name: getattr(built, name) for name in expected} == expected


def test_a_comment_inside_an_instruction_is_none_of_it() -> None:
    (stage,) = stages("FROM node\nRUN a \\\n  # why\n\n  && b\n")
    assert stage.instructions == (("RUN", "a    && b"),)


@pytest.mark.parametrize(
    ("entrypoint", "texts", "ignored"),
    [
        ("", {}, ""),
        ('["tini", "--"]', {}, ""),
        ('["uv", "run"]', {}, ""),
        ('["docker-entrypoint.sh"]', {}, ""),
        ('["/app/entry.sh"]', {"docker/entry.sh": '#!/bin/sh\nexec "$@"\n'}, ""),
        ('["/app/entry.sh"]', {"docker/entry.sh": "#!/bin/sh\nnode server.js\n"}, "docker/entry.sh"),
        ('["sh", "-e", "/app/entry.sh"]', {"entry.sh": "#!/bin/sh\nnode server.js\n"}, "entry.sh"),
        ('["sh", "-c", "node server.js"]', {}, "sh -c node server.js"),
        ('["sh", "-c", "exec \\"$@\\"", "x"]', {}, ""),
        ('["sh"]', {}, ""),
        ('["node", "server.js"]', {}, "node server.js"),
        ("npm start", {}, "npm start"),
    ],
)
def test_an_entrypoint_that_ignores_the_command_is_told_from_one_that_runs_it(
    entrypoint: str, texts: dict[str, str], ignored: str
) -> None:
    built = read_dockerfile(f"FROM node\nENTRYPOINT {entrypoint}\n" if entrypoint else "FROM node\n")
    assert ignored_by(built, texts) == ignored


@pytest.mark.parametrize(
    ("image", "tool"),
    [
        ("node:24", ""),
        ("oven/bun:1", "bun -e"),
        ("alpine", "wget -q"),
        ("python:3-slim", "python -c"),
        ("ruby:3", "ruby -rnet/http"),
        ("php:8-apache", "php -r"),
        ("scratch", "none"),
        ("ubuntu", "none"),
    ],
)
def test_a_health_check_is_one_that_the_image_can_run(image: str, tool: str) -> None:
    command = health_request(read_dockerfile(f"FROM {image}"), 8000, "/up")
    assert command.startswith(tool)
    assert ("http://127.0.0.1:8000/up" in command) is (tool not in ("", "none"))


@pytest.mark.parametrize(
    ("command", "is_dev"),
    [
        ("npm run start:dev", True),
        ("nodemon app.js", True),
        ("uvicorn a:b --reload", True),
        ("python manage.py runserver 0.0.0.0:80", True),
        ("next dev", True),
        ("vite", True),
        ("node dist/main", False),
        ("npm start", False),
        ("gunicorn app", False),
        ("uvicorn device:app", False),
    ],
)
def test_a_server_for_development_is_noticed(command: str, is_dev: bool) -> None:
    assert is_development(read_dockerfile(f"FROM x\nCMD {command}")) == (command if is_dev else "")


@pytest.mark.parametrize(
    ("path", "release", "worker"),
    [
        ("Dockerfile", True, False),
        ("Dockerfile.prod", True, False),
        ("docker/app.Dockerfile", True, False),
        ("Containerfile", True, False),
        ("compose/production/django/Dockerfile", True, False),
        ("Dockerfile.dev", False, False),
        (".devcontainer/Dockerfile", False, False),
        ("docker/db/Dockerfile", False, False),
        ("Dockerfile.worker", False, True),
        ("worker/Dockerfile", False, True),
        ("celery.Dockerfile", False, True),
        ("Dockerfile.dockerignore", False, False),
        ("docs/dockerfile-notes.md", False, False),
        ("src/dockerfile.ts", True, False),
    ],
)
def test_a_dockerfile_is_known_by_its_name(path: str, release: bool, worker: bool) -> None:
    assert (is_for_release(path), is_for_worker(path)) == (release, worker)


@pytest.mark.parametrize(
    ("paths", "chosen"),
    [
        (["Dockerfile.x"], "Dockerfile.x"),
        (["Dockerfile.x", "Dockerfile.prod"], "Dockerfile.prod"),
        (["docker/Dockerfile", "docker/Dockerfile-fpm"], "docker/Dockerfile"),
        (["Dockerfile.web", "Dockerfile.api"], ""),
        ([], ""),
    ],
)
def test_one_of_several_is_chosen_only_where_its_name_says_so(paths: list[str], chosen: str) -> None:
    assert preferred(paths) == chosen


def test_the_paths_that_are_copied_are_those_of_the_context() -> None:
    text = (
        'FROM a\nCOPY --chown=a:b x ./y z/\nADD ["q r", "./"]\nCOPY --from=b n .\nADD https://e.com/f .\nCOPY $V .\n'
        "RUN --mount=type=bind,source=uv.lock,target=uv.lock --mount=type=bind,from=b,source=n x\nCOPY / /\n"
    )
    assert sources(text) == ["x", "y", "q r", ".", "uv.lock"]


@pytest.mark.parametrize(
    ("text", "dockerfile", "context"),
    [
        ("FROM a\nCOPY src/ package*.json ./", "Dockerfile", ""),
        ("FROM a\nCOPY nginx.conf ./", "docker/Dockerfile", "docker"),
        ("FROM a\nCOPY . .", "docker/Dockerfile", ""),
        ("FROM a\nCOPY src .", "../Dockerfile", ""),
    ],
)
def test_the_context_has_what_is_copied(text: str, dockerfile: str, context: str) -> None:
    place = scan("src/a.js", "package.json", "docker/nginx.conf")
    assert context_of(text, place, dockerfile) == context
