"""Odd projects by number: samples with parts removed, repeated and replaced. The same number, the same project."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping

from deploytool.config.loader import parse
from deploytool.config.yaml import document_of
from deploytool.scaffold.contents import deciding
from deploytool.scaffold.files import scaffold_files, scaffold_templates
from deploytool.scaffold.model import ProjectScan, app_name
from deploytool.scaffold.new_infrastructure import (
    NewInfrastructureOptions,
    Subjects,
    configuration,
    draft_infrastructure,
)
from deploytool.scaffold.node import node_app
from deploytool.scaffold.output import facts, notes, variable_notes
from deploytool.scaffold.workflows import Action, WorkflowContext

SAMPLES: Mapping[str, str] = {
    "package.json": """{"name": "@acme/web", "packageManager": "pnpm@9.1.0+sha512.ab",
 "engines": {"node": ">=18 <23 || 25"}, "workspaces": ["apps/*", "packages/**"],
 "prisma": {"schema": "./db/schema.prisma"},
 "scripts": {"build": "prisma generate && prisma db push && next build",
  "start": "cross-env NODE_ENV=production node dist/server.js", "postinstall": "npm run build",
  "start:worker": "dotenv -e .env -- tsx 'src/worker.ts' --queue=\\"a b\\"", "worker": "run-p mail:* images",
  "mail:one": "node a.js", "db:migrate": "node \\"x", "prebuild": "npm run build"},
 "dependencies": {"next": "16.0.1", "react": "^19", "pg": "8", "@prisma/client": "7"},
 "devDependencies": {"tsx": "4", "prisma": "7"}}""",
    "Dockerfile": """# syntax=docker/dockerfile:1
ARG VERSION=22
FROM --platform=$BUILDPLATFORM node:${VERSION}-alpine AS base
RUN apk add --no-cache curl \\
  # a comment
  && corepack enable
FROM base AS runner
ARG COMMIT NEXT_PUBLIC_X
ENV PORT=8080 NAME="a b" SHA=$COMMIT
WORKDIR ${DIR:-/app}
COPY --from=base --chown=node:node ["/app/.next/standalone", "./"]
COPY apps/web/package*.json ./
RUN <<EOF
npm ci --omit=dev
EOF
EXPOSE 443 ${PORT}/tcp 99999
HEALTHCHECK --interval=5s CMD ["wget", "-q", "http://localhost:8080/healthz"]
ENTRYPOINT ["tini", "--", "./entry.sh"]
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]
FROM base AS migrate
CMD python manage.py migrate, now
""",
    "Procfile": "release: python manage.py migrate\nweb: gunicorn app:app\nworker: celery -A app, b\nclock: A=1 x",
    "next.config.ts": """import { env } from "./src/env";
/** @type {import('next').NextConfig} */
const config = { output: process.env.BUILD === "1" ? "standalone" : undefined, basePath: "/docs", // output: "export"
  distDir: process.env.DIST || 'build', trailingSlash: true, basePath };
export default config;""",
    "prisma/schema.prisma": 'datasource db {\n provider = "mysql"\n url = env("POSTGRES_PRISMA_URL")\n}\n',
    "prisma.config.ts": 'export default { schema: path.join("db", "schema.prisma"), migrations: { path: "db/m" } }',
    "drizzle.config.ts": 'export default { dialect: "postgresql", out: "./drizzle", url: process.env.POSTGRES_URL! }',
    ".env.example": "DATABASE_URL=\nexport AUTH_SECRET='x'\n# STRIPE_KEY=\nNEXT_PUBLIC_URL=http://localhost\n",
    "middleware.ts": 'const matcher: ["/((?!api|_next/static).*)", "/in/:path*"] };\nNextResponse.redirect("/in")',
    "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - '!apps/docs'\ncatalog:\n  next: 16\n",
    ".nvmrc": "v20.11.1 # comment 22\n",
    "entry.sh": '#!/bin/sh\nnode migrate.js\nexec "$@"\n',
    "src/env.ts": "createEnv({ server: {\n  TOKEN: z.string().min(1),\n  OTHER: z.url().optional(),\n}})\n",
    "app/page.tsx": "export default function Page() {}\n",
    "src/main.py": 'app = FastAPI()\n@app.get("/healthz")\ndef h(): ...\n',
    "manage.py": "import django\n",
    "compose.yaml": 'services:\n  web:\n    healthcheck:\n      test: ["CMD", "curl", "http://localhost:80/api/healthz"]\n',
    "requirements.txt": "django\ncelery\n",
    "alembic.ini": "[alembic]\nscript_location = %(here)s/alembic\n",
    "worker.Dockerfile": "FROM python:3\nCMD celery -A app worker\n",
}
PIECES = (
    "", "\n", "\\", '"', "'", "`", "$", "${", "}", "[", "]", "(", "*", "\\\n", "<<EOF", "\x00", "\ufffd", "é", "\r\n",
    "#", "&&", "FROM", "AS", "ENV A", "EXPOSE x", "null", "[]", "{}", "1e999", "::", "/", "..", "-", "--", " ", "\t",
    "true", "\x1b[31m", "\u2028", "\x85",
)  # fmt: skip


def odd_project(number: int, varied: str = "") -> ProjectScan:
    """``varied`` is always in it and changed; of the others, some are."""
    chance = random.Random(number)
    names = [name for name in SAMPLES if name == varied or chance.random() < 0.4]
    texts = {name: _mutated(SAMPLES[name], chance, 1 if name == varied else 0.3) for name in names}
    if "package.json" in texts:
        texts["package.json"] = _odd_package(chance)
    migrations = ["prisma/migrations/1/m.sql"] if chance.random() < 0.5 else []
    paths = frozenset((*texts, *migrations))
    read = {path: texts.get(path, "") for path in deciding(paths)}
    if chance.random() < 0.7:
        return ProjectScan("shop", paths, read, repository="acme/shop")
    inner = frozenset({*(f"apps/web/{path}" for path in paths), "package.json", "pnpm-lock.yaml"})
    top = {**{f"apps/web/{path}": text for path, text in read.items()}, "package.json": _odd_package(chance)}
    root = ProjectScan("shop", inner, top)
    return ProjectScan("web", paths, read, "apps/web", root, "apps/web", repository="acme/shop")


def _mutated(text: str, chance: random.Random, probability: float) -> str:
    if chance.random() > probability:
        return text
    for _ in range(chance.choice((0, 1, 1, 2, 4, 9))):
        begin = chance.randrange(len(text) + 1)
        end = min(len(text), begin + chance.choice((0, 1, 2, 5, 20, 80)))
        piece = chance.choice(PIECES)
        text = text[:begin] + chance.choice((piece, text[begin:end] * 2, piece * chance.randrange(40), "")) + text[end:]
    return text


def _odd_package(chance: random.Random) -> str:
    if chance.random() < 0.4:
        return _mutated(SAMPLES["package.json"], chance, 1)
    package = json.loads(SAMPLES["package.json"])
    for _ in range(chance.randrange(1, 5)):
        target = chance.choice([package, *(value for value in package.values() if isinstance(value, dict))])
        if target:
            name = chance.choice(list(target))
            old = target[name]
            target[name] = _mutated(old, chance, 1) if isinstance(old, str) else _odd_value(chance)
    return json.dumps(package)


def _odd_value(chance: random.Random, depth: int = 0) -> object:
    """Anything that JSON can hold."""
    kind = chance.randrange(8 if depth < 3 else 5)
    if kind < 5:
        return (None, True, chance.randrange(-9, 10**12), 0.5, chance.choice(PIECES) + "next start")[kind]
    if kind < 6:
        return [_odd_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    keys = ("scripts", "name", "next", "start", "node", "schema", "packages", "")
    return {chance.choice(keys): _odd_value(chance, depth + 1) for _ in range(chance.randrange(4))}


_TEMPLATES = scaffold_templates()
_CONTEXT = WorkflowContext(Action("acme/action@v1"), "main", ("production",), "deploytool.yml")


def run_init(scan: ProjectScan) -> None:
    """All that `deploytool init` decides. Raises DeployError where it refuses; what it writes must be valid."""
    package = scan.package() if "package.json" in scan.paths else None
    app = node_app(scan, package)
    options = NewInfrastructureOptions(app_name(scan, package), ("production",), "us-east-1", domain="a.example.com")
    draft = draft_infrastructure(scan, package, app, options, Subjects("acme/shop"))
    parse(document_of(configuration(draft).encode(), "deploytool.yml"))
    for file in scaffold_files(draft, scan, app, _CONTEXT, _TEMPLATES):
        if file.path == "Dockerfile" and "\\\n" not in file.text.replace("-q \\\n", "").replace("openssl \\\n", ""):
            lines = [line for line in file.text.split("\n") if line and not line.startswith(("#", " &&"))]
            assert all(line.split(" ")[0].isupper() for line in lines), file.text
    said = (*facts(scan, app, draft), *notes(scan, app, draft, _CONTEXT), *variable_notes(app, draft), *draft.decisions)
    "\n".join(said).encode()
