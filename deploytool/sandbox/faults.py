"""Faults to inject into the example: edits that a developer could have made, and changes made in AWS by others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deploytool.sandbox import checkout
from deploytool.sandbox.account import PRODUCTION, SERVICES, Account, architecture, is_steady, runtime_platform
from deploytool.sandbox.errors import SandboxError
from deploytool.sandbox.github import client
from deploytool.sandbox.process import wait_until
from deploytool.sandbox.state import SandboxState, save_state

SECRET = PRODUCTION.secret("openai-api-key")
READ_ONLY = (
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy",
    "deregisteredAt",
)  # fmt: skip
"""What DescribeTaskDefinition adds and RegisterTaskDefinition refuses."""
WORKER = "bin/architecturedeck-worker"
WEB = "architecturedeck/web.py"
DOCKERFILE = "Dockerfile"
# Before Python starts: MiniStack takes a task for healthy when it lives for one second, which on a busy machine is less
# than Python needs to fail.
WORKER_STARTS = "exec python3 -m architecturedeck.worker"


def delete_secret(account: Account) -> None:
    """Schedule the secret for deletion: it cannot be read, and can be restored under the same ARN."""
    account.client("secretsmanager").delete_secret(SecretId=SECRET, RecoveryWindowInDays=7)


def restore_secret(account: Account) -> None:
    account.client("secretsmanager").restore_secret(SecretId=SECRET)


def change_cpu(account: Account) -> None:
    """Update the services to revisions that require a CPU that this machine does not have."""
    cpu = "X86_64" if architecture() == "ARM64" else "ARM64"
    ecs = account.client("ecs")

    def with_other_cpu(revision: str) -> str:
        live: dict[str, Any] = ecs.describe_task_definition(taskDefinition=revision)["taskDefinition"]
        definition = {key: value for key, value in live.items() if key not in (*READ_ONLY, "runtimePlatform")}
        registered = ecs.register_task_definition(**definition, **runtime_platform(cpu))
        return str(registered["taskDefinition"]["taskDefinitionArn"])

    _update_services(account, with_other_cpu)


def restore_cpu(account: Account) -> None:
    """Update the services to their previous revisions, whose tags name the release."""

    def previous(revision: str) -> str:
        family, _, number = revision.rpartition(":")
        return f"{family}:{int(number) - 1}"

    _update_services(account, previous)


def _update_services(account: Account, choose: Callable[[str], str]) -> None:
    ecs = account.client("ecs")
    for service in ecs.describe_services(cluster=PRODUCTION.cluster, services=list(SERVICES))["services"]:
        revision = choose(service["taskDefinition"])
        ecs.update_service(cluster=PRODUCTION.cluster, service=service["serviceName"], taskDefinition=revision)
    # A release is refused while a rollout is in progress, and would report that instead of the fault.
    wait_until("the changed services", lambda: is_steady(account, PRODUCTION.cluster), seconds=60)


@dataclass(frozen=True)
class Edit:
    """Replace ``old``, which must be there, by ``new`` in one file of the checkout."""

    file: str
    old: str
    new: str

    def apply(self, workdir: Path) -> None:
        """Raises SandboxError where the text is missing."""
        path = workdir / self.file
        text = path.read_text()
        if self.old not in text:
            raise SandboxError(f"{path} no longer has the lines to break", "run `deploytool sandbox fix` first")
        path.write_text(text.replace(self.old, self.new, 1))


@dataclass(frozen=True)
class Migration:
    """Add one migration, numbered after the last."""

    name: str
    sql: str

    def apply(self, workdir: Path) -> None:
        directory = workdir / "migrations"
        last = max((int(file.name.partition("_")[0]) for file in directory.glob("*.sql")), default=0)
        (directory / f"{last + 1:03}_{self.name}.sql").write_text(self.sql + "\n")


@dataclass(frozen=True)
class Fault:
    """``title`` is the commit's subject, ``outcome`` what the next release should report.

    ``edit`` changes the repository, ``inject`` and ``undo`` the AWS account.
    """

    title: str
    outcome: str
    edit: Edit | Migration | None = None
    inject: Callable[[Account], None] | None = None
    undo: Callable[[Account], None] | None = None


FAULTS = {
    "worker": Fault(
        "Read the queue's name from the environment",
        "the worker exits with 1 while the app is healthy; all services are rolled back (exit 6)",
        Edit(
            WORKER,
            WORKER_STARTS,
            '[ -n "$QUEUE_NAME" ] || { echo "worker: QUEUE_NAME is not set" >&2; exit 1; }\n' + WORKER_STARTS,
        ),
    ),
    "migrate": Fault(
        "Count orders per customer",
        "the migration fails; no service is changed (exit 5)",
        Migration("orders_per_customer", "ALTER TABLE customers ADD COLUMN orders integer NOT NULL DEFAULT 0;"),
    ),
    "migrate-hang": Fault(
        "Fill in missing authors",
        "the migration times out; no service is changed (exit 5)",
        Migration("missing_authors", "SELECT pg_sleep(3600);"),
    ),
    "health": Fault(
        "Answer health checks faster",
        "/api/health answers 500; all services are rolled back (exit 6)",
        Edit(WEB, "status, body = health()", 'status, body = 500, {"status": "failed", "version": VERSION}'),
    ),
    "version": Fault(
        "Read the version from a file",
        "/api/health reports another version; all services are rolled back (exit 6)",
        Edit(WEB, 'VERSION = os.environ.get("VERSION", "unknown")', 'VERSION = "1.0"'),
    ),
    "image": Fault(
        "Install packages from a list",
        "the image does not build (exit 4)",
        Edit(DOCKERFILE, "COPY bin bin\n", "COPY bin bin\nCOPY requirements.txt .\n"),
    ),
    "command-not-found": Fault(
        "Tidy up the image",
        "the worker's command is not in the image; all services are rolled back (exit 6)",
        Edit(DOCKERFILE, "COPY bin bin\n", "COPY bin bin\nRUN rm bin/architecturedeck-worker\n"),
    ),
    # MiniStack sets no memory limit, so the process ends the way the kernel would have ended it: with code 137.
    "exit-137": Fault(
        "Keep all results in memory",
        "the worker exits with 137, as when out of memory; all services are rolled back (exit 6)",
        Edit(WORKER, WORKER_STARTS, 'echo "worker: loading all results"\nexit 137\n' + WORKER_STARTS),
    ),
    # The sandbox's ECS calls a task steady after one second: this one dies after that, again and again.
    "crash-loop": Fault(
        "Give up when there is nothing to do",
        "ECS reports a steady state after a second, then restarts the worker again and again: see its log",
        Edit(WORKER, WORKER_STARTS, 'sleep 3\necho "worker: nothing to do" >&2\nexit 1\n' + WORKER_STARTS),
    ),
    # With a commit: what is live already needs no release, and none would find out.
    "secret-missing": Fault(
        "Correct the README",
        "the release is refused: a secret that the tasks need is deleted (exit 3)",
        Edit("README.md", "in five minutes", "in ten minutes"),
        inject=delete_secret,
        undo=restore_secret,
    ),
    "wrong-cpu": Fault(
        "",
        "the release is refused: the tasks require another CPU than the image is built for (exit 3)",
        inject=change_cpu,
        undo=restore_cpu,
    ),
}


@dataclass(frozen=True)
class Change:
    """What was done. Commit and page are empty where the repository did not change; ``outcome`` is to be expected."""

    commit: str
    page: str
    outcome: str


def inject(state: SandboxState, name: str) -> Change:
    """Inject one more fault.

    Raises:
        SandboxError: it is injected already, or the checkout has uncommitted changes.
    """
    fault = FAULTS[name]
    if name in state.broken:
        raise SandboxError(f"{name} is broken already", "undo it with `deploytool sandbox fix`")
    good_commit = state.good_commit or checkout.head(state.workdir)
    if fault.inject:
        fault.inject(Account(state.aws_endpoint_url, state.region))
    commit = page = ""
    if fault.edit:
        _require_clean(state)
        fault.edit.apply(state.workdir)
        commit, page = _merge(state, fault.title)
    save_state(replace(state, broken=[*state.broken, name], good_commit=good_commit))
    return Change(commit, page, fault.outcome)


def undo_all(state: SandboxState) -> Change:
    """Undo all injected faults: the account's one by one, the files' by one commit.

    Raises:
        SandboxError: no fault is injected, or the checkout has uncommitted changes.
    """
    if not state.broken:
        raise SandboxError("nothing is broken", "inject a fault with `deploytool sandbox break worker`")
    commit = page = ""
    if any(FAULTS[name].edit for name in state.broken):
        _require_clean(state)
        checkout.git(state.workdir, "read-tree", "-u", "--reset", state.good_commit)
        commit, page = _merge(state, f"Undo: {', '.join(state.broken)}")
    account = Account(state.aws_endpoint_url, state.region)
    for name in state.broken:
        if undo := FAULTS[name].undo:
            undo(account)
    save_state(replace(state, broken=[], good_commit=""))
    return Change(commit, page, "all faults are undone; the release succeeds")


def _merge(state: SandboxState, title: str) -> tuple[str, str]:
    number = checkout.next_number(state.workdir)
    commit = checkout.commit(state.workdir, title, number)
    return commit, client.create_merged_pull_request(state, title, number, commit)


def _require_clean(state: SandboxState) -> None:
    if checkout.git(state.workdir, "status", "--porcelain"):
        raise SandboxError(f"{state.workdir} has uncommitted changes", "commit them, or `git checkout .` to drop them")
