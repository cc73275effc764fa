"""Why a plan is refused: every reason at once, each with what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deploytool.config.model import EnvironmentConfig
from deploytool.ecs.model import Deployment, LoadBalancer
from deploytool.errors import Exit
from deploytool.release.model import ObservedState, Problem, PublishedImage
from deploytool.release.planner import ReleasePreconditionFailed, migration_plan, only_migration, plan
from tests.unit.release import plan_cases as cases
from tests.unit.release.plan_cases import definition, found, live, migration, service, settings

ROLLING = (Deployment("ecs-svc/2", "PRIMARY", cases.arn("app"), "IN_PROGRESS"),)
FAILED = (Deployment("ecs-svc/2", "PRIMARY", cases.arn("app"), "FAILED", "tasks failed to start"),)
NEW = f"registry.test/shop@{cases.DIGEST}"
ARM = {"app": PublishedImage(cases.DIGEST, ("linux/arm64/v8",))}
GONE = Problem("service shop-app does not exist in cluster shop", "create it, or correct its name")


def refused(wanted: EnvironmentConfig, there: ObservedState) -> tuple[Problem, ...]:
    with pytest.raises(ReleasePreconditionFailed) as caught:
        plan(cases.REQUEST, wanted, there, cases.REGISTRY)
    assert caught.value.exit_code is Exit.PRECONDITION_FAILED
    assert all(problem.fix for problem in caught.value.problems)
    return caught.value.problems


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (live(problems=(GONE,)), "does not exist"),
        (live(found("app", controller="CODE_DEPLOY")), "deployed by CODE_DEPLOY"),
        (live(found("app", controller="EXTERNAL")), "deployed by EXTERNAL"),
        (live(found("app", status="DRAINING")), "is DRAINING"),
        (live(found("app", definition("app", status="INACTIVE"))), "which is INACTIVE"),
        (live(found("app", deployments=ROLLING)), "already in progress (ecs-svc/2)"),
        (live(found("app"), images=ARM), "is built for linux/arm64/v8, but app runs on linux/amd64"),
        (live(found("app", definition("app", "web", "proxy"))), "none is named"),
        (live(found("app", definition("app", image=NEW), deployments=FAILED)), "its deployment failed"),
    ],
    ids=["missing", "CODE_DEPLOY", "EXTERNAL", "draining", "revision inactive", "rolling", "wrong CPU",
         "container unclear", "live already and failed"],
)  # fmt: skip
def test_refuses_when_the_service_is(there: ObservedState, says: str) -> None:
    (problem,) = refused(settings(service("app")), there)

    assert says in problem.cause


WINDOWS = definition("app", runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"})
OTHER_SYSTEM = definition("app", runtimePlatform={"operatingSystemFamily": "BSD"})
OTHER_CPU = definition("app", runtimePlatform={"cpuArchitecture": "RISCV"})
BALANCED = (LoadBalancer("arn:tg", "web", 8080),)


def from_file(*containers: dict[str, object], **more: Any) -> ObservedState:
    """Service app, behind a load balancer, with a task definition file that has these containers."""
    file = {"family": "app", "containerDefinitions": list(containers)}
    return live(found("app", load_balancers=BALANCED), templates={"app": file}, **more)


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (live(found("app", WINDOWS)), "Windows tasks are not supported"),
        (
            live(found("app"), templates={"app": {**WINDOWS, "taskDefinitionArn": ""}}),
            "Windows tasks are not supported",
        ),
        (live(found("app", OTHER_SYSTEM)), "operating system BSD is not supported"),
        (live(found("app", OTHER_CPU)), "app runs on RISCV, which deploytool does not know"),
        (from_file({"name": "app"}), "port 8080, but its task definition has no container web"),
        (
            from_file({"name": "web", "portMappings": [{"containerPort": 80}]}),
            "no port 8080 in portMappings of container",
        ),
    ],
    ids=["live Windows", "Windows in a file", "another system", "another CPU", "container missing", "port missing"],
)
def test_refuses_when_the_task_cannot_run_as_described(there: ObservedState, says: str) -> None:
    (problem,) = refused(settings(service("app")), there)

    assert says in problem.cause


@pytest.mark.parametrize("balanced", [BALANCED, (LoadBalancer("arn:tg", "", 0),), ()])
def test_plans_when_a_file_has_what_the_load_balancer_sends_to(balanced: tuple[LoadBalancer, ...]) -> None:
    file = {"containerDefinitions": [{"name": "web", "portMappings": [{"containerPort": 8080}]}]}
    there = live(found("app", load_balancers=balanced), templates={"app": file})

    assert plan(cases.REQUEST, settings(service("app")), there, cases.REGISTRY).changes


def test_refuses_when_a_file_leaves_the_image_of_another_container_open() -> None:
    open_images = {
        "app": {"web": Problem("web is open", "fill it in"), "proxy": Problem("proxy is open", "fill it in")}
    }
    web: dict[str, object] = {"name": "web", "portMappings": [{"containerPort": 8080}]}
    there = from_file(web, {"name": "proxy"}, open_images=open_images)

    (problem,) = refused(settings(service("app", containers={"web": "app"})), there)

    assert problem.cause == "proxy is open"


def test_refuses_when_the_migrations_file_leaves_the_image_of_another_container_open() -> None:
    file = {"containerDefinitions": [{"name": "migrate"}, {"name": "proxy"}]}
    open_images = {"migrate": {"migrate": Problem("migrate is open", "x"), "proxy": Problem("proxy is open", "x")}}
    there = live(found("app"), templates={"migrate": file}, open_images=open_images)
    configured = settings(service("app"), migrate=migration(container="migrate"))

    (problem,) = refused(configured, there)
    with pytest.raises(ReleasePreconditionFailed) as alone:
        migration_plan(cases.REQUEST, only_migration(configured), there, cases.REGISTRY)

    assert (problem,) == alone.value.problems
    assert problem.cause == "proxy is open"


def test_says_which_tags_go_when_a_file_without_them_takes_over() -> None:
    tagged = definition("app", tags=[{"key": "cost-center", "value": "42"}])
    there = live(found("app", tagged), templates={"app": {"containerDefinitions": [{"name": "app"}]}})

    (change,) = plan(cases.REQUEST, settings(service("app")), there, cases.REGISTRY).changes

    assert "tag cost-center removed" in change.diff


def test_refuses_when_a_named_container_is_not_there() -> None:
    (problem,) = refused(settings(service("app", containers={"web": "app"})), live(found("app")))

    assert "no container 'web', only app" in problem.cause


@pytest.mark.parametrize(
    ("container", "task", "says"),
    [
        (None, definition("migrate", "one", "two"), "migrate: the task definition has the containers one, two"),
        ("gone", definition("migrate"), "migrate: the task definition has no container 'gone', only migrate"),
    ],
    ids=["unclear", "unknown"],
)
def test_refuses_when_the_container_of_the_migration_is(
    container: str | None, task: dict[str, object], says: str
) -> None:
    (problem,) = refused(
        settings(service("app"), migrate=migration(container=container)), live(found("app"), migrate=task)
    )

    assert says in problem.cause


def test_refuses_when_the_migration_runs_on_another_cpu_than_the_image() -> None:
    amd = live(found("app"), migrate=definition("migrate", runtimePlatform={"cpuArchitecture": "ARM64"}))

    (problem,) = refused(settings(service("app"), migrate=migration()), amd)

    assert "but migrate runs on linux/arm64" in problem.cause
    assert "images.app.platforms" in problem.fix


def test_tells_every_reason_at_once_and_each_once() -> None:
    wanted = settings(
        service("app"), service("worker"), service("cron"), migrate=migration(container="gone", like="app")
    )
    there = live(
        found("app", controller="CODE_DEPLOY", status="INACTIVE"),
        found("worker", definition("worker", "one", "two", status="INACTIVE")),
        images=ARM,
        migrate=definition("migrate"),
        problems=(GONE, GONE),
    )

    problems = refused(wanted, there)

    causes = [problem.cause for problem in problems]
    assert len(causes) == len(set(causes)) == 9
    assert causes[0] == GONE.cause
    error = ReleasePreconditionFailed(problems)
    assert all(cause in error.cause for cause in causes)


def test_does_not_plan_the_migration_when_the_service_it_is_like_is_missing() -> None:
    there = live(found("worker"), migrate=definition("migrate"), problems=(GONE,))

    assert refused(settings(service("app"), service("worker"), migrate=migration()), there) == (GONE,)


def test_releases_over_a_failed_deployment_when_the_new_image_is_another_one() -> None:
    made = plan(cases.REQUEST, settings(service("app")), live(found("app", deployments=FAILED)), cases.REGISTRY)

    assert [change.key for change in made.changes] == ["app"]
    assert any("failed" in warning for warning in made.warnings)


def test_is_not_refused_when_the_registry_does_not_say_which_cpu() -> None:
    there = live(found("app"), images={"app": PublishedImage(cases.DIGEST)})

    assert not plan(cases.REQUEST, settings(service("app")), there, cases.REGISTRY).nothing_to_do


def test_is_not_refused_when_ecs_lists_no_deployment() -> None:
    assert plan(cases.REQUEST, settings(service("app")), live(found("app", deployments=())), cases.REGISTRY).changes


def test_is_not_refused_when_the_old_deployment_still_drains() -> None:
    steady = cases.state("app").deployments[0]
    draining = replace(steady, id="ecs-svc/0", status="ACTIVE", rollout_state="IN_PROGRESS")
    there = live(found("app", deployments=(steady, draining)))

    assert plan(cases.REQUEST, settings(service("app")), there, cases.REGISTRY).changes


def test_refuses_when_the_credentials_are_of_another_account() -> None:
    elsewhere = replace(settings(service("app")), account="999999999999")

    (problem,) = refused(elsewhere, live(found("app")))

    assert problem.cause == "the credentials are of account 123456789012, but production is in 999999999999"
