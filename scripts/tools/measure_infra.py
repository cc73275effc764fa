"""How long `deploytool infra apply` takes on a sandbox: all six stacks anew, and again with nothing to do."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploytool.sandbox.account import Account
from deploytool.sandbox.state import SandboxState, load_state

FIRST, NOTHING = "first time", "nothing to do"
BOUNDS = {FIRST: 60.0, NOTHING: 6.0}
COMMAND = Path(sys.executable).parent / "deploytool"


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/dev measure-infra", description=__doc__)
    parser.add_argument("times", type=int, nargs="?", default=3, metavar="TIMES")
    times = parser.parse_args().times
    taken: dict[str, list[float]] = {what: [] for what in BOUNDS}
    with running() as state:
        for number in range(times):
            empty(state)
            for what, result in ((FIRST, "applied"), (NOTHING, "nothing_to_do")):
                began = time.monotonic()
                outcome = deploytool(state.workdir, "infra", "apply", "--output", "json")
                taken[what].append(time.monotonic() - began)
                if outcome["result"] != result:
                    raise SystemExit(f"infra apply ended with {outcome['result']}, not {result}")
                print(f"{number + 1}  {what:14} {taken[what][-1]:5.1f} s", flush=True)
    print()
    for what, bound in BOUNDS.items():
        print(f"{what:14} median {statistics.median(taken[what]):5.1f} s   bound {bound:.0f} s")
    return int(any(statistics.median(taken[what]) > bound for what, bound in BOUNDS.items()))


@contextmanager
def running() -> Iterator[SandboxState]:
    """A sandbox whose commit is released, so that no image has to be built while it is measured."""
    with tempfile.TemporaryDirectory(prefix="deploytool-measure-") as directory:
        root = Path(directory).resolve()
        try:
            deploytool(
                root,
                "sandbox",
                "up",
                "--steady",
                "0s",
                "--aws-port",
                "4800",
                "--github-port",
                "4820",
                "--output",
                "json",
            )
            state = load_state(root)
            if state is None:
                raise SystemExit("`deploytool sandbox up` left no state")
            deploytool(state.workdir, "release", "--output", "json")
            yield state
        finally:
            run(root, "sandbox", "down")


def empty(state: SandboxState) -> None:
    """Destroy everything, and what is retained of it but the images."""
    deploytool(state.workdir, "infra", "destroy", "--include-data", "--include-account", "--yes", "--output", "json")
    account = Account(state.aws_endpoint_url, state.region)
    for bucket in account.client("s3").list_buckets()["Buckets"]:
        account.client("s3").delete_bucket(Bucket=bucket["Name"])
    for secret in account.client("secretsmanager").list_secrets()["SecretList"]:
        account.client("secretsmanager").delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
    for table in account.client("dynamodb").list_tables()["TableNames"]:
        account.client("dynamodb").update_table(TableName=table, DeletionProtectionEnabled=False)
        account.client("dynamodb").delete_table(TableName=table)


def deploytool(directory: Path, *words: str) -> dict[str, Any]:
    """The document that it printed."""
    read: dict[str, Any] = json.loads(run(directory, *words))
    return read


def run(directory: Path, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GITHUB_"))}
    done = subprocess.run(
        [COMMAND, *words], cwd=directory, env=environment, text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"deploytool {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
