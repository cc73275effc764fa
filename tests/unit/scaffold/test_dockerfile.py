"""The Dockerfile as its stages: what each is made from, copies and runs."""

from __future__ import annotations

import re
from typing import Any

import pytest

from deploytool.scaffold.dockerfile import dockerfile, read_dockerfile, target_for
from deploytool.scaffold.node import node_app
from tests.unit.scaffold.projects import NEXT, scan

LOCK = "package-lock.json"
STANDALONE = {"next.config.mjs": 'export default { output: "standalone" }'}
WORKER = {"scripts": {"worker": "node dist/worker.js", "build:worker": "tsc"}}


def written(*paths: str, texts: dict[str, str] | None = None, **package: Any) -> str:
    told = {**NEXT, **package}
    place = scan(LOCK, *paths, package=told, texts=texts or {})
    found = node_app(place, told)
    assert found is not None
    return dockerfile(found, place)


def stages(text: str) -> dict[str, list[str]]:
    """Instructions by stage, the first line of each being its FROM."""
    found: dict[str, list[str]] = {}
    for line in text.replace("\\\n", "").splitlines():
        if start := re.match(r"FROM (\S+) AS (\S+)", line):
            found[start[2]] = [line]
        elif found and line and not line.startswith("#"):
            found[list(found)[-1]].append(line)
    return found


def test_the_server_takes_only_what_was_traced_when_the_output_is_standalone() -> None:
    app = stages(written(texts=STANDALONE))["app"]
    assert "COPY --from=build --chown=app:app /app/.next/standalone ./" in app
    assert "COPY --from=build --chown=app:app /app/.next/static ./.next/static" in app
    assert not any("node_modules" in line for line in app)
    assert 'CMD ["node", "server.js"]' in app
    assert "ENV KEEP_ALIVE_TIMEOUT=65000" in app


def test_the_server_is_started_by_next_when_the_output_is_not_standalone() -> None:
    found = stages(written(texts={"next.config.mjs": ""}))
    assert "COPY package.json next.config.mjs ./" in found["app"]
    assert "COPY --from=modules /app/node_modules ./node_modules" in found["app"]
    assert 'CMD ["node_modules/.bin/next", "start", "--keepAliveTimeout", "65000"]' in found["app"]
    assert found["modules"] == ["FROM build AS modules", "RUN npm prune --omit=dev"]


def test_a_worker_brings_its_production_modules_in_the_place_of_the_traced_ones() -> None:
    found = stages(written(texts=STANDALONE, **WORKER))
    assert found["modules"][1:] == ["RUN npm prune --omit=dev", "RUN rm -rf .next/standalone/node_modules"]
    assert "COPY --from=modules /app/node_modules ./node_modules" in found["app"]
    assert "COPY --from=modules /app/dist ./dist" in found["app"]
    assert "RUN npm run build:worker" in found["build"]
    assert found["build"][-1] == "RUN test -f dist/worker.js"


def test_nothing_is_done_to_modules_that_are_all_needed_by_a_server_without_standalone_output() -> None:
    found = stages(written("worker.ts", scripts={"worker": "tsx worker.ts"}, devDependencies={"tsx": "4"}))
    assert "modules" not in found
    assert "COPY --from=build /app/node_modules ./node_modules" in found["app"]
    assert "COPY . ." in found["app"]
    assert not any(line.startswith("COPY package.json") for line in found["app"])


def test_a_bundled_worker_is_copied_alone() -> None:
    found = stages(written(texts=STANDALONE, scripts={**WORKER["scripts"], "build:worker": "ncc build worker.ts"}))
    assert "modules" not in found
    assert "COPY --from=build /app/dist ./dist" in found["app"]


@pytest.mark.parametrize(
    "parts", [{"dependencies": {}, "devDependencies": {"next": "16"}}, {"devDependencies": {"tsx": "4"}}]
)
def test_nothing_is_taken_out_where_the_server_or_the_worker_needs_what_is_for_development(
    parts: dict[str, Any],
) -> None:
    scripts = {"worker": "tsx worker.ts"} if "tsx" in str(parts) else WORKER["scripts"]
    found = stages(written("worker.ts", texts=STANDALONE, scripts=scripts, **parts))
    assert found["modules"][1:] == ["RUN rm -rf .next/standalone/node_modules"]


def test_a_worker_that_runs_from_its_source_finds_all_of_it() -> None:
    found = stages(written("worker.mjs", texts=STANDALONE, scripts={"worker": "node worker.mjs"}))
    assert found["app"].index("COPY . .") < found["app"].index(
        "COPY --from=modules --chown=app:app /app/.next/standalone ./"
    )
    assert not any(line.endswith(" ./worker.mjs") for line in found["app"])
    assert "RUN npm run build:worker" not in found["build"]


def test_a_worker_whose_file_is_not_known_is_not_looked_for_in_the_build() -> None:
    found = stages(written(texts=STANDALONE, scripts={"worker": "sh worker.sh"}))
    assert found["build"][-1] == "RUN mkdir -p public && npm run build"


def test_the_migration_has_everything_that_was_installed_for_the_build() -> None:
    found = stages(written(scripts={"migrate": "node migrate.mjs"}))
    assert found["migrate"][0] == "FROM dependencies AS migrate"
    assert found["migrate"][-1] == 'CMD ["node", "migrate.mjs"]'
    assert "RUN --mount=type=cache,target=/root/.npm npm ci" in found["dependencies"]


def test_there_is_no_migrate_stage_when_nothing_migrates() -> None:
    assert "migrate" not in stages(written())


def test_prisma_finds_its_schema_when_it_is_installed_and_openssl_in_the_image() -> None:
    found = stages(written("prisma/schema.prisma", "prisma.config.ts", devDependencies={"prisma": "7"}))
    assert any("openssl" in line for line in found["base"])
    copies = [line for line in found["dependencies"] if line.startswith("COPY")]
    assert copies == ["COPY package.json package-lock.json prisma.config.ts ./", "COPY prisma ./prisma"]
    assert found["build"].index("RUN node_modules/.bin/prisma generate") < found["build"].index(
        "RUN mkdir -p public && npm run build"
    )


def test_prismas_engine_is_in_the_image_before_it_migrates() -> None:
    migrate = stages(written("prisma/schema.prisma", devDependencies={"prisma": "7"}))["migrate"]
    assert migrate.index("RUN node_modules/.bin/prisma version") < migrate.index("USER app")


def test_what_the_installation_reads_is_copied_before_it() -> None:
    found = stages(written(".npmrc", "patches/next.patch"))["dependencies"]
    assert found[1:3] == ["COPY package.json package-lock.json .npmrc ./", "COPY patches ./patches"]


def test_every_stage_has_the_package_manager() -> None:
    package = {**NEXT, "packageManager": "pnpm@10.1.0"}
    place = scan("pnpm-lock.yaml", package=package)
    found = node_app(place, package)
    assert found is not None
    assert "RUN npm install --global pnpm@10.1.0" in stages(dockerfile(found, place))["base"]


def test_node_postgres_is_told_not_to_look_for_the_authority() -> None:
    told = 'ENV DATABASE_PARAMETERS="uselibpqcompat=true&sslmode=require"'
    assert told in stages(written(dependencies={**NEXT["dependencies"], "pg": "8"}))["base"]
    assert told not in stages(written())["base"]


def test_nothing_runs_as_root_and_every_start_makes_the_urls() -> None:
    found = stages(written(texts=STANDALONE, scripts={"migrate": "node migrate.mjs"}))
    for target in ("app", "migrate"):
        assert found[target].index("USER app") < found[target].index('ENTRYPOINT ["sh", "/app/docker/entry.sh"]')


def test_the_commit_comes_last_so_that_it_undoes_no_cache() -> None:
    assert written().endswith("ARG COMMIT=unknown\nENV VERSION=${COMMIT}\n")


def test_the_dockerfile_that_is_written_is_understood_when_it_is_read_again() -> None:
    found = read_dockerfile(written(scripts={"migrate": "node migrate.mjs"}))
    assert (found.app, found.migrate, found.declares_commit) == ("app", "migrate", True)


@pytest.mark.parametrize(
    ("text", "app", "migrate", "commit"),
    [
        ("FROM node", "", "", False),
        ("FROM node AS deps\nFROM node AS runner", "runner", "", False),
        ("from --platform=linux/amd64 node as Runner\nARG COMMIT", "Runner", "", True),
        ("FROM node AS runner\nFROM node AS migrator\nFROM node AS app\narg commit=1", "app", "migrator", True),
        ("# FROM node AS app\nARG COMMITTED", "", "", False),
    ],
)
def test_stages_of_a_dockerfile_are_found_by_their_usual_names(text: str, app: str, migrate: str, commit: bool) -> None:
    found = read_dockerfile(text)
    assert (found.app, found.migrate, found.declares_commit) == (app, migrate, commit)


def test_a_stage_is_found_by_the_name_of_an_image() -> None:
    assert target_for("FROM a AS Worker\n", "worker") == "Worker"
    assert target_for("FROM a AS worker\n", "app") == ""


def test_yarn_is_told_to_leave_modules_where_the_image_takes_them_from() -> None:
    told = {**NEXT, "packageManager": "yarn@4.5.0"}
    place = scan("yarn.lock", ".yarnrc.yml", package=told)
    found = node_app(place, told)
    assert found is not None
    assert "ENV YARN_NODE_LINKER=node-modules" in stages(dockerfile(found, place))["base"]
