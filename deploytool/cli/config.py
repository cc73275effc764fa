"""`deploytool config`: check deploytool.yml, and print its JSON Schema."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from deploytool.cli import options
from deploytool.output.console import print_document, print_text

if TYPE_CHECKING:
    from deploytool.config.model import ConfigFile


@click.group(name="config", cls=options.Verbs)
def command() -> None:
    """Check deploytool.yml, or print its JSON Schema.

    \b
    Example:
      deploytool config check --environment production
    """


@command.command()
@options.config_file("--config", "path", what="The file to check.")
@click.option("-e", "--environment", help="Also show the settings of this environment, overrides merged.")
@options.output
@click.pass_context
def check(context: click.Context, path: str, environment: str | None, output: str) -> None:
    """Report every error in deploytool.yml, with line and column.

    Reads nothing but the file. Exits with 2 if there is an error.

    \b
    Example:
      deploytool config check --config deploy/deploytool.yml --output json
    """
    # Loaded here so that `deploytool --help` loads neither PyYAML nor the configuration.
    from deploytool.config.errors import ConfigErrors
    from deploytool.config.loader import resolve
    from deploytool.config.yaml import read_config
    from deploytool.output.json import config_check_document

    try:
        config = read_config(path)
    except ConfigErrors as error:
        if output == "json":
            print_document(config_check_document(error, None))
        else:
            print_text("\n".join(map(str, error.issues)))
        context.exit(error.exit_code)
    settings = asdict(resolve(config, environment)) if environment else None
    if output == "json":
        print_document(config_check_document(None, settings))
        return
    print_text(f"{path} is valid: {_summary(config)}")
    if settings:
        print_document(settings)


@command.command()
@click.argument("kind", required=False)
def schema(kind: str | None) -> None:
    """Print the JSON Schema of deploytool.yml, for editors.

    With KIND, that of a document of --output json. Draft 2020-12.

    \b
    Example:
      deploytool config schema > deploytool.schema.json
      deploytool config schema outcome
    """
    if kind is None:
        from deploytool.config.schema import json_schema

        print_document(json_schema())
        return
    from deploytool.cli.schemas import DOCUMENTS, schema_of
    from deploytool.config.errors import did_you_mean
    from deploytool.errors import ConfigurationError

    if kind not in DOCUMENTS:
        raise ConfigurationError(f"no document is called {kind}", did_you_mean(kind, DOCUMENTS))
    print_document(schema_of(kind))


def _summary(config: ConfigFile) -> str:
    parts = (("images", config.images), ("services", config.services), ("environments", config.environments))
    return f"app {config.app}; " + "; ".join(f"{kind} {', '.join(names)}" for kind, names in parts)
