"""The guide's eighteen items before going live."""

from __future__ import annotations

from pathlib import Path

from deploytool.infra.checks.model import TemplateSet
from tests.unit.cloudformation.guide import SMALL, Row, alarm, container, has, of, port, source, there

_ROOT = Path(__file__).parents[3]
_PRIVATE = tuple(f"network.Private{zone}" for zone in "ABC")
_PUBLIC = tuple(f"network.Public{zone}" for zone in "ABC")


def _network(cloud: TemplateSet) -> bool:
    blocks = [of(cloud, name).get("CidrBlock") for name in (*_PRIVATE, *_PUBLIC)]
    zones = [of(cloud, name).get("AvailabilityZone") for name in _PRIVATE]
    return (
        has(cloud, "network.Vpc", CidrBlock="10.0.0.0/16", EnableDnsHostnames=True, EnableDnsSupport=True)
        and blocks == [f"10.0.{number}.0/24" for number in (1, 2, 3, 101, 102, 103)]
        and len({str(zone) for zone in zones}) == 3
        and len(list(cloud.of_type("AWS::EC2::NatGateway"))) == 3
        and has(cloud, "network.S3Endpoint", VpcEndpointType="Gateway")
    )


def _groups(cloud: TemplateSet) -> bool:
    return (
        port(cloud, "data.DatabaseGroup", 5432, "data.DatabaseClients")
        and port(cloud, "data.RedisGroup", 6379, "data.RedisClients")
        and source(cloud, "service.AppGroup", "platform.LoadBalancerGroup")
        and "SecurityGroupIngress" not in of(cloud, "service.WorkerGroup")
        and there(
            cloud, "data.DatabaseClients", "data.RedisClients", "platform.LoadBalancerGroup", "service.WorkerGroup"
        )
    )


def _database(cloud: TemplateSet) -> bool:
    return has(
        cloud,
        "data.Database",
        BackupRetentionPeriod=7,
        PreferredBackupWindow="03:00-04:00",
        PreferredMaintenanceWindow="mon:04:00-mon:05:00",
        DeletionProtection="true",
        EnablePerformanceInsights=True,
    ) and there(cloud, "data.DatabaseSubnets")


def _redis(cloud: TemplateSet) -> bool:
    return has(
        cloud,
        "data.Redis",
        AutomaticFailoverEnabled=True,
        SnapshotRetentionLimit=7,
        SnapshotWindow="02:00-03:00",
        Port=6379,
    ) and there(cloud, "data.RedisSubnets")


def _services(cloud: TemplateSet) -> bool:
    breaker = {"Enable": True, "Rollback": True}
    return has(cloud, "platform.TheCluster", ClusterName="shop") and all(
        of(cloud, f"service.{name}").get("DeploymentConfiguration", {}).get("DeploymentCircuitBreaker") == breaker
        for name in ("AppEcsService", "WorkerEcsService")
    )


def _targets(cloud: TemplateSet) -> bool:
    used = of(cloud, "service.AppEcsService").get("LoadBalancers", [{}])[0]
    return cloud.target("service", used.get("TargetGroupArn")) is cloud.get("platform", "AppTargets") and there(
        cloud, "platform.AppTargets", "platform.LoadBalancer"
    )


def _secrets_reach_tasks(cloud: TemplateSet) -> bool:
    names = {secret["Name"] for secret in container(cloud, "AppTask").get("Secrets", [])}
    database = {f"DATABASE_{part}" for part in ("HOST", "PORT", "NAME", "USER", "PASSWORD")}
    redis = {"REDIS_HOST", "REDIS_PORT", "REDIS_AUTH_TOKEN"}
    worker = {secret["Name"] for secret in container(cloud, "WorkerTask").get("Secrets", [])}
    return (
        names == worker == database | redis | {"OPENAI_API_KEY"}
        and there(cloud, "data.DatabaseSecret", "data.RedisSecret", "data.OpenAiKey")
        and {secret["Name"] for secret in container(cloud, "MigrateTask").get("Secrets", [])} == database
    )


def _logs(cloud: TemplateSet) -> bool:
    return all(
        has(cloud, f"platform.{role}Logs", LogGroupName=f"/ecs/shop/{role.lower()}", RetentionInDays="30")
        and container(cloud, f"{role}Task").get("LogConfiguration", {}).get("LogDriver") == "awslogs"
        for role in ("App", "Worker", "Migrate")
    )


def _alarms(cloud: TemplateSet) -> bool:
    rings = list(cloud.of_type("AWS::CloudWatch::Alarm"))
    return (
        len(rings) >= 12
        and alarm(cloud, "service.AppIsBusy", "CPUUtilization", 80)
        and there(cloud, "platform.Alerts", "platform.AlertsPolicy", "platform.AlertsByEmail")
    )


def _pipeline(cloud: TemplateSet) -> bool:
    workflows = [_ROOT / ".github" / "workflows" / f"{name}.yml" for name in ("deploy", "plan", "rollback")]
    return all(path.exists() for path in workflows) and there(
        cloud, "bootstrap.ProductionDeployRole", "bootstrap.PlanRole", "bootstrap.GitHub"
    )


def _migrations(cloud: TemplateSet) -> bool:
    return has(cloud, "service.MigrateTask", Family="shop-migrate") and there(cloud, "service.MigrateRole")


def _health(cloud: TemplateSet) -> bool:
    check = container(cloud, "AppTask").get("HealthCheck", {})
    return (
        check.get("Command", [""])[0] == "CMD-SHELL"
        and "http://127.0.0.1:3000/api/health" in check["Command"][1]
        and (check["Interval"], check["Timeout"], check["Retries"]) == (30, 5, 3)
        and container(cloud, "WorkerTask")["HealthCheck"]["Command"] == ["CMD-SHELL", "kill -0 1"]
        and has(cloud, "platform.AppTargets", HealthCheckPath="/api/health", Matcher={"HttpCode": "200"})
        and has(cloud, "service.AppEcsService", HealthCheckGracePeriodSeconds=60)
    )


def _scaling(cloud: TemplateSet) -> bool:
    policy = of(cloud, "service.AppScalingByCpu").get("TargetTrackingScalingPolicyConfiguration", {})
    return (
        has(cloud, "service.AppScaling", MinCapacity=2, MaxCapacity=10, ResourceId="service/shop/app")
        and policy.get("PredefinedMetricSpecification") == {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
        and (policy["TargetValue"], policy["ScaleInCooldown"], policy["ScaleOutCooldown"]) == (70, 300, 60)
        and has(cloud, "service.WorkerScaling", MinCapacity=1, MaxCapacity=3)
    )


CHECKLIST = (
    Row(
        "network over three zones, public and private",
        ("network.Vpc", "network.S3Endpoint", *_PRIVATE, *_PUBLIC),
        _network,
    ),
    Row(
        "security groups",
        (
            "data.DatabaseGroup",
            "data.RedisGroup",
            "service.AppGroup",
            "service.WorkerGroup",
            "platform.LoadBalancerGroup",
            "data.DatabaseClients",
            "data.RedisClients",
        ),
        _groups,
    ),
    Row("database", ("data.Database", "data.DatabaseSubnets"), _database),
    Row("Redis", ("data.Redis", "data.RedisSubnets"), _redis),
    Row("image repository", ("bootstrap.Images",), lambda cloud: there(cloud, "bootstrap.Images")),
    Row(
        "cluster and services", ("platform.TheCluster", "service.AppEcsService", "service.WorkerEcsService"), _services
    ),
    Row("load balancer and target group", ("platform.LoadBalancer", "platform.AppTargets"), _targets),
    Row("CDN", ("platform.Cdn",), lambda cloud: there(cloud, "platform.Cdn")),
    Row("DNS", ("platform.Records",), lambda cloud: there(cloud, "platform.Records")),
    Row("certificates", ("platform.Certificate",), lambda cloud: there(cloud, "platform.Certificate")),
    Row(
        "secrets stored, and handed to the tasks",
        (
            "data.DatabaseSecret",
            "data.RedisSecret",
            "data.OpenAiKey",
            "service.AppTask",
            "service.WorkerTask",
            "service.MigrateTask",
        ),
        _secrets_reach_tasks,
    ),
    Row("log groups", ("platform.AppLogs", "platform.WorkerLogs", "platform.MigrateLogs"), _logs),
    Row(
        "alarms, and somebody who hears them",
        ("platform.Alerts", "platform.AlertsPolicy", "platform.AlertsByEmail", "service.AppIsBusy"),
        _alarms,
    ),
    Row("pipeline", ("bootstrap.ProductionDeployRole", "bootstrap.PlanRole", "bootstrap.GitHub"), _pipeline),
    Row("migrations", ("service.MigrateTask", "service.MigrateRole"), _migrations),
    Row(
        "seed data: the migration's task with another command",
        ("service.MigrateTask",),
        lambda cloud: container(cloud, "MigrateTask").get("Command") == ["node", "migrate.js"],
    ),
    Row(
        "health checks, of the container and of the load balancer",
        ("service.AppTask", "platform.AppTargets", "service.AppEcsService"),
        _health,
        SMALL,
    ),
    Row(
        "scaling from 2 to 10 tasks at 70 % CPU",
        ("service.AppScaling", "service.AppScalingByCpu", "service.WorkerScaling"),
        _scaling,
        SMALL,
    ),
)
