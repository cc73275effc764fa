"""The guide's eleven services, each with what it is to be like."""

from __future__ import annotations

from deploytool.infra.checks.model import TemplateSet
from tests.unit.cloudformation.guide import SMALL, Row, alarm, has, of, there


def _fargate(cloud: TemplateSet) -> bool:
    return all(
        has(cloud, f"service.{service}", LaunchType="FARGATE", Cluster="shop")
        and has(cloud, f"service.{task}", RequiresCompatibilities=["FARGATE"], Cpu=cpu, Memory=memory)
        for service, task, cpu, memory in (
            ("AppEcsService", "AppTask", "512", "1024"),
            ("WorkerEcsService", "WorkerTask", "256", "512"),
        )
    )


def _cdn(cloud: TemplateSet) -> bool:
    config = of(cloud, "platform.Cdn").get("DistributionConfig", {})
    to = {each["PathPattern"]: each["TargetOriginId"] for each in config.get("CacheBehaviors", [])}
    api = [each for each in config.get("CacheBehaviors", []) if each["PathPattern"] == "/api/*"]
    return (
        to == {"/api/*": "app", "/_next/static/*": "assets-else-app", "/uploads/*": "assets"}
        and cloud.target("platform", api[0]["CachePolicyId"]) is cloud.get("platform", "ApiCaching")
        and there(cloud, "platform.ApiCaching", "platform.AssetsAccess")
    )


def _balancer(cloud: TemplateSet) -> bool:
    redirect = of(cloud, "platform.HttpListener").get("DefaultActions", [{}])[0]
    return (
        has(cloud, "platform.LoadBalancer", Type="application", Scheme="internet-facing")
        and has(cloud, "platform.HttpsListener", Protocol="HTTPS", Port=443)
        and redirect.get("RedirectConfig", {}).get("Protocol") == "HTTPS"
        and has(cloud, "platform.AppTargets", HealthCheckPath="/api/health", TargetType="ip")
    )


def _database(cloud: TemplateSet) -> bool:
    return has(
        cloud,
        "data.Database",
        Engine="postgres",
        EngineVersion="16",
        MultiAZ=True,
        DBInstanceClass="db.t3.medium",
        StorageType="gp3",
        AllocatedStorage="100",
        MaxAllocatedStorage=500,
        DBName="app",
    )


def _certificate(cloud: TemplateSet) -> bool:
    used = of(cloud, "platform.HttpsListener").get("Certificates", [{}])[0].get("CertificateArn")
    cdn = of(cloud, "platform.Cdn").get("DistributionConfig", {}).get("ViewerCertificate", {})
    return (
        has(cloud, "platform.Certificate", DomainName="app.example.com", ValidationMethod="DNS")
        and cloud.target("platform", used) is cloud.get("platform", "Certificate")
        and cloud.target("platform", cdn.get("AcmCertificateArn")) is cloud.get("platform", "Certificate")
    )


def _secrets(cloud: TemplateSet) -> bool:
    names = {each.properties["Name"] for each in cloud.of_type("AWS::SecretsManager::Secret")}
    wanted = {f"shop/production/{name}" for name in ("database", "redis", "redis-token", "openai-api-key")}
    return names == wanted and has(cloud, "data.Database", ManageMasterUserPassword=True)


def _monitoring(cloud: TemplateSet) -> bool:
    return (
        has(cloud, "platform.TheCluster", ClusterSettings=[{"Name": "containerInsights", "Value": "enabled"}])
        and there(cloud, "platform.AppLogs", "platform.WorkerLogs", "platform.MigrateLogs")
        and alarm(cloud, "service.AppIsBusy", "CPUUtilization", 80)
        and alarm(cloud, "data.DatabaseHasManyConnections", "DatabaseConnections", 100)
    )


def _dns(cloud: TemplateSet) -> bool:
    records = of(cloud, "platform.Records").get("RecordSets", [])
    named = {record["Type"] for record in records if record["Name"] == "app.example.com"}
    return named == {"A", "AAAA"} and has(cloud, "platform.OriginRecord", Name="origin.app.example.com")


SERVICES = (
    Row(
        "containers on Fargate: the web app and the worker",
        ("service.AppEcsService", "service.WorkerEcsService", "service.AppTask", "service.WorkerTask"),
        _fargate,
        SMALL,
    ),
    Row("PostgreSQL in two zones, db.t3.medium at least", ("data.Database",), _database, SMALL),
    Row(
        "Redis for cache and jobs, two nodes, cache.t3.medium at least",
        ("data.Redis",),
        lambda cloud: has(
            cloud,
            "data.Redis",
            Engine="redis",
            EngineVersion="7.1",
            NumCacheClusters=2,
            MultiAZEnabled=True,
            CacheNodeType="cache.t3.medium",
        ),
        SMALL,
    ),
    Row(
        "a load balancer for HTTP and HTTPS, with health checks",
        ("platform.LoadBalancer", "platform.HttpListener", "platform.HttpsListener", "platform.AppTargets"),
        _balancer,
    ),
    Row(
        "a CDN for static files, and a cache before the API",
        ("platform.Cdn", "platform.ApiCaching", "platform.AssetsAccess"),
        _cdn,
    ),
    Row(
        "storage for build artefacts and uploads",
        ("platform.Assets",),
        lambda cloud: has(cloud, "platform.Assets", VersioningConfiguration={"Status": "Enabled"}),
    ),
    Row(
        "a registry for images",
        ("bootstrap.Images",),
        lambda cloud: has(
            cloud,
            "bootstrap.Images",
            RepositoryName="shop",
            ImageTagMutability="IMMUTABLE",
            ImageScanningConfiguration={"ScanOnPush": True},
        ),
    ),
    Row(
        "secrets: the database's, Redis's, keys of APIs",
        ("data.Database", "data.DatabaseSecret", "data.RedisSecret", "data.RedisToken", "data.OpenAiKey"),
        _secrets,
    ),
    Row(
        "metrics, alarms and logs",
        (
            "platform.TheCluster",
            "platform.AppLogs",
            "platform.WorkerLogs",
            "platform.MigrateLogs",
            "platform.Alerts",
            "service.AppIsBusy",
            "data.DatabaseHasManyConnections",
        ),
        _monitoring,
    ),
    Row("DNS of the domain", ("platform.Records", "platform.OriginRecord"), _dns),
    Row("certificates for HTTPS", ("platform.Certificate", "platform.HttpsListener", "platform.Cdn"), _certificate),
)
