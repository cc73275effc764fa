"""``deploytool release``."""

from __future__ import annotations

import click

from deploytool.cli import options


@click.command(name="release")
@options.environment
@click.option("--commit", "revision", default="HEAD", show_default=True, help="The commit to release.")
@options.output
def command(config: str, environment: str | None, revision: str, output: str) -> int:
    """Release a commit: build, migrate, roll out all services together, verify.

    Ends when ECS is truly done. If any service fails, every one goes back to the version before (exit 6).

    \b
    Example:
      deploytool release --environment production
    """
    # Loaded here so that `deploytool --help` waits for none of it.
    from deploytool.cli.clock import SystemClock
    from deploytool.cli.origin import origin
    from deploytool.cli.project import project
    from deploytool.cli.tell_github import told_github
    from deploytool.core.plan_model import Build

    clock = SystemClock()
    clock.listen()
    found = project(config, environment, revision)
    with told_github(found.settings) as github:
        from deploytool.cli.carry_out import carry_out
        from deploytool.cli.decide import decide
        from deploytool.cli.git import checkout, require_clean

        decided = decide(found, origin(), clock)
        if any(isinstance(step, Build) for step in decided.plan.steps):
            require_clean(checkout(found.root), found.commit)
        return int(carry_out(decided, found, clock, github, as_json=output == "json"))
