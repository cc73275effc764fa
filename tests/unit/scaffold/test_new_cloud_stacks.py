"""What `init` writes beside the templates that take it: they were made by different hands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from deploytool.infra.parameters import check_known, missing, of_configuration, parameter_values
from deploytool.infra.stacks import stacks_of
from deploytool.infra.templates import templates
from deploytool.scaffold.dockerfile import KEEP_ALIVE
from deploytool.scaffold.model import NameInvalid, check_app, check_environments
from deploytool.scaffold.new_infrastructure import Subjects, deploy_role, plan_role
from tests.unit.scaffold.drafts import options, settings
from tests.unit.scaffold.test_new_cloud import drafted

STACKS = templates(None, [stack.key for stack in stacks_of("shop", "production")], lambda each: each)
BOOTSTRAP, SERVICE = STACKS["bootstrap"].document, STACKS["service"].document
PLATFORM = STACKS["platform"].document
SUBJECTS = Subjects("acme/shop", 12, 345)


def containers(task: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = SERVICE["Resources"][task]["Properties"]["ContainerDefinitions"]
    return found


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_every_parameter_is_one_that_a_template_declares_and_only_the_image_is_left_to_give(environment: str) -> None:
    made = drafted(
        options("production", "staging", domain="shop.example.com", hosted_zone="Z01", health_path="/up"),
        subjects=SUBJECTS,
        scripts={"worker": "node out/jobs.js", "migrate": "node migrate.mjs"},
    )
    found = settings(made, environment)
    known = of_configuration(found)
    absent = {key: missing(each, parameter_values(each, known, None)) for key, each in STACKS.items()}
    assert {key: names for key, names in absent.items() if names} == {"service": ("AppImage",)}
    check_known(STACKS.values(), found.infra.parameters)


def test_names_and_subjects_have_the_shapes_that_the_templates_allow() -> None:
    found = settings(drafted(options("production", "staging"), subjects=SUBJECTS), "staging")
    known = of_configuration(found)
    for each in STACKS.values():
        for name, declared in each.document["Parameters"].items():
            pattern = declared.get("AllowedPattern")
            values = (
                known.get(name, "").split(",") if declared["Type"] == "CommaDelimitedList" else [known.get(name, "")]
            )
            if name in known and pattern:
                assert [value for value in values if not re.search(pattern, value)] == []


@pytest.mark.parametrize(
    "name", ["a", "ab", "abc", "a-b", "a--b", "ab-", "1ab", "A-b", *("x" * length for length in range(15, 26))]
)
@pytest.mark.parametrize(
    ("parameter", "check"), [("App", check_app), ("Environment", lambda name: check_environments((name,)))]
)
def test_a_name_is_taken_by_init_when_the_templates_take_it_and_only_then(
    name: str, parameter: str, check: Any
) -> None:
    try:
        check(name)
        taken = True
    except NameInvalid:
        taken = False
    patterns = {each.document["Parameters"][parameter]["AllowedPattern"]
                for each in STACKS.values() if parameter in each.document["Parameters"]}  # fmt: skip
    assert [bool(re.search(pattern, name)) for pattern in patterns] == [taken]


@pytest.mark.parametrize(
    ("role", "made"),
    [
        ("ProductionDeployRole", deploy_role("1", "us-east-1", "${App}", "${ProductionEnvironment}")),
        ("StagingDeployRole", deploy_role("1", "us-east-1", "${App}", "${StagingEnvironment}")),
        ("PlanRole", plan_role("1", "us-east-1", "${App}", "${ProductionEnvironment}")),
    ],
)
def test_the_roles_of_the_workflows_are_those_of_the_stack(role: str, made: str) -> None:
    assert made.endswith(f":role/{BOOTSTRAP['Resources'][role]['Properties']['RoleName']['Fn::Sub']}")


def test_the_migration_is_the_family_of_the_stack() -> None:
    family = SERVICE["Resources"]["MigrateTask"]["Properties"]["Family"]["Fn::Sub"]
    found = settings(drafted(options("production", "staging"), scripts={"migrate": "node m.mjs"}), "staging")
    assert found.migrate is not None
    assert found.migrate.task == family.replace("${Cluster}", found.cluster)


def test_the_entry_script_reads_what_the_tasks_are_given() -> None:
    script = (Path(__file__).parents[3] / "deploytool/_init/urls.mjs").read_text()
    read = set(re.findall(r"\b(?:DATABASE|REDIS)_[A-Z_]+", script))
    for task in ("AppTask", "WorkerTask", "MigrateTask"):
        told = {each["Name"] for container in containers(task) for each in container["Secrets"]}
        assert {name for name in told if name.startswith(("DATABASE_", "REDIS_"))} <= read


def test_the_image_listens_where_the_load_balancer_asks() -> None:
    assert SERVICE["Parameters"]["ContainerPort"]["Default"] == 3000
    assert SERVICE["Parameters"]["HealthPath"]["Default"] == "/api/health"
    assert SERVICE["Parameters"]["WorkerCommand"]["Default"] == "node,dist/worker/index.js"


def test_the_server_keeps_a_connection_longer_than_the_load_balancer_does() -> None:
    attributes = PLATFORM["Resources"]["LoadBalancer"]["Properties"]["LoadBalancerAttributes"]
    (idle,) = [int(each["Value"]) for each in attributes if each["Key"] == "idle_timeout.timeout_seconds"]
    assert idle * 1000 < KEEP_ALIVE
