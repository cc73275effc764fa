"""What `init` makes of projects with a Dockerfile of their own, as public ones have them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from deploytool.scaffold.contents import ContentOptions, Contents, NothingToRelease, contents, deciding
from deploytool.scaffold.dockerfile import dockerfile
from deploytool.scaffold.model import ProjectScan
from deploytool.scaffold.node import node_app
from tests.unit.scaffold.projects import scan

NO_OPTIONS = ContentOptions()
PYTHON = "FROM python:3.13-slim\nWORKDIR /code\nCOPY . .\nEXPOSE 8000\n"
NODE = 'FROM node:24-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci\nEXPOSE 8080\nCMD ["node", "server.js"]\n'
NEXT = {"dependencies": {"next": "16"}, "scripts": {"build": "next build"}}
HEALTHY = {"src/index.js": "const app = express();\napp.get('/healthz', ok)\n"}
DJANGO = {"manage.py": "", "shop/urls.py": "urlpatterns = [path('healthz/', ok)]", "shop/wsgi.py": ""}


def inside(place: ProjectScan, options: ContentOptions = NO_OPTIONS) -> Contents:
    package = place.package() if "package.json" in place.paths else None
    return contents(place, package, node_app(place, package), options)


@dataclass(frozen=True)
class Case:
    """One project; what is compared of it."""

    texts: dict[str, str]
    package: Any = None
    expected: dict[str, Any] = field(default_factory=dict)
    decides: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


CASES = {
    # https://github.com/wagtail/bakerydemo: Procfile, gunicorn, a health route of its own
    "django starts by gunicorn, its Procfile migrates": Case(
        {**DJANGO, "Dockerfile": PYTHON + "CMD gunicorn shop.wsgi", "Procfile": "web: x\nrelease: ./manage.py migrate"},
        expected={
            "port": 8000,
            "health_path": "/healthz/",
            "health_command": 'python -c "import urllib.request as r; '
            "r.urlopen('http://127.0.0.1:8000/healthz/', timeout=4)\"",
            "migrate": ("./manage.py", "migrate"),
            "worker": (),
        },
        notes=("ALLOWED_HOSTS", "ARG COMMIT"),
    ),
    # https://github.com/testdrivenio/fastapi-celery
    "celery is the worker of a django app": Case(
        {
            **DJANGO,
            "shop/celery.py": "app = Celery('shop')",
            "requirements.txt": "celery",
            "Dockerfile": PYTHON + 'ENTRYPOINT ["./entry.sh"]\nCMD ["gunicorn", "shop.wsgi"]',
            "entry.sh": '#!/bin/sh\nexec "$@"\n',
        },
        expected={
            "worker": ("celery", "-A", "shop", "worker", "--loglevel=info"),
            "migrate": ("python", "manage.py", "migrate", "--noinput"),
        },
        notes=("ALLOWED_HOSTS", "ARG COMMIT"),
    ),
    "an entrypoint that ignores its arguments runs neither worker nor migration": Case(
        {
            **DJANGO,
            "shop/celery.py": "app = Celery('shop')",
            "Dockerfile": PYTHON + 'ENTRYPOINT ["/code/entry.sh"]',
            "entry.sh": "#!/bin/sh\nexec gunicorn shop.wsgi\n",
        },
        expected={"worker": (), "migrate": (), "migrate_image": ""},
        decides=("the migration `python manage.py", "the worker `celery -A shop"),
        notes=("ALLOWED_HOSTS", "ARG COMMIT"),
    ),
    # https://github.com/maybe-finance/maybe
    "rails with sidekiq reads REDIS_URL": Case(
        {
            "Dockerfile": "FROM ruby:3.4-slim\nWORKDIR /rails\nARG COMMIT\n"
            'ENTRYPOINT ["/rails/bin/docker-entrypoint"]\nEXPOSE 3000\nCMD ["./bin/rails", "server"]\n',
            "bin/rails": "#!/usr/bin/env ruby\n",
            "bin/docker-entrypoint": '#!/bin/bash\nexec "${@}"\n',
            "config/routes.rb": 'get "up" => "rails/health#show", as: :rails_health_check\n',
            "config/initializers/sidekiq.rb": "ENV['REDIS_URL']",
            "Gemfile": "gem 'rails'\ngem 'sidekiq'\n",
            "db/migrate/1_a.rb": "",
        },
        expected={
            "health_path": "/up",
            "started": ("/rails/bin/docker-entrypoint", "./bin/rails", "server"),
            "worker": ("/rails/bin/docker-entrypoint", "bundle", "exec", "sidekiq"),
            "migrate": ("/rails/bin/docker-entrypoint", "bin/rails", "db:migrate"),
            "migrations": "db/migrate",
        },
        notes=("the stack makes REDIS_URL and starts `/rails/bin/docker-entrypoint ./bin/rails server`",),
    ),
    "a command that a list of parameters cannot hold leaves the addresses to decide": Case(
        {**HEALTHY, "Dockerfile": NODE + 'CMD ["node", "a,b.js"]', "src/db.js": "process.env.DATABASE_URL"},
        {"dependencies": {"express": "5"}},
        decides=("the app reads DATABASE_URL, and the stacks set parts",),
        notes=("ARG COMMIT",),
    ),
    "an app that puts its address together is left alone": Case(
        {**HEALTHY, "Dockerfile": NODE, "src/db.js": "DATABASE_URL || DATABASE_HOST + DATABASE_PASSWORD"},
        {"dependencies": {"express": "5"}},
        expected={"started": (), "port": 8080, "health_command": ""},
        notes=("ARG COMMIT",),
    ),
    # https://github.com/usememos/memos: scripts/Dockerfile, EXPOSE, Alpine
    "go in an alpine image is checked by busybox, its Dockerfile has another name": Case(
        {
            "scripts/Dockerfile": "FROM golang:1.25 AS build\nFROM alpine:latest AS monolithic\nEXPOSE 5230\n"
            'ENTRYPOINT ["/entrypoint.sh", "/memos"]\n',
            "go.mod": "module memos",
            "main.go": 'e.GET("/healthz", ok)\n',
        },
        expected={
            "port": 5230,
            "health_command": "wget -q -O /dev/null http://127.0.0.1:5230/healthz || exit 1",
            "dockerfile": "scripts/Dockerfile",
        },
        notes=("ARG COMMIT",),
    ),
    "an image without a shell is checked by the load balancer alone": Case(
        {
            "Dockerfile": "FROM gcr.io/distroless/static\nEXPOSE 80\n",
            "main.go": 'http.HandleFunc("/ping", x)\n',
            "go.mod": "",
        },
        expected={"health_command": "none", "port": 80, "health_path": "/ping"},
        notes=("ARG COMMIT",),
    ),
    "an image without a shell cannot make an address": Case(
        {
            "Dockerfile": "FROM scratch\nEXPOSE 80\nARG COMMIT\n",
            "main.go": 'mux.Handle("/up", os.Getenv("DATABASE_URL"))\n',
        },
        decides=("the app reads DATABASE_URL",),
        expected={"health_path": "/up"},
    ),
    "a health check of the Dockerfile decides path and command": Case(
        {"Dockerfile": NODE + "HEALTHCHECK CMD curl -f http://localhost:8080/status || exit 1\n"},
        {"dependencies": {"express": "5"}},
        expected={"health_path": "/status", "health_command": "curl -f http://localhost:8080/status || exit 1"},
        notes=("ARG COMMIT",),
    ),
    "nothing says port or health route": Case(
        {"Dockerfile": 'FROM ubuntu\nARG COMMIT\nCMD ["/app"]\n'},
        decides=("no health route is known", "does not say the port"),
        expected={"health_command": "none"},
    ),
    "a route below a prefix is only known in part": Case(
        {"Dockerfile": NODE, "src/routes.js": "const r = express.Router();\nr.get('/health', x);\n"},
        {"dependencies": {"express": "5"}},
        decides=("the health route /health in src/routes.js is below a prefix",),
        notes=("ARG COMMIT",),
    ),
    "a server for development is not for production": Case(
        {**HEALTHY, "Dockerfile": NODE + 'CMD ["npm", "run", "start:dev"]'},
        {"dependencies": {"express": "5"}},
        decides=("starts a server for development (`npm run start:dev`)",),
        notes=("ARG COMMIT",),
    ),
    "an empty Dockerfile says nothing": Case(
        {"Dockerfile": "\n"}, decides=("Dockerfile is empty",), expected={"health_command": "none"}
    ),
    # https://github.com/hagopj13/node-express-boilerplate
    "a database that the stacks do not make": Case(
        {**HEALTHY, "Dockerfile": NODE},
        {"dependencies": {"express": "5", "mongoose": "8"}},
        decides=("the database is mongodb",),
        notes=("ARG COMMIT",),
    ),
    "a migration whose tool was left out of the image": Case(
        {**HEALTHY, "Dockerfile": NODE.replace("npm ci", "npm ci --omit=dev")},
        {
            "dependencies": {"express": "5"},
            "devDependencies": {"knex": "3"},
            "scripts": {"migrate": "knex migrate:latest"},
        },
        decides=("knex is a development dependency, which Dockerfile leaves out",),
        notes=("ARG COMMIT",),
    ),
    "a migration whose tool is in the image": Case(
        {**HEALTHY, "Dockerfile": NODE},
        {"dependencies": {"express": "5", "knex": "3"}, "scripts": {"migrate": "knex migrate:latest"}},
        expected={"migrate": ("node_modules/.bin/knex", "migrate:latest"), "migrate_image": "app"},
        notes=("ARG COMMIT",),
    ),
    # https://github.com/umami-software/umami: the start script migrates, the image is standalone
    "an image that migrates at its start": Case(
        {
            "Dockerfile": NODE + 'COPY --from=b /app/.next/standalone ./\nCMD ["npm", "run", "start-docker"]',
            "next.config.js": "module.exports = { output: 'standalone' }",
            "scripts/check-db.js": "execSync('prisma migrate deploy')\n",
            "prisma/schema.prisma": 'datasource db {\n provider = "postgresql"\n}',
            "app/page.js": "",
        },
        {
            **NEXT,
            "devDependencies": {"prisma": "7"},
            "scripts": {"start-docker": "run-s check start", "check": "node scripts/check-db.js"},
        },
        expected={"migrate_image": "", "migrate": (), "port": 8080, "writes_route": True},
        notes=("the image migrates at its start", "ARG COMMIT"),
    ),
    # https://github.com/githb-ac-org/viral-kid: Dockerfile.worker beside it
    "a worker with a Dockerfile of its own": Case(
        {
            **HEALTHY,
            "Dockerfile": NODE,
            "Dockerfile.worker": 'FROM node:24\nARG COMMIT\nENTRYPOINT ["tini", "--"]\nCMD ["node", "worker.js"]\n',
            "src/db.js": "REDIS_URL",
        },
        {"dependencies": {"express": "5"}},
        expected={
            "worker": ("tini", "--", "node", "worker.js"),
            "worker_image": "worker",
            "started": ("node", "server.js"),
        },
        notes=("ARG COMMIT", "the stack makes REDIS_URL"),
    ),
    "a worker with a stage of its own": Case(
        {
            **HEALTHY,
            "Dockerfile": NODE + "FROM node AS worker\nCMD node worker.js --all\nFROM node AS app\nEXPOSE 8080\n",
        },
        {"dependencies": {"express": "5"}},
        expected={"worker": ("sh", "-c", "node worker.js --all"), "worker_image": "worker"},
        notes=("ARG COMMIT",),
    ),
    "a worker that only its entrypoint starts": Case(
        {**HEALTHY, "Dockerfile": NODE, "worker.Dockerfile": 'FROM node\nENTRYPOINT ["node", "worker.js"]\n'},
        {"dependencies": {"express": "5"}},
        decides=("worker.Dockerfile starts its worker by ENTRYPOINT",),
        notes=("ARG COMMIT",),
    ),
    "a worker of which nothing says what it starts": Case(
        {**HEALTHY, "Dockerfile": NODE, "worker/Dockerfile": "FROM node\n"},
        {"dependencies": {"express": "5"}},
        decides=("worker/Dockerfile does not say what it starts",),
        notes=("ARG COMMIT",),
    ),
    # https://github.com/linkwarden/linkwarden
    "an image that starts its worker itself": Case(
        {**HEALTHY, "Dockerfile": NODE + "CMD concurrently web worker"},
        {"dependencies": {"express": "5"}, "scripts": {"start:worker": "node worker.js"}},
        expected={"worker": ()},
        notes=("the image starts its worker itself", "ARG COMMIT"),
    ),
    "several processes, of which the stacks run one": Case(
        {**HEALTHY, "Dockerfile": NODE, "Procfile": "web: a\nclock: node clock.js\nworker: node worker.js\n"},
        {"dependencies": {"express": "5"}},
        expected={"worker": ("node", "worker.js")},
        decides=("what runs clock of Procfile",),
        notes=("ARG COMMIT",),
    ),
    "a standalone image has no worker": Case(
        {
            "Dockerfile": NODE + "COPY --from=build /app/.next/standalone ./\n",
            "next.config.js": "module.exports = {}",
            "app/api/health/route.js": "export function GET() {}",
        },
        {**NEXT, "scripts": {"worker": "node worker.js"}},
        expected={"worker": (), "writes_route": False},
        decides=('next.config.js has no `output: "standalone"`', "it holds only the standalone server"),
        notes=("ARG COMMIT",),
    ),
    # https://github.com/AykutSarac/jsoncrack.com
    "a static export behind nginx is checked at its start page": Case(
        {"Dockerfile": "FROM nginx:alpine\nEXPOSE 8080\n", "next.config.js": "module.exports = { output: 'export' }"},
        NEXT,
        expected={"health_path": "/", "writes_route": False, "port": 8080},
        notes=("ARG COMMIT",),
    ),
    "a health check that needs a shell in an image without one": Case(
        {
            "Dockerfile": 'FROM scratch\nEXPOSE 80\nARG COMMIT\nHEALTHCHECK CMD ["/app", "check"]\n',
            "main.go": 'x.GET("/ping")\n',
        },
        expected={"health_command": "none"},
    ),
    "a migration in an image that has nothing but the app": Case(
        {"Dockerfile": "FROM gcr.io/distroless/python3\nEXPOSE 80\nARG COMMIT\n", **DJANGO},
        decides=("has nothing but the app",),
        notes=("ALLOWED_HOSTS",),
    ),
    "a stage that migrates starts through the same shell": Case(
        {
            **HEALTHY,
            "Dockerfile": 'FROM node AS migrate\nENTRYPOINT ["./wait.sh"]\nCMD node m.js\n'
            'FROM node\nCOPY web.sh /run.sh\nARG COMMIT\nEXPOSE 80\nCMD ["/run.sh"]\n',
            "web.sh": "#!/bin/sh\nexec node server.js\n",
            "src/db.js": "process.env.DATABASE_URL",
        },
        {"dependencies": {"express": "5"}},
        expected={
            "started": ("/run.sh",),
            "migrate_image": "migrate",
            "migrate": ("./wait.sh", "sh", "-c", "node m.js"),
        },
        notes=("the stack makes DATABASE_URL",),
    ),
    "names of build arguments that become part of pages": Case(
        {
            "Dockerfile": NODE + "ARG NEXT_PUBLIC_URL\nARG COMMIT\nENV VERSION=$COMMIT\n",
            "app/page.js": "",
            "next.config.js": "",
        },
        NEXT,
        expected={"returns_version": True, "writes_route": True},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_image_of_the_projects_own_is_described_to_the_stacks(case: Case) -> None:
    made = inside(scan(*case.paths, package=case.package, texts=case.texts))
    assert {name: getattr(made, name) for name in case.expected} == case.expected
    assert len(made.decisions) == len(case.decides), made.decisions
    assert all(text in decision for text, decision in zip(case.decides, made.decisions, strict=True)), made.decisions
    assert len(made.notes) == len(case.notes), made.notes
    assert all(any(text in note for note in made.notes) for text in case.notes), made.notes


def test_an_option_is_stronger_than_what_the_files_say() -> None:
    texts = {"Dockerfile": NODE, "docker/api.Dockerfile": "FROM node\nEXPOSE 9000\n"}
    made = inside(scan(texts=texts), ContentOptions("docker/api.Dockerfile", "/up", 7000))
    assert (made.dockerfile, made.health_path, made.port) == ("docker/api.Dockerfile", "/up", 7000)


ROOT = {
    "pnpm-workspace.yaml": "packages:\n- apps/*\n",
    "docker/web.Dockerfile": "FROM node AS runner\nCOPY pnpm-lock.yaml ./\nRUN pnpm --filter web build\n"
    "EXPOSE 3000\nARG COMMIT\n",
    "docker/db.Dockerfile": "FROM postgres\n# apps/web\n",
    "apps/api/Dockerfile": "FROM go\n",
    "apps/worker/Dockerfile": 'FROM node\nCOPY pnpm-lock.yaml ./\nCMD ["node", "w.js"]\n',
    "apps/worker/package.json": '{"name": "worker", "scripts": {"start": "node w.js"}}',
    "pnpm-lock.yaml": "",
}


def member(texts: dict[str, str], root: dict[str, str]) -> ProjectScan:
    whole = {**root, **{f"apps/web/{path}": text for path, text in texts.items()}}
    top = ProjectScan("shop", frozenset(whole), whole, repository="acme/shop")
    return ProjectScan("web", frozenset(texts), texts, "apps/web", top, "apps/web", repository="acme/shop")


def test_a_dockerfile_of_the_workspace_builds_the_app_when_it_names_it() -> None:
    package = '{"name": "web", "dependencies": {"next": "16"}}'
    made = inside(member({"package.json": package, "next.config.js": "", "app/page.js": ""}, ROOT))
    app, worker = made.images
    assert (app.dockerfile, app.context, app.target) == ("../../docker/web.Dockerfile", "../..", "runner")
    # https://github.com/langfuse/langfuse: the worker is a package with a Dockerfile of its own.
    assert (worker.dockerfile, worker.context, made.worker) == (
        "../../apps/worker/Dockerfile",
        "../..",
        ("node", "w.js"),
    )


def test_the_context_is_the_one_that_has_what_the_dockerfile_copies() -> None:
    own = {"package.json": '{"name": "web", "dependencies": {"express": "5"}}', "index.js": "app.get('/up')"}
    root = {**ROOT, "apps/web": ""}
    above = member({**own, "Dockerfile": "FROM node\nEXPOSE 1\nCOPY pnpm-lock.yaml apps ./\n"}, root)
    beside = member({**own, "Dockerfile": "FROM node\nEXPOSE 1\nCOPY index.js ./\n"}, root)
    filtered = member({**own, "Dockerfile": "FROM node\nEXPOSE 1\nCOPY . .\nRUN pnpm --filter web build\n"}, root)
    assert [inside(place).images[0].context for place in (above, beside, filtered)] == ["../..", "", "../.."]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({}, "run init in the directory of the app"),
        ({"README.md": ""}, "or write a Dockerfile first"),
        ({"apps/web/next.config.js": "", "apps/api/Dockerfile.api": ""}, "apps/api/Dockerfile.api, apps/web (Next.js)"),
        ({f"apps/{n}/Dockerfile": "" for n in range(14)}, "and 2 more"),
        ({"Dockerfile.api": "", "Dockerfile.web": ""}, "choose one with --dockerfile: Dockerfile.api, Dockerfile.web"),
    ],
)
def test_a_directory_without_an_app_is_refused_with_what_is_below_it(texts: dict[str, str], said: str) -> None:
    with pytest.raises(NothingToRelease) as refused:
        inside(scan(texts=texts))
    assert said in refused.value.fix


def test_other_dockerfiles_are_named_beside_the_one_that_init_writes() -> None:
    texts = {"web.Dockerfile": "FROM node", "api.Dockerfile": "FROM node", "app/page.js": ""}
    made = inside(scan(package=NEXT, texts=texts))
    assert made.dockerfile == ""
    assert "other Dockerfiles, not used: api.Dockerfile, web.Dockerfile (--dockerfile)" in made.notes


def test_what_init_wrote_before_is_not_the_projects_own() -> None:
    place = scan("app/page.js", package=NEXT)
    app = node_app(place, NEXT)
    assert app is not None
    again = scan("app/page.js", package=NEXT, texts={"Dockerfile": dockerfile(app, place)})
    assert inside(again) == inside(place)


@pytest.mark.parametrize(
    ("texts", "decides", "notes"),
    [
        (
            {"middleware.ts": "export { auth as middleware } from './auth'"},
            "middleware.ts may redirect /api/health",
            "",
        ),
        (
            {"next.config.js": "const basePath = process.env.BASE; module.exports = { basePath }"},
            "",
            "basePath depends on",
        ),
        ({"prisma/schema.prisma": ""}, "has no migration", ""),
        (
            {"src/env.js": "server: {\n  AUTH_SECRET: z.string(),\n}"},
            "ends at its start without AUTH_SECRET",
            "",
        ),
    ],
)
def test_what_an_app_of_nextjs_leaves_open_is_said(texts: dict[str, str], decides: str, notes: str) -> None:
    package = {**NEXT, "devDependencies": {"prisma": "6"}}
    made = inside(scan("app/page.js", package=package, texts=texts))
    assert [decides in text for text in made.decisions] == [True] * bool(decides)
    assert [notes in text for text in made.notes] == [True] * bool(notes)


def test_several_workers_of_an_app_of_nextjs_are_named() -> None:
    package = {**NEXT, "scripts": {"start:worker": "node a.js", "worker:mail": "node b.js"}}
    made = inside(scan("app/page.js", package=package))
    assert made.decisions == ("the stacks run one worker; decide what runs worker:mail (package.json)",)


def test_code_is_read_from_the_top_and_nothing_that_is_installed_or_built() -> None:
    paths = [
        "a/b/c/d/e/f.py",
        "main.py",
        "node_modules/x.js",
        "a/public/y.js",
        "types.d.ts",
        "README.md",
        "a/Dockerfile",
    ]
    assert deciding(paths) == ("a/Dockerfile", "main.py", "a/b/c/d/e/f.py")
