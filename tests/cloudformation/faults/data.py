"""Faults of the data template."""

from __future__ import annotations

from typing import Any

from tests.cloudformation.faults.planted import Planted, drop, our, put

DB = ("Database", "Properties")
REDIS = ("Redis", "Properties")


def _password_literal(resources: dict[str, Any]) -> None:
    del resources["Database"]["Properties"]["ManageMasterUserPassword"]
    resources["Database"]["Properties"]["MasterUserPassword"] = "correct-horse-battery"


def _password_from_a_parameter(resources: dict[str, Any]) -> None:
    del resources["Database"]["Properties"]["ManageMasterUserPassword"]
    resources["Database"]["Properties"]["MasterUserPassword"] = {"Ref": "DatabaseName"}


def _auth_without_tls(resources: dict[str, Any]) -> None:
    resources["Redis"]["Properties"]["TransitEncryptionEnabled"] = False


FAULTS = (
    Planted("data", "unknown property", "E3002", put(True, *DB, "MultiZone")),
    Planted(
        "data",
        "GetAtt typo",
        "E1010",
        put({"Fn::GetAtt": ["Database", "Endpoint.Adress"]}, "DatabaseSecret", "Properties", "SecretString"),
    ),
    Planted("data", "database class not for the engine", "E3025", put("db.z1d.large", *DB, "DBInstanceClass")),
    Planted("data", "engine version at its end of life", "engine_is_supported", put("11.22", *DB, "EngineVersion")),
    Planted(
        "data", "no deletion policy on the database", "database_outlives_its_stack", drop("Database", "DeletionPolicy")
    ),
    Planted("data", "deletion protection off", "database_is_protected", put(False, *DB, "DeletionProtection")),
    Planted("data", "database in one zone", "CKV_AWS_157", put(False, *DB, "MultiAZ")),
    Planted("data", "database not encrypted", "CKV_AWS_16", put(False, *DB, "StorageEncrypted")),
    Planted("data", "database public", "CKV_AWS_17", put(True, *DB, "PubliclyAccessible")),
    Planted(
        "data",
        "PostgreSQL open to the world",
        "nothing_is_open_to_everybody",
        put(
            [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": "0.0.0.0/0"}],
            "DatabaseGroup",
            "Properties",
            "SecurityGroupIngress",
        ),
    ),
    Planted("data", "password in the template", "password_is_not_in_the_template", _password_literal),
    Planted("data", "Redis token without TLS", "redis_asks_for_a_token_over_tls", _auth_without_tls),
    Planted("data", "Redis failover with one node", "redis_can_fail_over", put(1, *REDIS, "NumCacheClusters")),
    our("data", "password from a parameter", "password_is_not_in_the_template", _password_from_a_parameter),
    our("data", "Redis without a token", "redis_asks_for_a_token_over_tls", drop(*REDIS, "AuthToken")),
    our("data", "backups off", "database_is_backed_up", put(0, *DB, "BackupRetentionPeriod")),
    our(
        "data",
        "database in public subnets",
        "private_stays_private",
        put(
            {"Fn::Split": [",", {"Fn::ImportValue": {"Fn::Sub": "${App}-${Environment}-PublicSubnets"}}]},
            "DatabaseSubnets",
            "Properties",
            "SubnetIds",
        ),
    ),
)
