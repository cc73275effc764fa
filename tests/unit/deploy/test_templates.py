"""Task definition files of a checkout, and what is looked up of the resources that task definitions name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploytool.aws.session import Session
from deploytool.deploy.inspect import NO_TEMPLATES, preflight, read_templates
from deploytool.ecs.template import TemplateErrors
from tests.unit.ecs.template_cases import container, of, task
from tests.unit.release.plan_cases import migration, service, settings

ACCOUNT = "123456789012"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    return Session("us-east-1")


def test_no_client_is_made_when_no_file_is_named(tmp_path: Path) -> None:
    assert read_templates(None, tmp_path, settings(service("app"))) is NO_TEMPLATES  # type: ignore[arg-type]


def test_files_are_read_with_the_variables_of_the_environment(tmp_path: Path, session: Session) -> None:
    (tmp_path / "app.json").write_bytes(of(container(image="PLACEHOLDER"), cpu="${CPU}", _why="x"))
    (tmp_path / "migrate.yml").write_text("containerDefinitions: [{name: a, image: b}]")
    configured = settings(
        service("app", template="app.json"), migrate=migration(template="migrate.yml"), variables={"CPU": "512"}
    )

    templates = read_templates(session, tmp_path, configured)

    assert templates.definitions == {
        "app": task(container(image="PLACEHOLDER")),
        "migrate": {"containerDefinitions": [{"name": "a", "image": "b"}]},
    }
    assert templates.open_images["app"]["book"].cause == (
        "app.json:13:16: the image of this container is no image reference"
    )
    assert templates.warnings == ("app.json:36:3: _why is ignored: ECS has no such field",)


def test_every_fault_of_every_file_is_reported_with_the_path_as_configured(tmp_path: Path, session: Session) -> None:
    (tmp_path / "a.json").write_bytes(of(cpu=1, memory=2))
    (tmp_path / "directory").mkdir()
    configured = settings(
        service("app", template="a.json"),
        service("none", template="deploy/none.json"),
        service("directory", template="directory"),
    )

    with pytest.raises(TemplateErrors) as refused:
        read_templates(session, tmp_path, configured)

    places = [issue.place for issue in refused.value.issues]
    assert places == ["a.json:7:10", "a.json:8:13", "deploy/none.json", "directory"]
    assert str(tmp_path) not in refused.value.cause


class FakeAws:
    """Session of an account in which only these names exist, each in one region."""

    def __init__(self, **regions: str) -> None:
        self._regions = regions

    def client(self, service: str, region: str = "") -> Any:
        return FakeClient(service, {name for name, place in self._regions.items() if place == (region or "home")})


class FakeClient:
    def __init__(self, service: str, names: set[str]) -> None:
        self._names = names
        self.meta = type("Meta", (), {"service_model": type("Model", (), {"signing_name": service})})

    def describe_secret(self, SecretId: str) -> Any:  # noqa: N803
        if SecretId.rpartition(":")[2] not in self._names:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "DescribeSecret")
        return {}

    def describe_parameters(self, ParameterFilters: Any) -> Any:  # noqa: N803
        return {"Parameters": [name for name in ParameterFilters[0]["Values"] if name.strip("/") in self._names]}

    def describe_log_groups(self, logGroupNamePrefix: str, limit: int) -> Any:  # noqa: N803
        return {"logGroups": [{"logGroupName": name} for name in self._names][:limit]}

    def get_role(self, RoleName: str) -> Any:  # noqa: N803
        if RoleName not in self._names:
            raise ClientError({"Error": {"Code": "NoSuchEntity", "Message": "no"}}, "GetRole")
        return {"Role": {"RoleName": RoleName}}


def named(**of: Any) -> dict[str, Any]:
    top = {key: of.pop(key) for key in ("taskRoleArn",) if key in of}
    return {"containerDefinitions": [{"name": "app", **of}], **top}


def secret(value_from: str) -> dict[str, Any]:
    return named(secrets=[{"name": "A", "valueFrom": value_from}])


def logs(**options: str) -> dict[str, Any]:
    return named(logConfiguration={"logDriver": "awslogs", "options": options})


SECRET = "arn:aws:secretsmanager:{}:{}:secret:key"
PARAMETER = "arn:aws:ssm:{}:{}:parameter/key"


@pytest.mark.parametrize(
    "definition",
    [
        secret(SECRET.format("eu-west-1", ACCOUNT) + ":json::"),
        secret(PARAMETER.format("eu-west-1", ACCOUNT)),
        logs(**{"awslogs-group": "key", "awslogs-region": "eu-west-1"}),
    ],
    ids=["secret", "parameter", "log group"],
)
def test_a_resource_is_looked_up_in_the_region_that_names_it(definition: Any) -> None:
    assert preflight(FakeAws(key="eu-west-1"), ACCOUNT, [definition]) == ((), ())  # type: ignore[arg-type]
    (problem,), _ = preflight(FakeAws(key="home"), ACCOUNT, [definition])  # type: ignore[arg-type]
    assert problem.cause.endswith("does not exist in eu-west-1")


@pytest.mark.parametrize(
    "definition",
    [secret("/key"), logs(**{"awslogs-group": "key"}), named(taskRoleArn=f"arn:aws:iam::{ACCOUNT}:role/x/key"),
     named(taskRoleArn="key")],
    ids=["parameter", "log group", "role", "role by name"],
)  # fmt: skip
def test_a_resource_is_looked_up_at_home_when_nothing_names_a_region(definition: Any) -> None:
    assert preflight(FakeAws(key="home"), ACCOUNT, [definition]) == ((), ())  # type: ignore[arg-type]
    (problem,), _ = preflight(FakeAws(key="eu-west-1"), ACCOUNT, [definition])  # type: ignore[arg-type]
    assert problem.cause.endswith("does not exist")


@pytest.mark.parametrize("arn", [SECRET.format("us-east-1", "999999999999"), PARAMETER.format("us-east-1", "9" * 12)])
def test_a_secret_of_another_account_is_not_missing_but_cannot_be_checked(arn: str) -> None:
    problems, (warning,) = preflight(FakeAws(), ACCOUNT, [secret(arn)])  # type: ignore[arg-type]
    assert not problems
    assert "it is of account 999999999999" in warning


def test_a_role_of_another_account_is_refused() -> None:
    definition = named(taskRoleArn="arn:aws:iam::999999999999:role/key")
    (problem,), _ = preflight(FakeAws(key="home"), ACCOUNT, [definition])  # type: ignore[arg-type]
    assert "is of account 999999999999, and tasks run in 123456789012" in problem.cause
