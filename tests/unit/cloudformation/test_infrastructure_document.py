"""docs/infrastructure.md names the parameters, stacks and classes that there are."""

from __future__ import annotations

import re
from pathlib import Path

from deploytool.infra.checks.model import template_set
from tests.support.cloudformation.templates import NAMES, STACKS, load

TEXT = (Path(__file__).parents[3] / "docs" / "infrastructure.md").read_text()
FROM_THE_CONFIGURATION = {
    "App", "Environment", "Size", "Cluster", "Repository", "LedgerTable", "AppService", "WorkerService", "AppImage",
    "MigrateImage", "WorkerImage",
}  # fmt: skip
NOT_WORTH_A_ROW = {
    "ProductionEnvironment", "ProductionCluster", "StagingEnvironment", "StagingCluster", "DatabaseConnections",
    "CloudFrontPrefixList", "DatabaseFreeBytes",
}  # fmt: skip


def test_every_parameter_is_told_and_no_other() -> None:
    declared = {name for document in load().values() for name in document["Parameters"]}
    told = set(re.findall(r"`([A-Z]\w+)`", TEXT.partition("## Sizes")[2].partition("**Without a domain**")[0]))
    values = {"X86_64", "ARM64", "DATABASE_URL", "REDIS_URL"}
    assert told - values == declared - FROM_THE_CONFIGURATION - NOT_WORTH_A_ROW | {"Size"}


def test_every_stack_has_its_row() -> None:
    assert re.findall(r"^\| `(\w+)` \| ", TEXT.partition("## Sizes")[0], re.MULTILINE) == list(STACKS)


def test_the_sizes_are_those_of_the_templates() -> None:
    for size in ("minimal", "scaled"):
        cloud = template_set(load(), {**NAMES, "Size": size})
        (row,) = re.findall(rf"^\| `{size}` .*$", TEXT, re.MULTILINE)
        for name, key in (("Database", "DBInstanceClass"), ("Redis", "CacheNodeType")):
            found = cloud.get("data", name)
            assert found is not None
            assert found.properties[key] in row


def test_what_is_said_to_stay_stays() -> None:
    stays = {each.name for each in template_set(load(), NAMES).resources if "Retain" in each.deletion_policy}
    of_account = {"GitHub", "Detector", "Trail", "TrailBucketPolicy"}
    assert stays == {"Images", "Ledger", "TrailBucket", "OpenAiKey", "Assets"} | of_account
    assert "bucket of assets, bucket of the trail, ECR repository, DynamoDB table, `OPENAI_API_KEY`" in TEXT
    assert "GitHub's provider, trail, GuardDuty" in TEXT
