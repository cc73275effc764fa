"""Break the example in one of the ways in ``faults``, and mend it again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deploytool.sandbox import checkout, standin
from deploytool.sandbox.cloud.account import Account
from deploytool.sandbox.errors import SandboxError
from deploytool.sandbox.faults import FAULTS
from deploytool.sandbox.state import save

if TYPE_CHECKING:
    from deploytool.sandbox.state import SandboxState


@dataclass(frozen=True)
class Change:
    """What was done. Commit and page are empty where the repository did not change; ``outcome`` is to be expected."""

    commit: str
    page: str
    outcome: str


def break_(state: SandboxState, name: str) -> Change:
    """Break one thing more.

    Raises:
        SandboxError: it is broken already, or the checkout has changes that are not committed.
    """
    fault = FAULTS[name]
    if name in state.broken:
        raise SandboxError(f"{name} is broken already", "mend it with `deploytool sandbox fix`")
    good = state.good_commit or checkout.head(state.workdir)
    if fault.spoil:
        fault.spoil(Account(state.aws_endpoint_url, state.region))
    commit = page = ""
    if fault.edit:
        _refuse_changes(state)
        fault.edit.apply(state.workdir)
        commit, page = _merge(state, fault.title)
    save(replace(state, broken=[*state.broken, name], good_commit=good))
    return Change(commit, page, fault.outcome)


def fix(state: SandboxState) -> Change:
    """Mend everything that is broken: the account is put right, and one commit brings the last good files back.

    Raises:
        SandboxError: nothing is broken, or the checkout has changes that are not committed.
    """
    if not state.broken:
        raise SandboxError("nothing is broken", "break something with `deploytool sandbox break worker`")
    commit = page = ""
    if any(FAULTS[name].edit for name in state.broken):
        _refuse_changes(state)
        checkout.git(state.workdir, "read-tree", "-u", "--reset", state.good_commit)
        commit, page = _merge(state, f"Mend: {', '.join(state.broken)}")
    account = Account(state.aws_endpoint_url, state.region)
    for name in state.broken:
        mend = FAULTS[name].mend
        if mend:
            mend(account)
    save(replace(state, broken=[], good_commit=""))
    return Change(commit, page, "everything is as it was before; the release succeeds")


def _merge(state: SandboxState, title: str) -> tuple[str, str]:
    number = checkout.next_number(state.workdir)
    commit = checkout.commit(state.workdir, title, number)
    return commit, standin.merge(state, title, number, commit)


def _refuse_changes(state: SandboxState) -> None:
    if checkout.git(state.workdir, "status", "--porcelain"):
        raise SandboxError(
            f"{state.workdir} has changes that are not committed", "commit them, or `git checkout .` to drop them"
        )
