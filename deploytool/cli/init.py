"""``deploytool init``."""

from __future__ import annotations

import click

from deploytool.cli import option_rules, options

RULES = (
    *option_rules.exclusive(
        "--from-service", "--cluster", "--account", why="CLUSTER/SERVICE and the credentials already say where it runs"
    ),
    *option_rules.exclusive(
        "--from-service", "--domain", "--hosted-zone", why="they are for a cloud that `deploytool infra` makes"
    ),
)


@click.command(name="init", cls=option_rules.Verb, rules=RULES)
@click.option("-e", "--environment", "environments", multiple=True, help="Repeat for several; production if not given.")
@click.option("--app", default="", help="Name of the app; that in package.json, or of the repository, if not given.")
@click.option("--region", default="", help="AWS region; that of the environment or ~/.aws/config if not given.")
@click.option("--account", default="", help="AWS account; the one that is signed in to if not given.")
@click.option("--cluster", default="", help="ECS cluster of the only environment; made of the app's name if not given.")
@click.option("--domain", default="", help="The app's own host name in production; others have theirs below it.")
@click.option("--hosted-zone", default="", help="Id of the Route 53 zone of the domain.")
@click.option("--health-path", default="", help="Path that says whether the app is well; the one found if not given.")
@click.option("--role", default="", help="ARN of the role that releases, where deploytool infra does not make it.")
@click.option("--plan-role", default="", help="ARN of the role that only looks, for plans of pull requests.")
@click.option("--action", default="", help="The action as OWNER/NAME@COMMIT; that of this deploytool if not given.")
@click.option(
    "--from-service",
    "live",
    multiple=True,
    metavar="CLUSTER/SERVICE",
    help="Start from what runs; repeat for several. Not with --account, --cluster, --domain or --hosted-zone.",
)
@click.option("--config", default="deploytool.yml", show_default=True, help="The configuration file to write.")
@click.option("--diff", is_flag=True, help="Show what init would write, as a diff, and write nothing. Exit code 0.")
@options.output
def command(**given: object) -> None:
    """Write what a release needs: deploytool.yml, three workflows, and an image for a Next.js app.

    Asks nothing that the project, its git remote or AWS says. No file is ever overwritten: what is there is kept, and
    the difference is told. All files are written, or none.

    \b
    Example:
      deploytool init --environment production --environment staging
      deploytool init --from-service shop/web
    """
    from deploytool.scaffold.model import InitOptions
    from deploytool.scaffold.project import initialize

    initialize(InitOptions(**given))  # type: ignore[arg-type]  # click gives each option by the name of its field
