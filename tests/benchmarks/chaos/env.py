"""The sandbox with a front before its AWS, and two commits that are released in turn."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from deploytool.sandbox import checkout
from deploytool.sandbox.account import PRODUCTION
from deploytool.sandbox.process import free_port
from tests.benchmarks.env import SERVICES, benchmark_env
from tests.benchmarks.failure import MeasurementFailed
from tests.benchmarks.observer import Observer
from tests.support.account import Account
from tests.support.aws_fault_proxy.client import start_front
from tests.support.github_account import Github
from tests.support.ledger_view import Book
from tests.support.migrations import overlapping
from tests.support.project import Ran, Shop
from tests.support.running import Running, start

LEASE_SECONDS = 6
"""So short that 40 killed releases can be waited for; a sixth of it is the clocks' margin."""
WAIT = ("--if-busy", "wait", "--wait", "90s")
FIRST_FRONT_PORT = 4690


@dataclass
class ChaosEnv:
    """Where it takes place. ``commits`` are released in turn."""

    shop: Shop
    book: Book
    write_line: Callable[[str], None]
    commits: tuple[str, str]
    random: random.Random
    seconds: float = 0.0
    """How long a release takes here, images built."""

    def next(self) -> str:
        """Check out the commit that is not live; it is the next to release."""
        live = json.loads(self.run("status", "--output", "json").out)["services"][0]["commit"] or {}
        commit = next(commit for commit in self.commits if commit != live.get("sha"))
        self.shop.git("checkout", "-q", commit)
        return commit

    def run(self, *words: str) -> Ran:
        """Run the command to its end."""
        return self.shop.run(*words)

    def start(self, *words: str) -> Running:
        """Run the command beside us."""
        return start(self.shop, *words)

    def forget_images(self, commit: str) -> None:
        """The registry no longer knows the commit's images: its release begins with a build. Task definitions name
        images by digest, which stay."""
        ecr = self.shop.account.client("ecr")
        listed = ecr.list_images(repositoryName=PRODUCTION.repository)["imageIds"]
        tags = [{"imageTag": each["imageTag"]} for each in listed if commit[:7] in each.get("imageTag", "")]
        ecr.batch_delete_image(repositoryName=PRODUCTION.repository, imageIds=tags)

    def observer(self) -> Observer:
        """Past the front."""
        return Observer(self.shop.account.client("ecs"), PRODUCTION.cluster, SERVICES)

    def wrong(self, live: str | None = None) -> str:
        """Which invariant does not hold, in words; empty where all do. ``live``: the commit that must serve."""
        try:
            self.shop.account.settle()
            self.book.all_closed()
            rows = self.book.read("status")["services"]
            commits = {row["commit"]["sha"] for row in rows}
            assert len(commits) == 1, f"services run {commits}"
            assert live is None or commits == {live}, f"{commits} is live, not {live}"
            overlaps = overlapping(self.shop.account)
            assert not overlaps, overlaps
        except AssertionError as broken:
            return str(broken).replace("\n", " ")[:600] or "an invariant does not hold"
        return ""


@contextmanager
def chaos_env(write_line: Callable[[str], None], seed: int) -> Iterator[ChaosEnv]:
    """A sandbox of its own, both commits released once; gone when the block ends."""
    with benchmark_env(write_line) as ready, TemporaryDirectory(prefix="deploytool-chaos-") as directory:
        state = ready.state
        root = Path(directory).resolve() / "checkout"
        subprocess.run(["git", "clone", "-q", state.workdir, root], check=True)
        port = free_port(FIRST_FRONT_PORT, set())
        with start_front(state.aws_endpoint_url, port) as front:
            environ = {
                **ready.environment,
                "AWS_ENDPOINT_URL": front.base_url,
                "DEPLOYTOOL_REGISTRY": f"localhost:{port}",
                "DEPLOYTOOL_LEASE_TTL": str(LEASE_SECONDS),
            }
            account = Account(state.aws_endpoint_url, state.region)
            github = Github(state.github_api_url, state.repository, "sandbox-token")
            shop = Shop(root, environ, account, front, github, frozenset())
            commits = [shop.git("rev-parse", f"origin/{name}") for name in (checkout.MAIN, checkout.SECOND)]
            instants = random.Random(seed)
            made = ChaosEnv(shop, Book(shop), write_line, (commits[0], commits[1]), instants)
            _release_both(made)
            yield made


def _release_both(made: ChaosEnv) -> None:
    for _ in range(3):
        commit = made.next()
        made.write_line(f"releasing {commit[:7]}")
        ran = made.run("release")
        if ran.code:
            raise MeasurementFailed(f"release ended with {ran.code}:\n{ran.told}")
        made.seconds = ran.seconds
