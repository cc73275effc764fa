"""`deploytool init --from-service`, against services of a MiniStack; without tasks, so that it needs no Docker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from deploytool.config.loader import resolve
from deploytool.config.yaml import read_config
from deploytool.sandbox.account import Account as AwsAccount
from tests.integration.scaffold.conftest import Project, Ran
from tests.support.ministack import running_ministack

ACCOUNT, REGION = "000000000000", "us-east-1"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_ministack(tmp_path_factory.mktemp("ministack"), "init") as address:
        yield address


class Account:
    """One cluster of an account, and how to fill it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.cluster = f"live-{uuid4().hex[:8]}"
        self.client = AwsAccount(endpoint, REGION).client
        self.ecs = self.client("ecs")
        self.ecs.create_cluster(clusterName=self.cluster)

    def family(self, name: str, *images: str, **container: Any) -> str:
        """Register a task definition of this cluster's own; its family."""
        family = f"{self.cluster}-{name}"
        containers = [
            {"name": f"{name}{number or ''}", "image": image, "memory": 64, "essential": True, **container}
            for number, image in enumerate(images)
        ]
        self.ecs.register_task_definition(family=family, containerDefinitions=containers)
        return family

    def service(self, name: str, *images: str, behind: str = "") -> None:
        """A service without tasks; ``behind`` is the ARN of a target group."""
        definition = self.family(name, *images, portMappings=[{"containerPort": 3000}])
        balancers = [{"targetGroupArn": behind, "containerName": name, "containerPort": 3000}] if behind else []
        self.ecs.create_service(
            cluster=self.cluster, serviceName=name, taskDefinition=definition, desiredCount=0, loadBalancers=balancers
        )

    def targets(self, path: str, protocol: str) -> str:
        """A target group behind a load balancer with a listener; its ARN."""
        balancing = self.client("elbv2")
        name = f"t-{uuid4().hex[:8]}"
        group = balancing.create_target_group(
            Name=name, Protocol="HTTP", Port=3000, VpcId="vpc-1", TargetType="ip", HealthCheckPath=path
        )["TargetGroups"][0]["TargetGroupArn"]
        balancer = balancing.create_load_balancer(Name=name, Subnets=["subnet-1", "subnet-2"])["LoadBalancers"][0]
        balancing.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol=protocol, Port=443,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )  # fmt: skip
        return str(group)


@pytest.fixture
def account(endpoint: str) -> Account:
    return Account(endpoint)


@pytest.fixture
def live(shop: Project, account: Account) -> Project:
    """The project, signed in."""
    given = {"AWS_ENDPOINT_URL": account.endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return Project(shop.root, {**shop.environ, **given, "AWS_REGION": REGION})


def from_service(live: Project, account: Account, *services: str, code: int = 0) -> Ran:
    words = [word for name in services for word in ("--from-service", f"{account.cluster}/{name}")]
    ran = live.run("init", "--output", "json", *words)
    assert ran.code == code, ran.err
    return ran


def test_what_runs_is_written_down(live: Project, account: Account) -> None:
    image = f"{REGISTRY}/shop"
    account.service("web", f"{image}@sha256:{'a' * 64}", behind=account.targets("/api/health", "HTTPS"))
    account.service("jobs", f"{image}:1", "public.ecr.aws/agent:1")
    account.service("blog", f"{REGISTRY}/blog:1")
    migrate = account.family("migrate", f"{image}:1")
    ran = from_service(live, account, "web")
    assert live.run("config", "check", "--environment", "production").code == 0
    found = resolve(read_config(live.root / "deploytool.yml"), "production")
    assert (found.app, found.cluster, found.region) == (account.cluster, account.cluster, REGION)
    assert (found.repository, found.account) == ("shop", ACCOUNT)
    assert {name: (each.image, dict(each.containers)) for name, each in found.services.items()} == {
        "web": ("app", {}),
        "jobs": (None, {"jobs": "app"}),
    }
    verify = found.services["web"].verify
    assert verify is not None
    assert verify.url == "https://${host}/api/health"
    assert found.migrate is not None
    assert (found.migrate.task, found.migrate.image, found.migrate.like) == (migrate, "migrate", "web")
    assert "infra" not in (live.root / "deploytool.yml").read_text()
    assert ran.document["next_commands"][0] == "deploytool plan --environment production"
    assert any("DEPLOY_ROLE" in note for note in ran.document["notes"])


def test_a_release_can_be_planned_from_what_was_written(live: Project, account: Account) -> None:
    account.service("web", f"{REGISTRY}/shop:1", behind=account.targets("/up", "HTTP"))
    account.client("ecr").create_repository(repositoryName="shop")
    from_service(live, account, "web")
    written = live.root / "deploytool.yml"
    assert 'url: "http://${host}/up"' in written.read_text()
    # The table of the ledger is made once per region, by a person.
    written.write_text(written.read_text().replace("region:", "ledger: false\n    region:", 1))
    live.git("add", "--all")
    live.git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "Release")
    planning = Project(live.root, {**live.environ, "DEPLOYTOOL_REGISTRY": account.endpoint.removeprefix("http://")})
    planned = planning.run("plan")
    assert (planned.code, planned.err.startswith("warning: this environment has no ledger")) == (0, True), planned.err
    assert planned.err.count("\n") == 1
    assert "web" in planned.out


def test_several_services_are_those_that_are_named(live: Project, account: Account) -> None:
    for name, repository in (("web", "shop"), ("jobs", "jobs"), ("other", "shop")):
        account.service(name, f"{REGISTRY}/{repository}:1")
    # One Dockerfile is here; which one builds the other image is a decision.
    ran = from_service(live, account, "web", "jobs", code=3)
    assert "which Dockerfile builds image jobs" in ran.document["problems"][0]["cause"]
    found = read_config(live.root / "deploytool.yml")
    assert {name: each.image for name, each in found.services.items()} == {"web": "app", "jobs": "jobs"}
    assert found.environments["production"].images["jobs"].repository == "jobs"


@pytest.mark.parametrize(
    ("image", "service", "said"),
    [
        (f"{REGISTRY}/shop:1", "wep", "no service wep in cluster"),
        ("nginx:1", "web", "service web runs nginx:1, which is not in registry"),
    ],
)
def test_what_cannot_be_released_is_refused_and_nothing_written(
    live: Project, account: Account, image: str, service: str, said: str
) -> None:
    account.service("web", image)
    before = live.files()
    ran = from_service(live, account, service, code=3)
    assert said in ran.err
    assert "fix:" in ran.err
    assert live.files() == before


def test_a_cluster_that_is_not_there_is_told(live: Project) -> None:
    ran = live.run("init", "--from-service", "nowhere/web")
    assert ran.code == 3
    assert "no active cluster nowhere in us-east-1" in ran.err


def test_without_credentials_it_is_told_what_to_do(shop: Project) -> None:
    ran = shop.run("init", "--region", REGION, "--from-service", "shop/web")
    assert ran.code == 3
    assert "no AWS credentials were found" in ran.err
    assert "fix:" in ran.err


def test_a_new_cloud_is_for_the_account_that_is_signed_in_to(live: Project) -> None:
    live.init()
    assert f'account: "{ACCOUNT}"' in (live.root / "deploytool.yml").read_text()
    workflow = (live.root / ".github/workflows/deploy.yml").read_text()
    assert f"role: arn:aws:iam::{ACCOUNT}:role/shop-production-deploy\n" in workflow
