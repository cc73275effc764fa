"""Which of a cluster's services are released together, and what deploytool.yml says of them."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.scaffold.existing import (
    ExistingService,
    ImageElsewhere,
    ServiceAbsent,
    common_prefix,
    draft_existing,
    is_migration,
    migrations,
    released_together,
)
from tests.unit.scaffold.clusters import MIGRATE, REGISTRY, WEB, WORKER, cluster, container, family, service
from tests.unit.scaffold.drafts import read, settings
from tests.unit.scaffold.projects import scan

OTHER = service("blog", family("blog", container("blog", "blog:7")))
PUBLIC = service("proxy", family("proxy", container("proxy", "public.ecr.aws/nginx:1")))


def names(services: tuple[ExistingService, ...]) -> list[str]:
    return [each.name for each in services]


def test_one_named_service_brings_those_that_run_its_image() -> None:
    found = cluster(OTHER, WORKER, WEB, PUBLIC)
    assert names(released_together(found, ["web"])) == ["web", "worker"]
    assert names(released_together(found, ["blog"])) == ["blog"]


def test_several_named_services_are_taken_as_they_are_named() -> None:
    assert names(released_together(cluster(OTHER, WORKER, WEB), ["blog", "web"])) == ["blog", "web"]


def test_a_service_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ServiceAbsent) as refused:
        released_together(cluster(WEB, OTHER), ["wep"])
    assert refused.value.cause == "no service wep in cluster shop"
    assert refused.value.fix == "use one of: blog, web"
    with pytest.raises(ServiceAbsent) as refused:
        released_together(cluster(), ["web"])
    assert "check the region: it has no service" in refused.value.fix


def test_an_image_of_another_registry_is_refused() -> None:
    with pytest.raises(ImageElsewhere) as refused:
        released_together(cluster(PUBLIC), ["proxy"])
    assert refused.value.cause == (f"service proxy runs public.ecr.aws/nginx:1, which is not in registry {REGISTRY}")


@pytest.mark.parametrize(
    ("containers", "behind", "main"),
    [
        ([container("a", "x"), container("b", "x")], "b", "b"),
        ([container("a", "x"), container("web", "x")], "", "web"),
        ([container("a", "x", essential=False), container("b", "x")], "", "b"),
        ([container("a", "x", essential=False)], "", "a"),
    ],
)
def test_the_container_that_counts_is_the_balanced_the_namesake_or_the_essential_one(
    containers: list[dict[str, Any]], behind: str, main: str
) -> None:
    assert service("web", family("f", *containers), behind).main_container["name"] == main


@pytest.mark.parametrize(
    ("families", "prefix"),
    [
        (["shop-web", "shop-worker"], "shop-"),
        (["shop-live-web", "shop-live-worker"], "shop-live-"),
        (["shop-web"], "shop-"),
        (["shop", "shop-worker"], ""),
        (["web", "worker"], ""),
    ],
)
def test_families_have_a_prefix_up_to_a_dash(families: list[str], prefix: str) -> None:
    assert common_prefix([service("s", family(each)) for each in families]) == prefix


def test_a_migration_is_known_by_its_name() -> None:
    assert is_migration("shop-Migrations")
    assert not is_migration("shop-web")


def test_what_runs_is_what_the_file_says() -> None:
    found = settings(draft_existing(cluster(WEB, WORKER, families=(MIGRATE,)), (WEB, WORKER), "production"))
    assert (found.app, found.cluster, found.region) == ("shop", "shop", "us-east-1")
    assert (found.repository, found.account) == ("shop", "123456789012")
    assert {name: each.image for name, each in found.services.items()} == {"web": "app", "worker": "app"}
    verify = found.services["web"].verify
    assert verify is not None
    assert (verify.url, verify.expect.version) == ("https://${host}/api/health", None)
    assert found.services["worker"].verify is None
    assert found.migrate is not None
    assert (found.migrate.task, found.migrate.image, found.migrate.like) == ("shop-migrate", "app", "web")


def test_the_stacks_are_left_out_when_the_cloud_exists() -> None:
    assert draft_existing(cluster(WEB), (WEB,), "production").environments[0].parameters is None


def test_the_version_is_expected_where_image_and_route_tell_it() -> None:
    made = draft_existing(cluster(WEB), (WEB,), "production", dockerfile="ARG COMMIT", returns_version=True)
    verify = settings(made).services["web"].verify
    assert verify is not None
    assert verify.expect.version == "${commit}"


def test_a_path_that_is_given_is_asked_over_http_where_there_is_no_secure_listener() -> None:
    plain = service("web", family("web", container("web", "shop:1")), "web", "/")
    made = draft_existing(cluster(plain), (plain,), "production", app="mine", health_path="/up")
    verify = settings(made).services["web"].verify
    assert verify is not None
    assert (made.app, verify.url) == ("mine", "http://${host}/up")


def test_each_repository_has_its_image_and_its_stage() -> None:
    jobs = service("jobs", family("shop-jobs", container("jobs", "team/shop-jobs:1")))
    made = draft_existing(
        cluster(WEB, jobs), (WEB, jobs), "production", dockerfile="FROM a AS app\nFROM a AS jobs\nFROM a AS migrate\n"
    )
    found = settings(made)
    assert {name: (image.repository, image.target) for name, image in found.images.items()} == {
        "app": ("shop", "app"),
        "jobs": ("team/shop-jobs", "jobs"),
    }
    assert found.services["jobs"].image == "jobs"


def test_the_migration_has_an_image_of_its_own_where_the_dockerfile_has_a_stage_for_it() -> None:
    made = draft_existing(
        cluster(WEB, families=(MIGRATE,)),
        (WEB,),
        "production",
        dockerfile="FROM a AS migrate\nFROM a AS app\n",
        migration_files="prisma/migrations",
    )
    found = settings(made)
    assert found.migrate is not None
    assert (found.migrate.image, found.images["migrate"].target) == ("migrate", "migrate")
    assert found.migrate.files == "prisma/migrations"


def test_a_sidecar_stays_as_it_is() -> None:
    sidecar = service(
        "web", family("web", container("web", "shop:1"), container("agent", "public.ecr.aws/agent:1")), "web"
    )
    made = draft_existing(cluster(sidecar), (sidecar,), "production")
    assert read(made).services["web"].containers == {"web": "app"}
    assert made.app == "shop"


def test_a_migration_must_run_an_image_of_the_services_and_be_the_only_one() -> None:
    foreign = family("shop-migrate-legacy", container("m", "legacy:1"))
    assert migrations(cluster(WEB, families=(foreign, MIGRATE)), (WEB,)) == (MIGRATE,)
    assert migrations(cluster(WEB, families=(WEB.definition,)), (WEB,)) == ()
    two = cluster(WEB, families=(MIGRATE, family("shop-migrate-2", container("m", "shop:1"))))
    assert draft_existing(two, (WEB,), "production").migrate is None


# A proxy of the account's own registry before the app, in one task
PROXIED = service(
    "web",
    family("shop-web", container("nginx", "shop-nginx:1"), container("app", "shop-app:1")),
    "nginx",
    "/healthz/",
)
CELERY = service("celery", family("shop-celery", container("celery", "shop-app:1")))
MIGRATION = family("shop-migrate", container("migrate", "shop-app:1"))


@pytest.mark.parametrize(
    ("texts", "dockerfile", "context", "undecided"),
    [
        ({"Dockerfile": "FROM python"}, "Dockerfile", "", 1),
        ({"Dockerfile": "FROM python\nFROM nginx AS nginx"}, "Dockerfile", "", 0),
        ({"Dockerfile": "FROM python", "nginx/Dockerfile": "FROM nginx\nCOPY nginx.conf /", "nginx/nginx.conf": ""},
         "nginx/Dockerfile", "nginx", 0),
        ({"Dockerfile": "FROM python", "docker/Dockerfile.nginx": "FROM nginx"}, "docker/Dockerfile.nginx", "", 0),
    ],
)  # fmt: skip
def test_every_container_with_an_image_of_the_registry_is_released(
    texts: dict[str, str], dockerfile: str, context: str, undecided: int
) -> None:
    whole = cluster(PROXIED, CELERY, families=(MIGRATION,))
    services = released_together(whole, ["web"])
    assert names(services) == ["web", "celery"]
    place = scan(texts=texts)
    made = draft_existing(whole, services, "production", dockerfile=texts["Dockerfile"], scan=place)
    found = settings(made)
    assert found.services["web"].containers == {"nginx": "nginx", "app": "app"}
    assert found.services["celery"].image == "app"
    assert (found.images["app"].repository, found.images["nginx"].repository) == ("shop-app", "shop-nginx")
    nginx = found.images["nginx"]
    assert (nginx.dockerfile, nginx.context.strip(".")) == (dockerfile, context)
    assert found.migrate is not None
    assert (found.migrate.task, found.migrate.image) == ("shop-migrate", "app")
    assert ["which Dockerfile builds image nginx" in text for text in made.decisions] == [True] * undecided


def test_a_proxy_alone_is_the_app() -> None:
    alone = service("proxy", family("shop-proxy", container("nginx", "shop-nginx:1")), "nginx")
    assert settings(draft_existing(cluster(alone), (alone,), "production")).repository == "shop-nginx"
