"""Faults of the data template."""

from __future__ import annotations

from typing import Any

from tests.support.cloudformation.faults.planted import Planted, drop, our, put

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


def _restored_with_a_user(resources: dict[str, Any]) -> None:
    resources["Database"]["Properties"]["MasterUsername"] = {"Ref": "DatabaseUser"}


def _first_node_alone(resources: dict[str, Any]) -> None:
    del resources["RedisSecondIsFull"]


FAULTS = (
    Planted("data", "unknown property", "E3002", put(True, *DB, "MultiZone")),
    Planted(
        "data",
        "GetAtt typo",
        "E1010",
        put({"Fn::GetAtt": ["Database", "Endpoint.Adress"]}, "DatabaseSecret", "Properties", "SecretString"),
    ),
    Planted("data", "database class not for the engine", "E3025", put("db.z1d.large", *DB, "DBInstanceClass")),
    Planted(
        "data", "engine version at its end of life", "database_engine_supported", put("11.22", *DB, "EngineVersion")
    ),
    Planted("data", "no deletion policy on the database", "database_retained", drop("Database", "DeletionPolicy")),
    Planted("data", "deletion protection off", "database_deletion_protection", put(False, *DB, "DeletionProtection")),
    Planted("data", "database in one zone", "CKV_AWS_157", put(False, *DB, "MultiAZ")),
    Planted("data", "database not encrypted", "CKV_AWS_16", put(False, *DB, "StorageEncrypted")),
    Planted("data", "database public", "CKV_AWS_17", put(True, *DB, "PubliclyAccessible")),
    Planted(
        "data",
        "PostgreSQL open to the world",
        "network_no_open_ingress",
        put(
            [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": "0.0.0.0/0"}],
            "DatabaseGroup",
            "Properties",
            "SecurityGroupIngress",
        ),
    ),
    Planted("data", "password in the template", "database_no_literal_password", _password_literal),
    Planted("data", "Redis token without TLS", "redis_auth_requires_tls", _auth_without_tls),
    Planted("data", "Redis failover with one node", "redis_failover_has_replica", put(1, *REDIS, "NumCacheClusters")),
    our("data", "password from a parameter", "database_no_literal_password", _password_from_a_parameter),
    our("data", "Redis without a token", "redis_auth_requires_tls", drop(*REDIS, "AuthToken")),
    our("data", "backups off", "database_backups", put(0, *DB, "BackupRetentionPeriod")),
    our("data", "database made beside Redis", "protected_created_last", put("DatabaseLogs", "Database", "DependsOn")),
    our("data", "database made beside a secret", "protected_created_last", drop(*DB, "Tags")),
    our(
        "data",
        "Redis evicts what expires",
        "redis_keeps_keys",
        put("default.redis7", *REDIS, "CacheParameterGroupName"),
    ),
    our("data", "Redis without parameters of its own", "redis_keeps_keys", drop(*REDIS, "CacheParameterGroupName")),
    our(
        "data",
        "Redis evicts what is old",
        "redis_keeps_keys",
        put("allkeys-lru", "RedisParameters", "Properties", "Properties", "maxmemory-policy"),
    ),
    our("data", "restored database with a user", "database_restore_consistent", _restored_with_a_user),
    our("data", "restored database with a name", "database_restore_consistent", put("app", *DB, "DBName")),
    our("data", "alarm on the first node of Redis alone", "alarm_covers_every_node", _first_node_alone),
    our("data", "no alarm where a restart takes too long", "alarm_covers_every_end", drop("RestartTookTooLong")),
    our("data", "no alarm where a restart is stopped", "alarm_covers_every_end", drop("RestartWasStopped")),
    our(
        "data",
        "exported key that a parameter changes",
        "export_stays",
        put(
            {"Fn::If": ["HasOpenAiKey", {"Fn::GetAtt": ["OpenAiKey", "Id"]}, {"Ref": "RestoreFromSnapshot"}]},
            "OpenAiKey",
            "Value",
        ),
        section="Outputs",
    ),
    our(
        "data",
        "exported secret that a parameter names",
        "export_stays",
        put({"Fn::Sub": "${DatabaseName}-secret"}, "DatabaseSecret", "Value"),
        section="Outputs",
    ),
    our(
        "data",
        "database in public subnets",
        "network_private_subnet_isolated",
        put(
            {"Fn::Split": [",", {"Fn::ImportValue": {"Fn::Sub": "${App}-${Environment}-PublicSubnets"}}]},
            "DatabaseSubnets",
            "Properties",
            "SubnetIds",
        ),
    ),
)
