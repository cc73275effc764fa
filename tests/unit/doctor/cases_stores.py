from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from deploytool.doctor.facts import Facts, Repository
from tests.unit.doctor.case import DENIED, GOOD, UNKNOWN, Case
from tests.unit.doctor.healthy import CACHE, DATABASE, KEPT, NOW, REPOSITORY, SECRET, app, facts, github, task

OLD = NOW - timedelta(days=101)


def database(**changes: Any) -> Facts:
    return facts(databases=(replace(DATABASE, **changes),))


def cache(**changes: Any) -> Facts:
    return facts(caches=(replace(CACHE, **changes),))


def repository(**changes: Any) -> Facts:
    return facts(repositories={"shop": replace(Repository("shop"), **changes)})


def secret(**changes: Any) -> Facts:
    return facts(secrets=(replace(KEPT, **changes),))


STORE_CASES = (
    Case("there is no database", "database", facts(databases=()), "no RDS instance is in the services' VPC"),
    Case("databases may not be read", "database", facts(databases=DENIED), "access denied", UNKNOWN),
    Case("the database is stopped", "database", database(status="stopped"), "shop-db is stopped"),
    Case("the database is in one zone", "database", database(multi_az=False), "in one zone only"),
    Case("backups are kept too short", "database", database(backup_days=1), "keeps backups for 1 days"),
    Case("the database can be deleted", "database", database(deletion_protection=False), "no deletion protection"),
    Case("Performance Insights is off", "database", database(insights=False), "no Performance Insights"),
    Case("there is no cache", "cache", facts(caches=()), "no ElastiCache replication group"),
    Case("the cache is being made", "cache", cache(status="creating"), "shop-cache is creating"),
    Case("the cache has one node", "cache", cache(nodes=1), "has no automatic failover (1 nodes)"),
    Case("the cache does not fail over", "cache", cache(failover=False), "has no automatic failover (2 nodes)"),
    Case("the cache keeps no snapshots", "cache", cache(snapshot_days=0), "keeps no snapshots"),
    Case("there is no repository", "repository", facts(repositories={"shop": None}), "repository shop does not exist"),
    Case("tags can move", "repository", repository(immutable=False), "has mutable tags"),
    Case("nothing is scanned", "repository", repository(scans=False), "does not scan images on push"),
    Case("there is no lifecycle policy", "repository", repository(lifecycle=False), "keeps every image"),
    Case("the lifecycle policy may not be read", "repository", repository(lifecycle=DENIED), "access denied",
         UNKNOWN),
    Case("the database is not encrypted", "at-rest", database(encrypted=False), "shop-db is not encrypted at rest"),
    Case("the cache is not encrypted", "at-rest", cache(at_rest=False), "shop-cache is not encrypted at rest"),
    Case("the database takes plain connections", "tls", database(force_ssl=False), "accepts connections without TLS"),
    Case("the database's parameters may not be read", "tls", database(force_ssl=DENIED), "access denied",
         UNKNOWN),
    Case("the engine has no such parameter", "tls", database(force_ssl=None, engine="oracle-ee"),
         "no parameter of oracle-ee", UNKNOWN),
    Case("the cache takes plain connections", "tls", cache(transit=False), "shop-cache accepts connections"),
    Case("the cache asks for no password", "tls", cache(auth=False), "accepts unauthenticated connections"),
    Case("no secret is named", "secrets", facts(secrets=()), "no task definition uses a secret"),
    Case("a secret is missing", "secrets", secret(exists=False), f"secret {SECRET} does not exist"),
    Case("a secret will be deleted", "secrets", secret(deleted=True), "is scheduled for deletion"),
    Case("a secret is a parameter", "secrets", secret(name="/shop/key", parameter=True, variables=()),
         "registry credentials: /shop/key in Parameter Store", GOOD),
    Case("a password is a plain variable", "no-plain-secrets", app(task=task("app", plain=(("app", "API_KEY"),))),
         "app has secrets in plain environment variables: API_KEY of app"),
    Case("a database password does not rotate", "rotation", secret(rotates=False), "does not rotate"),
    Case("a rotation is overdue", "rotation", secret(rotated_at=OLD), "is overdue: last rotated on 2026-08-15"),
    Case("a rotation without a rate in days is overdue", "rotation", secret(rotated_at=OLD, rotate_days=0),
         "last rotated"),
    Case("a rotation is to come", "rotation", secret(rotated_at=None), "its first rotation is pending", GOOD),
    Case("a database password is a parameter", "rotation", secret(parameter=True, name="/shop/db"), "does not rotate"),
    Case("RDS manages the password", "rotation",
         facts(databases=(replace(DATABASE, master_secret=SECRET),), secrets=(replace(KEPT, rotates=False),)),
         "managed and rotated by RDS", GOOD),
    Case("RDS manages a password that no task names", "rotation",
         facts(databases=(replace(DATABASE, master_secret="other"),), secrets=()), "nothing to check", UNKNOWN),
    Case("a secret holds an address alone", "rotation", secret(variables=("DATABASE_HOST", "API_URL")),
         "no secret of the tasks looks like a database password", UNKNOWN),
    Case("secret scanning is shown to administrators only", "secrets-in-git",
         github(repository=replace(REPOSITORY, secret_scanning=None)), "to administrators only", UNKNOWN),
    Case("secret scanning is off", "secrets-in-git", github(repository=replace(REPOSITORY, secret_scanning=False)),
         "secret scanning of acme/shop is disabled"),
    Case("a push with a secret is accepted", "secrets-in-git",
         github(repository=replace(REPOSITORY, push_protection=None)), "push protection is disabled"),
    Case("without a token nothing is known of git", "secrets-in-git", github(repository=DENIED), "access denied",
         UNKNOWN),
)  # fmt: skip
