"""The deploytool.yml of a project whose cloud is still to be made, read as deploytool reads it."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.scaffold.contents import NothingToRelease
from deploytool.scaffold.model import Draft
from deploytool.scaffold.new_infrastructure import (
    NewInfrastructureOptions,
    Subjects,
    configuration,
    deploy_role,
    draft_infrastructure,
    plan_role,
)
from deploytool.scaffold.node import node_app
from tests.unit.scaffold.drafts import options, read, settings
from tests.unit.scaffold.projects import NEXT, scan

ACME = Subjects("acme/shop")
WORKER = {"worker": "node dist/worker/index.js"}


def drafted(
    to: NewInfrastructureOptions,
    *paths: str,
    subjects: Subjects = ACME,
    texts: dict[str, str] | None = None,
    **package: Any,
) -> Draft:
    told = {**NEXT, **package}
    place = scan(*paths, package=told, texts=texts or {})
    return draft_infrastructure(place, told, node_app(place, told), to, subjects)


def test_app_worker_and_migration_are_released_when_the_project_has_them() -> None:
    found = settings(drafted(options(), scripts={**WORKER, "migrate": "node migrate.mjs"}))
    assert (found.app, found.region, found.cluster, found.repository) == ("shop", "us-east-1", "shop", "shop")
    assert {name: image.target for name, image in found.images.items()} == {"app": "app", "migrate": "migrate"}
    assert {name: service.image for name, service in found.services.items()} == {"app": "app", "worker": "app"}
    assert found.migrate is not None
    assert (found.migrate.task, found.migrate.image, found.migrate.like) == ("shop-migrate", "migrate", "app")
    assert found.rollback_checkbox


def test_the_image_is_told_the_commit() -> None:
    assert read(drafted(options())).images["app"].build_args == {"COMMIT": "${commit}"}


def test_the_web_service_is_released_alone_when_there_is_nothing_else() -> None:
    found = settings(drafted(options()))
    assert (list(found.services), found.migrate) == (["app"], None)


def test_the_check_is_a_comment_as_long_as_the_address_is_not_known() -> None:
    made = drafted(options())
    assert settings(made).services["app"].verify is None
    comment = '    # verify: {url: "https://ADDRESS/api/health", expect: {version: "${commit}"}}\n'
    assert comment in configuration(made)


def test_each_environment_is_checked_at_its_own_name_when_the_domain_is_known() -> None:
    made = drafted(options("production", "staging", domain="shop.example.com", hosted_zone="Z01"))
    for environment, host in (("production", "shop.example.com"), ("staging", "staging.shop.example.com")):
        found = settings(made, environment)
        verify = found.services["app"].verify
        assert verify is not None
        assert (verify.url, verify.expect.version) == (f"https://{host}/api/health", "${commit}")
        assert found.url == f"https://{host}"
        assert found.infra.parameters["DomainName"] == host
        assert found.infra.parameters["HostedZoneId"] == "Z01"


def test_the_stacks_are_told_no_domain_whose_zone_is_not_known() -> None:
    assert "DomainName" not in settings(drafted(options(domain="shop.example.com"))).infra.parameters


def test_each_environment_has_its_own_cluster_and_migration() -> None:
    made = drafted(options("staging", "production"), scripts={"migrate": "node migrate.mjs"})
    for environment, cluster in (("production", "shop"), ("staging", "shop-staging")):
        found = settings(made, environment)
        assert found.migrate is not None
        assert (found.cluster, found.migrate.task) == (cluster, f"{cluster}-migrate")


def test_the_cluster_is_the_one_that_was_given() -> None:
    found = settings(drafted(options(cluster="main"), scripts={"migrate": "node migrate.mjs"}))
    assert found.migrate is not None
    assert (found.cluster, found.migrate.task) == ("main", "main-migrate")
    assert found.infra.parameters["ProductionCluster"] == "main"


def test_the_account_is_held_to_when_it_is_known() -> None:
    assert settings(drafted(options(account="012345678901"))).account == "012345678901"


def test_the_roles_trust_the_repository_in_both_forms_when_its_ids_are_known() -> None:
    made = drafted(options("production", "staging"), subjects=Subjects("acme/shop", 12, 345))
    for environment in ("production", "staging"):
        found = settings(made, environment).infra.parameters
        assert found == {
            "ProductionSubjects": "repo:acme/shop:environment:production,repo:acme@12/shop@345:environment:production",
            "StagingSubjects": "repo:acme/shop:environment:staging,repo:acme@12/shop@345:environment:staging",
            "PlanSubjects": "repo:acme/shop:pull_request,repo:acme@12/shop@345:pull_request",
            **({} if environment == "production" else {"NatGateways": "one"}),
        }


def test_environments_of_other_names_take_the_places_of_production_and_staging() -> None:
    found = settings(drafted(options("live", "test", "more")), "test").infra.parameters
    assert found == {
        "ProductionSubjects": "repo:acme/shop:environment:live",
        "ProductionEnvironment": "live",
        "ProductionCluster": "shop-live",
        "StagingSubjects": "repo:acme/shop:environment:test",
        "StagingEnvironment": "test",
        "StagingCluster": "shop-test",
        "PlanSubjects": "repo:acme/shop:pull_request",
        "NatGateways": "one",
    }


@pytest.mark.parametrize("environments", [("production",), ("production", "staging")])
def test_nobody_is_trusted_when_the_repository_is_not_known(environments: tuple[str, ...]) -> None:
    made = drafted(options(*environments), subjects=Subjects(""))
    assert settings(made).infra.parameters == {}
    assert Subjects("").of("pull_request") == ()


@pytest.mark.parametrize(
    ("script", "parameter"),
    [("node dist/worker/index.js", None), ("node out/jobs.js --all", "node,out/jobs.js,--all")],
)
def test_the_stacks_are_told_the_workers_command_when_it_is_not_the_usual_one(
    script: str, parameter: str | None
) -> None:
    assert settings(drafted(options(), scripts={"worker": script})).infra.parameters.get("WorkerCommand") == parameter


def test_another_path_is_asked_when_it_is_given_and_no_version_expected_there() -> None:
    found = settings(drafted(options(health_path="/up", domain="shop.example.com")))
    verify = found.services["app"].verify
    assert verify is not None
    assert (verify.url, verify.expect.version) == ("https://shop.example.com/up", None)
    assert found.infra.parameters["HealthPath"] == "/up"


def test_no_version_is_expected_of_a_route_that_tells_none() -> None:
    texts = {"app/api/health/route.js": "export const GET = () => new Response()"}
    verify = settings(drafted(options(domain="shop.example.com"), texts=texts)).services["app"].verify
    assert verify is not None
    assert verify.expect.version is None


def test_stages_of_a_dockerfile_that_exists_are_taken() -> None:
    texts = {"Dockerfile": "FROM node AS runner\nFROM node AS migrator\n"}
    found = settings(drafted(options(domain="shop.example.com"), texts=texts))
    assert {name: image.target for name, image in found.images.items()} == {"app": "runner", "migrate": "migrator"}
    assert found.images["app"].build_args == {}
    verify = found.services["app"].verify
    assert verify is not None
    assert verify.expect.version is None


def test_any_project_with_a_dockerfile_can_be_released() -> None:
    place = scan(texts={"Dockerfile": "FROM ruby AS migrate\nFROM ruby\n"})
    made = draft_infrastructure(place, None, None, options("production", "staging", domain="shop.example.com"), ACME)
    found = settings(made, "staging")
    assert (found.services["app"].verify, found.images["app"].target) == (None, None)
    assert found.migrate is not None
    assert (found.migrate.task, found.migrate.files) == ("shop-staging-migrate", None)


def test_a_directory_without_dockerfile_and_nextjs_is_refused() -> None:
    with pytest.raises(NothingToRelease, match=r"neither a Dockerfile nor a Next\.js application in shop"):
        draft_infrastructure(scan(package={}), {}, None, options(), ACME)


@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("eu-central-1", "arn:aws:iam::123456789012:role/shop-production-deploy"),
        ("cn-north-1", "arn:aws-cn:iam::123456789012:role/shop-production-deploy"),
        ("us-gov-west-1", "arn:aws-us-gov:iam::123456789012:role/shop-production-deploy"),
    ],
)
def test_the_roles_are_those_that_the_stack_bootstrap_makes(region: str, arn: str) -> None:
    assert deploy_role("123456789012", region, "shop", "production") == arn
    assert plan_role("123456789012", region, "shop", "production") == arn.replace("-deploy", "-plan")
    assert deploy_role("", region, "shop", "production") == plan_role("", region, "shop", "production") == ""


def test_the_stacks_start_an_image_of_the_projects_own() -> None:
    texts = {
        "Dockerfile": "FROM python:3\nEXPOSE 8000\nCMD gunicorn shop.wsgi\n",
        "manage.py": "",
        "shop/wsgi.py": "",
        "shop/urls.py": "path('up', ok)",
        "shop/settings.py": "env('DATABASE_URL')",
        "Procfile": "release: python manage.py migrate\nworker: celery -A shop worker\n",
    }
    place = scan(texts=texts)
    found = settings(draft_infrastructure(place, None, None, options(), Subjects("")))
    assert found.infra.parameters == {
        "ContainerPort": "8000",
        "HealthPath": "/up",
        "HealthCommand": "python -c \"import urllib.request as r; r.urlopen('http://127.0.0.1:8000/up', timeout=4)\"",
        "MakeUrls": "true",
        "AppCommand": "sh,-c,gunicorn shop.wsgi",
        "WorkerCommand": "celery,-A,shop,worker",
        "MigrateCommand": "python,manage.py,migrate",
    }
    assert found.migrate is not None
    assert (found.migrate.image, found.migrate.command) == ("app", None)


def test_a_command_that_no_list_of_parameters_holds_is_that_of_the_release() -> None:
    texts = {
        "Dockerfile": "FROM python\nEXPOSE 80\n",
        "Procfile": "release: load a,b ${X}\n",
        "a.py": "@app.get('/up')",
    }
    found = settings(draft_infrastructure(scan(texts=texts), None, None, options(), Subjects("")))
    assert found.migrate is not None
    assert found.migrate.command == ("sh", "-c", "load a,b ${X}")
    assert "MigrateCommand" not in found.infra.parameters
