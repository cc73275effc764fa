"""Applications of other kinds than Next.js, by the files that they have."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.scaffold.frameworks import command_of, other_app, procfile
from deploytool.scaffold.model import ProjectScan
from tests.unit.scaffold.projects import scan

RAILS = {"bin/rails": "", "config/routes.rb": "", "Gemfile": "gem 'rails'"}


@pytest.mark.parametrize(
    ("texts", "package", "name"),
    [
        (RAILS, None, "Rails"),
        ({"artisan": "", "composer.json": "{}"}, None, "Laravel"),
        ({"backend/manage.py": ""}, None, "Django"),
        ({"requirements.txt": "Django==5"}, None, "Django"),
        ({"pyproject.toml": 'dependencies = ["fastapi[standard]>=0.115"]'}, None, "FastAPI"),
        ({"Pipfile": "flask = '*'"}, None, "Flask"),
        ({"requirements.txt": "django-like-thing\nflask-x"}, None, "Python"),
        ({}, {"dependencies": {"@nestjs/core": "11", "express": "5"}}, "NestJS"),
        ({}, {"dependencies": {"fastify": "5"}}, "Fastify"),
        ({}, {"dependencies": {"left-pad": "1"}}, "Node.js"),
        ({"go.mod": ""}, None, "Go"),
        ({"Gemfile": ""}, None, "Ruby"),
        ({"composer.json": ""}, None, "PHP"),
        ({"bin/rails": "", "config/routes.rb": "", "Gemfile": "gem 'hanami'"}, None, "Ruby"),
        ({}, None, ""),
    ],
)
def test_the_framework_is_known_by_its_files(texts: dict[str, str], package: Any, name: str) -> None:
    assert other_app(scan(package=package, texts=texts), package or {}).framework.name == name


@pytest.mark.parametrize(
    ("texts", "path"),
    [
        ({**RAILS, "config/routes.rb": 'get "up" => "rails/health#show"'}, "/up"),
        ({**RAILS, "config/routes.rb": 'get("/healthz", to: "rails/health#show")'}, "/healthz"),
        ({**RAILS, "config/routes.rb": "resource :x, to: 'rails/health#show'"}, "/up"),
        ({"artisan": "", "bootstrap/app.php": "->withRouting(health: '/up')"}, "/up"),
        ({"artisan": "", "routes/web.php": "Route::get('/health', fn () => 'ok');"}, "/health"),
        ({"main.go": 'http.HandleFunc("/healthz", h)'}, "/healthz"),
        ({"main.go": 'r.Get("/ping", h)\nr.Get("/health", h)'}, "/health"),
        ({"src/app.ts": "app.get<{}, string>('/health', h)"}, "/health"),
        ({"app.py": "@app.route('/healthz')\ndef h(): ..."}, "/healthz"),
        ({"main.py": "app.add_api_route('/livez', h)"}, "/livez"),
        ({"config.ru": "", "app.rb": "get '/up' do"}, "/up"),
        ({"tests/app.py": "@app.get('/healthz')"}, ""),
        ({"app.py": "requests.post(base + '/healthz')"}, ""),
        ({"app.py": "message = f'see /healthz'"}, ""),
    ],
)
def test_the_health_route_is_the_one_that_the_code_declares(texts: dict[str, str], path: str) -> None:
    assert other_app(scan(texts=texts), {}).health_path == path


@pytest.mark.parametrize(
    ("texts", "path", "doubt"),
    [
        # https://github.com/fastapi/full-stack-fastapi-template: the prefix is only in its Compose file.
        (
            {
                "app/utils.py": 'router = APIRouter(prefix="/utils")\n@router.get("/health-check/")',
                "compose.yml": 'healthcheck:\n  test: ["CMD", "curl", "-f", "http://localhost:8000/api/v1/utils/health-check/"]',
            },
            "/api/v1/utils/health-check/",
            "",
        ),
        ({"app/utils.py": 'router = APIRouter()\n@router.get("/health")'}, "", "/health in app/utils.py"),
        (
            {"manage.py": "", "a/wsgi.py": "", "a/urls.py": "", "b/urls.py": "path('health/', h)"},
            "",
            "/health/ in b/urls.py",
        ),
        ({"manage.py": "", "a/wsgi.py": "", "a/urls.py": "path('health/', h)"}, "/health/", ""),
        ({"manage.py": "", "a/views.py": "@api.get('/health')"}, "/health", ""),
        ({"artisan": "", "routes/api.php": "Route::get('/health')"}, "", "/health in routes/api.php"),
        ({"docker-compose.yaml": "test: curl http://127.0.0.1/status || exit 1"}, "/status", ""),
        ({"compose.yaml": "test: curl http://localhost/a\n---\ntest: curl http://localhost/b"}, "", ""),
    ],
)
def test_a_route_below_a_prefix_is_only_used_when_a_health_check_requests_it(
    texts: dict[str, str], path: str, doubt: str
) -> None:
    app = other_app(scan(texts={**texts, "requirements.txt": "fastapi"}), {})
    assert (app.health_path, app.doubt) == (path, doubt)


def test_a_compose_file_at_the_top_is_read_as_well() -> None:
    top = ProjectScan("shop", frozenset({"compose.yml"}), {"compose.yml": "test: curl http://localhost/x/ping"})
    place = ProjectScan("api", frozenset({"m.py"}), {"m.py": "@app.get('/ping')"}, root=top, member="api")
    assert other_app(place, {}).health_path == "/x/ping"


def test_nest_has_a_prefix_for_all_controllers() -> None:
    package = {"dependencies": {"@nestjs/core": "11"}}
    texts = {"src/health.controller.ts": "@Controller('health')\nexport class H {}", "src/main.ts": ""}
    assert other_app(scan(package=package, texts=texts), package).health_path == "/health"
    texts["src/main.ts"] = "app.setGlobalPrefix('api')"
    assert other_app(scan(package=package, texts=texts), package).health_path == "/api/health"


@pytest.mark.parametrize(
    ("texts", "migrate", "migrations"),
    [
        ({**RAILS, "db/migrate/1.rb": ""}, ("bin/rails", "db:migrate"), "db/migrate"),
        ({"artisan": ""}, ("php", "artisan", "migrate", "--force"), ""),
        ({"manage.py": "", "web/manage.py": ""}, ("python", "manage.py", "migrate", "--noinput"), ""),
        (
            {"alembic.ini": "script_location = %(here)s/app/alembic", "app/alembic/versions/1.py": ""},
            ("alembic", "upgrade", "head"),
            "app/alembic/versions",
        ),
        ({"api/alembic.ini": ""}, ("alembic", "-c", "api/alembic.ini", "upgrade", "head"), ""),
        (
            {"requirements.txt": "flask", "migrations/env.py": "", "migrations/versions/1.py": ""},
            ("flask", "db", "upgrade"),
            "migrations/versions",
        ),
        ({"go.mod": ""}, (), ""),
        (
            {"manage.py": "", "Procfile": "release: python manage.py migrate && python load.py"},
            ("sh", "-c", "python manage.py migrate && python load.py"),
            "",
        ),
    ],
)
def test_each_framework_migrates_by_its_own_command(
    texts: dict[str, str], migrate: tuple[str, ...], migrations: str
) -> None:
    app = other_app(scan(texts=texts), {})
    assert (app.migrate, app.migrations) == (migrate, migrations)


@pytest.mark.parametrize(
    ("started", "migrate"),
    [
        ("uv run gunicorn shop.wsgi", ("uv", "run", "python", "manage.py", "migrate", "--noinput")),
        ("gunicorn shop.wsgi", ("python", "manage.py", "migrate", "--noinput")),
        ("bundle exec puma", ("python", "manage.py", "migrate", "--noinput")),
    ],
)
def test_the_migration_is_run_in_the_environment_of_the_server(started: str, migrate: tuple[str, ...]) -> None:
    assert other_app(scan("manage.py"), {}, started).migrate == migrate


@pytest.mark.parametrize(
    ("texts", "package", "commands"),
    [
        ({**RAILS, "Gemfile": "gem 'rails'\n  gem \"sidekiq\""}, None, [("bundle", "exec", "sidekiq")]),
        ({**RAILS, "Gemfile": "gem 'rails'\ngem 'solid_queue'", "bin/jobs": ""}, None, [("bin/jobs",)]),
        ({**RAILS, "Gemfile": "gem 'rails'\ngem 'good_job'"}, None, [("bundle", "exec", "good_job", "start")]),
        ({**RAILS, "Gemfile": "gem 'rails'\n# gem 'sidekiq'"}, None, []),
        ({"artisan": "", "app/Jobs/Mail.php": ""}, None, [("php", "artisan", "queue:work")]),
        (
            {"artisan": "", "app/Jobs/Mail.php": "", "composer.json": '{"require": {"laravel/horizon": "5"}}'},
            None,
            [("php", "artisan", "horizon")],
        ),
        (
            {"manage.py": "", "shop/celery.py": "app = Celery('x')"},
            None,
            [("celery", "-A", "shop", "worker", "--loglevel=info")],
        ),
        (
            {"src/manage.py": "", "src/shop/celery.py": "app = Celery('x')"},
            None,
            [("celery", "-A", "shop", "worker", "--loglevel=info")],
        ),
        ({"worker.py": "celery = Celery(__name__)"}, None, [("celery", "-A", "worker", "worker", "--loglevel=info")]),
        (
            {"app/tasks.py": "queue = Celery()"},
            None,
            [("celery", "-A", "app.tasks.queue", "worker", "--loglevel=info")],
        ),
        ({"x.py": "from celery import Celery"}, None, []),
        (
            {},
            {"scripts": {"worker:production": "node dist/w.js", "worker:mail": "node m.js"}},
            [("node", "dist/w.js"), ("node", "m.js")],
        ),
        ({"Procfile": "web: a\nclock: c\nworker: b --x\ncss: y"}, {"scripts": {"worker": "z"}}, [("b", "--x"), ("c",)]),
    ],
)
def test_background_processes_are_known_by_their_libraries(
    texts: dict[str, str], package: Any, commands: list[tuple[str, ...]]
) -> None:
    app = other_app(scan(package=package, texts=texts), package or {})
    assert [command for _, command in app.workers] == commands


@pytest.mark.parametrize(
    ("production", "is_noted"),
    [
        ("config.force_ssl = true", True),
        ("# config.force_ssl = true", False),
        ("config.assume_ssl = true\nconfig.force_ssl = true", False),
        ("config.force_ssl = true\nconfig.ssl_options = { redirect: { exclude: ->(r) { r } } }", False),
    ],
)
def test_a_redirect_of_the_health_check_to_tls_is_noted(production: str, is_noted: bool) -> None:
    app = other_app(scan(texts={**RAILS, "config/environments/production.rb": production}), {})
    assert bool(app.notes) is is_noted


def test_a_procfile_lists_processes() -> None:
    text = "web: gunicorn app\n# no: comment\n\nworker-2:node w.js\nbroken\n: x\nempty:\n"
    assert procfile(text) == {"web": "gunicorn app", "worker-2": "node w.js"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("node w.js --x 'a b'", ("node", "w.js", "--x", "a b")),
        ("A=1 node w.js", ("sh", "-c", "A=1 node w.js")),
        ("a | b", ("sh", "-c", "a | b")),
        ("a 'b", ("sh", "-c", "a 'b")),
    ],
)
def test_a_command_of_a_procfile_has_a_shell_where_it_needs_one(text: str, words: tuple[str, ...]) -> None:
    assert command_of(text) == words
