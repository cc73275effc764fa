"""What a log says of why a migration failed or could not begin: Prisma, Alembic, Django, Rails, Flyway and others."""

from __future__ import annotations

from deploytool.ecs.log_lines import LogRule, any_of

_RESOLVE = (
    "look at what the migration left half done, repair it, then mark it (prisma migrate resolve --applied or "
    "--rolled-back NAME) with `deploytool run`, and release again"
)
MIGRATIONS = (
    LogRule(
        "migration-failed-before",
        any_of(
            r"P3009\b(?:(?:[^\n]*\n){0,6}?[^\n]*The [`'\"]?(?P<name>[\w.-]+)[`'\"]? migration started at)?",
            r"found failed migrations in the target database",
        ),
        "an earlier migration failed in this database, so Prisma applies no new one",
        _RESOLVE,
        lines=8,
        rank=0,
    ),
    LogRule(
        "migration-failed",
        r"P3018\b(?:(?:[^\n]*\n){0,6}?[^\n]*Migration name: (?P<name>\S+))?|A migration failed to apply",
        "a Prisma migration failed, and blocks all later ones until it is resolved",
        _RESOLVE,
        lines=8,
        rank=0,
    ),
    LogRule(
        "migration-schema-not-empty",
        r"P3005\b|database schema is not empty|Found non-empty schema\(s\)[^\n]*no schema history",
        "the database already has tables, but no history of migrations",
        "baseline it once (prisma migrate resolve --applied NAME, flyway baseline) with `deploytool run`, or "
        "correct the database in the URL that the task definition gives the container",
        rank=0,
    ),
    LogRule(
        "migration-locked",
        any_of(
            r"Timed out trying to acquire a postgres advisory lock",
            r"ConcurrentMigrationError",
            r"another migration (?:process )?is (?:already|currently) running",
            r"Migration table is already locked",
            r"MigrationLocked",
            r"Could not acquire change log lock",
            r"liquibase\.exception\.LockException",
            r"(?:attempting|unable|failed|can'?t|could not|timeout)[^\n]{0,40}acquir\w* (?:\w+ )*(?:advisory "
            r"|migration |database |schema )lock",
            r"can't acquire lock",
            r"canceling statement due to lock timeout",
            r"Lock wait timeout exceeded",
            r"failed to acquire (?:the )?migration lock",
            r"Can't take lock to run migrations",
        ),
        "the migration cannot get its lock: another one holds it, or left it behind when it was killed",
        "end the other migration; if none runs, release the lock (knex migrate:unlock, liquibase releaseLocks, or "
        "end the session that holds it) with `deploytool run`, then release again",
        rank=0,
    ),
    LogRule(
        "migration-dirty",
        any_of(
            r"Dirty database version (?P<name>-?\d+)",
            r"database is in a dirty state",
            r"Detected failed migration to version (?P<name2>\S+)",
            r"is marked as (?:failed|dirty)",
            r"contains? a failed migration",
            r"previously failed migration",
            r"partially applied;",
            r"Schema .{1,60} contains a failed migration",
        ),
        "an earlier migration failed half way, so the tool applies no new one",
        "repair what it left half done, then set the version (migrate force VERSION, flyway repair) with "
        "`deploytool run`, and release again",
        rank=0,
    ),
    LogRule(
        "migration-history-differs",
        any_of(
            r"Can't locate revision identified by",
            r"migration[^\n]*checksum mismatch|checksum mismatch for migration",
            r"Validation Failed:\s*\d+ change ?sets?",
            r"Migrations have failed validation",
            r"Detected (?:applied|resolved) migration not (?:resolved|applied)",
            r"InconsistentMigrationHistory",
            r"migration directory is corrupt",
            r"was previously applied but (?:has been modified|is missing)",
            r"is preceding already run migration",
            r"no migration found for version",
            r"missing \(?out-of-order\)? migrations",
            r"found \d+ missing migrations",
            r"P3015\b",
            r"P3008\b",
            r"VersionMismatch\(",
            r"VersionMissing\(",
            r"No file [^\n]*\.sql found",
            r"the following files are missing: ",
            r"cannot find version \d+",
        ),
        "the migrations in the image are not those that were applied to this database: one is missing or was changed",
        "put the missing or original file into the image (Dockerfile, merged branches), or repair the history on the "
        "database (flyway repair, alembic stamp, prisma migrate resolve) with `deploytool run`",
        rank=0,
        lines=2,
    ),
    LogRule(
        "migration-conflict",
        any_of(
            r"Multiple head revisions are present",
            r"multiple leaf nodes in the migration graph",
            r"reference nonexistent parent node",
            r"Duplicate ?Migration(?:Version|Name)Error",
            r"Found more than one migration with version",
            r"Conflicting migrations detected",
            r"Requested revision \S+ overlaps",
        ),
        "the migrations in the image contradict each other: two follow the same one, or one refers to none",
        "merge them in the repository (alembic merge heads, manage.py makemigrations --merge, rename one), then "
        "release",
        rank=0,
    ),
    LogRule(
        "migration-pending",
        r"PendingMigrationError|Migrations are pending|Target database is not up to date|P2021\b|P2022\b",
        "the database lacks a migration that the app needs",
        "let the release migrate before it updates the services: migrate in deploytool.yml",
        unless=r"\d+ unapplied",
    ),
    LogRule(
        "migration-failed",
        any_of(
            r"this and all later migrations canceled",
            r"Migration (?P<name>\S+\.(?:sql|js|ts)) failed",
            r"migration file \"(?P<name2>[^\"]+)\" failed",
            r"Migration failed for change ?set (?P<name3>\S+)",
            r"Migration \"(?P<name4>[^\"]+)\" failed",
            r"Error during migration run",
            r"FlywayMigrateException",
            r"failed to run SQL migration",
            r"Migration (?P<name5>\S+) \(\w+\) failed",
            r"Migration of schema [^\n]* failed",
            r"FAILED while executing",
            r"(?:failed|error) (?:to apply|applying|running|to run|executing) (?:the |database )?migrations?\b",
            r"migrations? failed\b",
            r"\bDuplicate(?:Table|Column|Object|Index)\b",
            r"migration failed in line",
        ),
        "a migration failed",
        "correct the migration in the repository by what the log says below it, repair what it left half done, then "
        "release again",
        rank=2,
    ),
)
