"""The ledger, the lock and what serves, read as a user reads them: by the command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.github_account import OVER
from tests.support.json_documents import valid_document
from tests.support.project import Shop


@dataclass(frozen=True)
class Book:
    """What ``deploytool`` says of production."""

    shop: Shop

    def read(self, *words: str) -> Any:
        """What a verb prints as JSON."""
        ran = self.shop.run(*words, "--output", "json")
        assert ran.code == 0, ran.told
        return valid_document(ran.out)

    @property
    def releases(self) -> list[dict[str, Any]]:
        """Newest first."""
        return list(self.read("history", "--limit", "1000")["releases"])

    @property
    def newest(self) -> dict[str, Any]:
        """The last one, whatever became of it."""
        return self.releases[0]

    @property
    def live(self) -> str:
        """Id of the release whose version is live."""
        return str(self.read("history")["live_release_id"])

    def of(self, release: str) -> dict[str, Any]:
        """One release in full."""
        return dict(self.read("history", release))

    def open_on_github(self) -> list[str]:
        """Of the last deployments, those that nobody closed."""
        states = {each["id"]: self.shop.github.states(each["id"])[:1] for each in self.shop.github.deployments()[:4]}
        return [f"{number} {state}" for number, state in states.items() if not set(state) & OVER]

    def all_closed(self) -> None:
        """Each release has an end, nobody has the lock, GitHub has nothing open, every service is where it belongs."""
        endless = [each["release_id"] for each in self.releases if not each["result"]]
        assert not endless, f"without an end: {endless}"
        lock = self.read("lock", "show")
        assert lock["status"] in ("unlocked", "expired"), f"the lock is held: {lock}"
        still = self.open_on_github()
        assert not still, f"open on GitHub: {still}"
        serving = self.shop.account.running()
        assert serving == running_services(self.newest), f"{serving} serve, not {self.newest}"


def digests(release: Mapping[str, Any]) -> dict[str, str]:
    """By the image's name in deploytool.yml."""
    return {each["name"]: each["digest"] for each in release["images"]}


def running_services(release: Mapping[str, Any]) -> dict[str, str]:
    """By service: ARN of the revision that a release left running."""
    return {
        each["name"]: each["running_task_definition_arn"]
        for each in release["services"]
        if each["running_task_definition_arn"]
    }
