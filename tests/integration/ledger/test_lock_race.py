"""Two processes want the lock at the same instant."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.synchronize import Barrier

from deploytool.aws.session import Session
from deploytool.ledger.lock import Locked, LockState
from deploytool.ledger.lock_store import Lock, acquire
from tests.integration.ledger.clocks import QuickClock

ROUNDS = 20
Told = tuple[int, str, int]
"""Round, who, and the fence it got; 0 where it was refused."""


def _compete(table: str, together: Barrier, answers: multiprocessing.Queue[Told]) -> None:
    lock = Lock(Session("us-east-1"), table, "shop", "production")
    lock.read()
    for number in range(ROUNDS):
        together.wait()
        fencing_token, lease = 0, None
        try:
            lease = acquire(lock, LockState(owner=f"{number:02}-{os.getpid()}"), QuickClock())
            fencing_token = lease.fencing_token
        except Locked:
            pass
        answers.put((number, str(os.getpid()), fencing_token))
        together.wait()
        if lease:
            lease.release()


def test_exactly_one_wins_each_time_when_two_processes_race(session: Session, table: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    together, answers = spawn.Barrier(2, timeout=60), spawn.Queue()
    competitors = [spawn.Process(target=_compete, args=(table, together, answers)) for _ in range(2)]
    for entry in competitors:
        entry.start()
    output: list[Told] = [answers.get(timeout=60) for _ in range(2 * ROUNDS)]
    for entry in competitors:
        entry.join(60)
        assert entry.exitcode == 0
    winners = [(number, fencing_token) for number, _, fencing_token in sorted(output) if fencing_token]
    assert winners == [(number, number + 1) for number in range(ROUNDS)]
