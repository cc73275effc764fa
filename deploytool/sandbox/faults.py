"""The ways to break the example: edits that a developer could have made, and changes somebody made in AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploytool.sandbox import account_faults
from deploytool.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deploytool.sandbox.cloud.account import Account

WORKER = "bin/architecturedeck-worker"
WEB = "architecturedeck/web.py"
DOCKERFILE = "Dockerfile"
# Before Python starts: the sandbox's ECS takes a task for healthy when it lives for one second, which on a busy machine
# is less than Python needs to fail.
WORKER_STARTS = "exec python3 -m architecturedeck.worker"


@dataclass(frozen=True)
class Edit:
    """Replace ``old``, which must be there, by ``new`` in one file of the checkout."""

    file: str
    old: str
    new: str

    def apply(self, workdir: Path) -> None:
        """Raises SandboxError where the text is not there any more."""
        path = workdir / self.file
        text = path.read_text()
        if self.old not in text:
            raise SandboxError(f"{path} no longer holds the lines to break", "run `deploytool sandbox fix` first")
        path.write_text(text.replace(self.old, self.new, 1))


@dataclass(frozen=True)
class Migration:
    """Add one migration, numbered after the last."""

    name: str
    sql: str

    def apply(self, workdir: Path) -> None:
        """Write the file."""
        directory = workdir / "migrations"
        last = max((int(file.name.partition("_")[0]) for file in directory.glob("*.sql")), default=0)
        (directory / f"{last + 1:03}_{self.name}.sql").write_text(self.sql + "\n")


@dataclass(frozen=True)
class Fault:
    """``title`` is the commit's subject, ``outcome`` what the next release should say. ``edit`` changes the repository,
    ``spoil`` and ``mend`` the AWS account behind it.
    """

    title: str
    outcome: str
    edit: Edit | Migration | None = None
    spoil: Callable[[Account], None] | None = None
    mend: Callable[[Account], None] | None = None


FAULTS = {
    "worker": Fault(
        "Read the queue's name from the environment",
        "the worker exits with 1 while the app is healthy; both services go back (exit 6)",
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
        "the migration outlives its time; no service is changed (exit 5)",
        Migration("missing_authors", "SELECT pg_sleep(3600);"),
    ),
    "health": Fault(
        "Answer health checks faster",
        "/api/health answers 500; both services go back (exit 6)",
        Edit(WEB, "status, body = health()", 'status, body = 500, {"status": "failed", "version": VERSION}'),
    ),
    "version": Fault(
        "Read the version from a file",
        "/api/health goes on naming another version; both services go back (exit 6)",
        Edit(WEB, 'VERSION = os.environ.get("VERSION", "unknown")', 'VERSION = "1.0"'),
    ),
    "image": Fault(
        "Install packages from a list",
        "the image does not build (exit 4)",
        Edit(DOCKERFILE, "COPY bin bin\n", "COPY bin bin\nCOPY requirements.txt .\n"),
    ),
    "command-not-found": Fault(
        "Tidy up the image",
        "the worker's command is not in the image; both services go back (exit 6)",
        Edit(DOCKERFILE, "COPY bin bin\n", "COPY bin bin\nRUN rm bin/architecturedeck-worker\n"),
    ),
    # MiniStack sets no memory limit, so the process ends the way the kernel would have ended it: with code 137.
    "exit-137": Fault(
        "Keep all results in memory",
        "the worker ends with 137, as when it runs out of memory; both services go back (exit 6)",
        Edit(WORKER, WORKER_STARTS, 'echo "worker: loading all results"\nexit 137\n' + WORKER_STARTS),
    ),
    # The sandbox's ECS calls a task steady after one second: this one dies after that, again and again.
    "crash-loop": Fault(
        "Give up when there is nothing to do",
        "ECS takes the worker for steady after a second, and starts it again for ever: see its log",
        Edit(WORKER, WORKER_STARTS, 'sleep 3\necho "worker: nothing to do" >&2\nexit 1\n' + WORKER_STARTS),
    ),
    # With a commit: what is live already needs no release, and none would find out.
    "secret-missing": Fault(
        "Correct the README",
        "the release is refused: a secret that the tasks need is gone (exit 3)",
        Edit("README.md", "in five minutes", "in ten minutes"),
        spoil=account_faults.delete_secret,
        mend=account_faults.restore_secret,
    ),
    "wrong-cpu": Fault(
        "",
        "the release is refused: the tasks want another CPU than the image is built for (exit 3)",
        spoil=account_faults.change_cpu,
        mend=account_faults.restore_cpu,
    ),
}
