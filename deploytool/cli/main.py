"""Find the verb, run it, and turn what it raised into a message and an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from itertools import pairwise
from typing import NoReturn

import click

from deploytool import __version__
from deploytool.errors import ConfigurationError, DeployError, Exit
from deploytool.output.console import (
    discard_stream,
    json_output,
    open_streams,
    print_error,
    print_failure_document,
    print_text,
)

VERBS = {
    "init": "Write deploytool.yml, workflows and an image for a project, and overwrite nothing.",
    "release": "Release a commit: build, migrate, deploy, verify.",
    "rollback": "Roll back to the previous version.",
    "promote": "Release what is live in one environment to another.",
    "migrate": "Run a commit's migration, and update no service.",
    "plan": "Show what a release would do, and change nothing.",
    "doctor": "Check the account against the deployment checklist and security practices.",
    "explain": "Explain what ECS says: cause and fix for pasted errors, events or JSON.",
    "status": "Show what is live in an environment.",
    "history": "Show the releases of an environment, or one in full.",
    "lock": "Show or release the lock of an environment, or freeze deployments.",
    "stats": "Show the DORA figures of an environment.",
    "logs": "Show the log of a service or of the migrate task.",
    "run": "Run a command once, in a task like those of a service.",
    "handle-comment": "Roll back after the checkbox in a release's comment was ticked.",
    "recover": "Recover from an interrupted release.",
    "prune": "Remove unused task definition revisions and images.",
    "infra": "Plan, apply, inspect and delete the CloudFormation stacks.",
    "config": "Check deploytool.yml, or print its JSON Schema.",
    "sandbox": "Run a local AWS and GitHub to try deploytool.",
}


def verb_command(name: str) -> click.Command:
    """One of ``VERBS``, from its own module."""
    verb: click.Command = importlib.import_module(f"deploytool.cli.{name.replace('-', '_')}").command
    return verb


class UsageError(ConfigurationError):
    """The command line is not understood; click's own words."""


class Aborted(DeployError):
    """A question on the terminal was answered with Ctrl-C, or the process was interrupted before it began."""

    exit_code = Exit.CANCELLED


class Verbs(click.Group):
    """Lists the verbs without loading them: ``deploytool --help`` must not wait for boto3."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a newcomer needs them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb, from its own module."""
        if cmd_name not in VERBS:
            return None
        return verb_command(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a suggestion for a mistyped verb."""
        from difflib import get_close_matches

        if args and args[0] not in VERBS and not args[0].startswith("-"):
            close = get_close_matches(args[0], VERBS, 1)
            hint = f" Did you mean {close[0]!r}?" if close else f" There are: {', '.join(VERBS)}."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of verbs, from ``VERBS`` alone."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="deploytool")
@click.option(
    "-C", "directory", metavar="DIR", type=click.Path(exists=True, file_okay=False), help="Run as if started in DIR."
)
def command(directory: str | None) -> None:
    """Deploy to Amazon ECS with automatic rollback.

    \b
    Example:
      deploytool release --environment production

    Exit codes: 0 OK, 1 internal error, 2 usage or configuration, 3 refused before any change, 4 build failed,
    5 migration failed, 6 failed and rolled back, 7 failed and ROLLBACK INCOMPLETE, 8 locked, 9 superseded,
    10 timeout, 130 cancelled.
    """
    if directory is not None:
        os.chdir(directory)


def main() -> NoReturn:
    """Entry point of ``deploytool``."""
    open_streams()
    code = run_verb()
    sys.stderr.flush()
    # Everything is closed and printed by now; freeing boto3 and ghapi object by object takes 0.2 s.
    os._exit(code)


def run_verb() -> int:
    """Run the verb that ``sys.argv`` names, print what it raised, and return its exit code."""
    json_output.requested, json_output.printed = _json_in(sys.argv[1:]), False
    try:
        code = command.main(prog_name="deploytool", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        _print_failure(UsageError(error.format_message()))
        return Exit.USAGE
    except click.Abort:
        print_error(Aborted("canceled"))
        return Exit.CANCELLED
    except DeployError as error:
        print_error(error)
        sys.stdout.flush()
        return error.exit_code
    except (BrokenPipeError, SystemExit):
        # The reader of our output has what it needs (`deploytool logs | head`). click makes a SystemExit of a broken
        # pipe, and of nothing else where standalone_mode is off.
        discard_stream(sys.stdout)
        return Exit.OK
    except OSError as error:
        if error.errno != errno.ENOSPC:
            return _internal_error()
        print_error(DeployError("no space left on the disk", "free some space, then run it again"))
        return Exit.INTERNAL_ERROR
    except Exception:  # noqa: BLE001  (the last resort: an internal error, with what a report needs)
        return _internal_error()
    return code if isinstance(code, int) else Exit.OK


def _json_in(arguments: list[str]) -> bool:
    """``--output json``, also where the rest of the command line is not understood; not in the command of ``run``."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--output=json" in own or ("--output", "json") in pairwise(own)


def _print_failure(error: DeployError) -> None:
    """What click has said already, as a document."""
    if json_output.requested:
        from deploytool.output.json import error_document

        print_failure_document(error_document(error))


def _internal_error() -> Exit:
    if json_output.requested:
        from deploytool.output.json import internal_error_document

        cause = traceback.format_exception_only(sys.exception())[-1].strip()
        print_failure_document(internal_error_document(cause))
    print_text(
        f"deploytool {__version__} crashed: internal error. Please report it with this traceback:\n"
        + traceback.format_exc(),
        err=True,
    )
    return Exit.INTERNAL_ERROR
