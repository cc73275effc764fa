"""``deploytool init``."""

from __future__ import annotations

import click

from deploytool.cli import options

RULES = (
    *options.exclusive(
        "--from-service", "--cluster", "--account", why="CLUSTER/SERVICE and the credentials already say where it runs"
    ),
    *options.exclusive(
        "--from-service", "--domain", "--hosted-zone", why="they are for infrastructure of `deploytool infra`"
    ),
    *options.exclusive("--diff", "--try", why="an image is built from what is written"),
)


@click.command(name="init", cls=options.Verb, rules=RULES)
@click.option("-e", "--environment", "environments", multiple=True, help="Repeatable. Default: production.")
@click.option("--app", default="", help="Name of the app. Default: from package.json or the repository.")
@click.option("--region", default="", help="AWS region. Default: from the environment or ~/.aws/config.")
@click.option("--account", default="", help="AWS account. Default: the one you are signed in to.")
@click.option("--cluster", default="", help="ECS cluster of the only environment. Default: from the app's name.")
@click.option("--domain", default="", help="Host name in production; other environments use subdomains.")
@click.option("--hosted-zone", default="", help="Route 53 zone id of the domain.")
@click.option("--health-path", default="", help="Health check path. Default: the route of the project.")
@click.option("--port", default=0, help="Port of the app's container. Default: that of the Dockerfile.")
@click.option("--dockerfile", default="", help="The Dockerfile to use. Default: Dockerfile, or the only other one.")
@click.option("--role", default="", help="ARN of the deploy role, if not created by deploytool infra.")
@click.option("--plan-role", default="", help="ARN of the read-only role for plans of pull requests.")
@click.option("--action", default="", help="The action as OWNER/NAME@COMMIT. Default: the one of this version.")
@click.option(
    "--from-service",
    "from_services",
    multiple=True,
    metavar="CLUSTER/SERVICE",
    help="Start from existing services; repeatable. Not with --account, --cluster, --domain or --hosted-zone.",
)
@click.option("--config", default="deploytool.yml", show_default=True, help="The configuration file to write.")
@click.option("--diff", is_flag=True, help="Show what init would write, as a diff, and write nothing. Exit code 0.")
@click.option("--try", "try_image", is_flag=True, help="Build the image, start it, and request the health path.")
@options.output
def command(**values: object) -> None:
    """Write deploytool.yml, three workflows, and the Dockerfile of a Next.js app.

    Other apps (Django, Rails, Laravel, FastAPI, Express, NestJS, Go, …) keep their own Dockerfile. Values come from the
    project, its git remote and AWS. Existing files are never overwritten: the output shows the difference. All files
    are written, or none. Exit code 3: they are written, and something is left to decide, which the output names.

    \b
    Example:
      deploytool init --environment production --environment staging
      deploytool init --from-service shop/web
    """
    from deploytool.scaffold.model import InitOptions
    from deploytool.scaffold.project import initialize

    code = initialize(InitOptions(**values))  # type: ignore[arg-type]  # click gives each option by its field's name
    click.get_current_context().exit(code)
