"""``deploytool lock``."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from deploytool.cli import options
from deploytool.output.console import print_text

if TYPE_CHECKING:
    from deploytool.ledger.lock import LockState


@click.group(name="lock", cls=options.Verbs, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Show or release the lock of an environment, or freeze deployments."""


@command.command()
@options.environment
@options.output
def show(config: str, environment: str | None, output: str) -> None:
    """Show who has the lock, since when and why.

    \b
    Example:
      deploytool lock show --environment production
    """
    from deploytool.deploy.context import lock_of, open_context

    lock = lock_of(open_context(config, environment, None))
    _print_lock(lock.environment, lock.read(), output)


@command.command()
@options.environment
@click.option("--reason", required=True, help="Why; shown to everyone whose release is refused.")
@click.option("--for", "lasts", type=options.DURATION, help="How long. Default: until `lock release`.")
@click.option("--wait", type=options.DURATION, default="0s", help="How long to wait for a running release.")
@options.output
def hold(config: str, environment: str | None, reason: str, lasts: float | None, wait: float, output: str) -> None:
    """Freeze deployments.

    Every release and rollback is refused until the freeze ends.

    \b
    Example:
      deploytool lock hold --environment production --reason "black friday" --for 24h
    """
    from deploytool.deploy.context import lock_of, open_context, start_run
    from deploytool.ledger import lock_store
    from deploytool.ledger.lock import LockState

    lock, run = lock_of(open_context(config, environment, None)), start_run()
    freeze = LockState(owner=f"hold-{secrets.token_hex(4)}", actor=run.triggered_by.actor, reason=reason)
    duration = None if lasts is None else timedelta(seconds=lasts)
    lock_state = lock_store.hold(lock, freeze, run.clock, lasts=duration, wait_seconds=wait)
    _print_lock(lock.environment, lock_state, output)


@command.command()
@options.environment
@click.option("--force", is_flag=True, help="Release it even if in use; that release aborts before its next change.")
@options.output
def release(config: str, environment: str | None, force: bool, output: str) -> None:
    """End a freeze; with --force, release the lock of a running release.

    \b
    Example:
      deploytool lock release --environment production
    """
    from deploytool.deploy.context import lock_of, open_context
    from deploytool.ledger.lock import InUse, is_releasable
    from deploytool.ledger.lock_store import utc_now

    lock = lock_of(open_context(config, environment, None))
    lock_state, now = lock.read(), utc_now()
    if lock_state is not None and lock_state.owner:
        if not force and not is_releasable(lock_state, now):
            raise InUse(lock.environment, lock_state, now)
        lock.free(lock_state)
    _print_lock(lock.environment, lock.read(), output)


def _print_lock(environment: str, lock_state: LockState | None, output: str) -> None:
    from deploytool.ledger.lock_store import utc_now
    from deploytool.output.console import print_document
    from deploytool.output.history import lock_document, lock_text

    if output == "json":
        print_document(lock_document(environment, lock_state, utc_now()))
    else:
        print_text(lock_text(environment, lock_state, utc_now()))
