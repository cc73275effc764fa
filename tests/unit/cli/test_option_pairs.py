"""Options of every verb, pair by pair: each pair has one meaning, or is refused before the verb does anything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

import click
import pytest

from deploytool.cli.main import VERBS, verb_command
from deploytool.cli.options import Verb, shown
from deploytool.errors import ConfigurationError, Exit, OptionsContradict

WHERE = "--environment --config"
BUSY = "--if-busy --wait"
STACKS = "--only --parameter --allow-replace --allow-remove"
OPTIONS = {
    "init": "--environment --app --region --account --cluster --domain --hosted-zone --health-path --port"
    " --dockerfile --role --plan-role"
    " --action --from-service --config --diff --try --output",
    "release": f"{WHERE} --commit {BUSY} --output",
    "rollback": f"{WHERE} --to --steps --service --expect-current {BUSY} --output",
    "promote": f"--from --to --expect --config {BUSY} --output",
    "migrate": f"{WHERE} --commit --live {BUSY} --output",
    "plan": f"{WHERE} --commit --rollback --to --steps --service --expect-current --promote --output",
    "doctor": f"{WHERE} --skip --output",
    "explain": "FILE --deployment --previous-deployment --task-definition --previous-task-definition --output",
    "status": f"{WHERE} --output",
    "history": f"RELEASE {WHERE} --limit --result --commit --output",
    "lock show": f"{WHERE} --output",
    "lock hold": f"{WHERE} --reason --for --wait --output",
    "lock release": f"{WHERE} --force --output",
    "stats": f"{WHERE} --since --svg --output",
    "logs": f"SERVICE {WHERE} --lines --follow --output",
    "run": f"{WHERE} --service --container --timeout --output WORDS",
    "handle-comment": f"--event-path {WHERE} --output",
    "recover": f"{WHERE} {BUSY} --output",
    "prune": "--keep --yes --config --output",
    "infra plan": f"{WHERE} {STACKS} --output",
    "infra apply": f"{WHERE} {STACKS} --timeout {BUSY} --output",
    "infra status": f"{WHERE} --output",
    "infra drift": f"{WHERE} --only --timeout --output",
    "infra destroy": f"{WHERE} --include-data --include-account --yes --timeout {BUSY} --output",
    "infra cost": "--size --region --nat-gateways --live --output",
    "config check": f"{WHERE} --output",
    "config schema": "KIND",
    "sandbox up": "--staging --aws-port --github-port --steady --output",
    "sandbox down": "--purge --output",
    "sandbox status": "--output",
    "sandbox env": "--output",
    "sandbox break": "FAULT --output",
    "sandbox fix": "--output",
}
"""Every option of every verb. For a new one, decide what it means beside each of the others."""

CONTRADICTIONS = {
    ("rollback", "--to", "--steps"),
    ("plan", "--to", "--steps"),
    ("plan", "--rollback", "--promote"),
    ("plan", "--rollback", "--commit"),
    ("plan", "--promote", "--commit"),
    ("migrate", "--commit", "--live"),
    ("history", "RELEASE", "--limit"),
    ("history", "RELEASE", "--result"),
    ("history", "RELEASE", "--commit"),
    ("init", "--account", "--from-service"),
    ("init", "--cluster", "--from-service"),
    ("init", "--domain", "--from-service"),
    ("init", "--hosted-zone", "--from-service"),
    ("init", "--diff", "--try"),
}
"""Pairs that contradict each other whatever their values are; those that depend on them are below."""

VALUES = {
    "--environment": "production", "--config": "deploytool.yml", "--commit": "1f8b2c4", "--if-busy": "wait",
    "--steady": "1m", "--promote": "staging",
    "--wait": "5m", "--output": "json", "--to": "20261123-101112-ab12", "--steps": "2", "--service": "app",
    "--expect": "r-1",
    "--expect-current": "20261123-101112-ab12", "--from": "staging", "--skip": "cdn", "--limit": "5",
    "--result": "released", "--reason": "black friday", "--for": "24h", "--since": "30d", "--svg": "dora.svg",
    "--lines": "10", "--container": "app", "--timeout": "10m", "--event-path": "event.json", "--keep": "5",
    "--only": "data", "--parameter": "Size=small", "--allow-replace": "data.Database", "--allow-remove": "data.Cache",
    "--size": "minimal", "--region": "us-east-1", "--nat-gateways": "one", "--aws-port": "5000",
    "--github-port": "5001", "--app": "shop", "--account": "123456789012", "--cluster": "shop",
    "--domain": "shop.example.com", "--hosted-zone": "Z0123", "--health-path": "/up", "--role": "arn",
    "--port": "8080", "--dockerfile": "docker/Dockerfile",
    "--plan-role": "arn", "--action": "acme/fork@v3", "--from-service": "shop/web",
    "RELEASE": "20261123-101112-ab12", "SERVICE": "app", "WORDS": "true", "FAULT": "worker",
    "FILE": "tasks.json", "--deployment": "ecs-svc/2", "--previous-deployment": "ecs-svc/1", "--task-definition": "arn",
    "--previous-task-definition": "arn",
}  # fmt: skip


def verbs() -> Iterator[tuple[str, click.Command]]:
    for name in VERBS:
        command = verb_command(name)
        if not isinstance(command, click.Group):
            yield name, command
            continue
        context = click.Context(command)
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found
            yield f"{name} {below}", found


COMMANDS = dict(verbs())


def parse(verb: str, *words: str) -> None:
    """What the verb does with its command line before anything else."""
    COMMANDS[verb].make_context(verb, list(words))


def refusal(verb: str, *words: str) -> ConfigurationError | None:
    try:
        parse(verb, *words)
    except ConfigurationError as refused:
        return refused
    return None


def words_of(verb: str, *names: str) -> list[str]:
    """A command line with these parameters, and those that the verb cannot do without."""
    options, arguments = [], []
    for parameter in COMMANDS[verb].params:
        name = shown(parameter)
        if name not in names and not parameter.required:
            continue
        if isinstance(parameter, click.Argument):
            arguments.append(VALUES[name])
        else:
            options += [name] if getattr(parameter, "is_flag", False) else [name, VALUES[name]]
    return [*options, *arguments]


@pytest.mark.parametrize("verb", COMMANDS)
def test_a_new_option_is_weighed_against_the_others_of_its_verb(verb: str) -> None:
    command = COMMANDS[verb]
    assert isinstance(command, Verb)
    assert {shown(parameter) for parameter in command.params} == set(OPTIONS[verb].split())


@pytest.mark.parametrize("verb", COMMANDS)
def test_exactly_the_pairs_of_the_table_are_refused(verb: str) -> None:
    names = [shown(parameter) for parameter in COMMANDS[verb].params]
    pairs = list(combinations(names, 2))
    refused = {frozenset(pair) for pair in pairs if refusal(verb, *words_of(verb, *pair))}
    assert refused == {frozenset(pair) for name, *pair in CONTRADICTIONS if name == verb}


@pytest.mark.parametrize(("verb", "first", "second"), sorted(CONTRADICTIONS))
def test_the_refusal_names_both_options_and_what_to_do(verb: str, first: str, second: str) -> None:
    refused = refusal(verb, *words_of(verb, first, second))
    assert isinstance(refused, OptionsContradict)
    assert refused.exit_code is Exit.USAGE
    assert first in refused.cause
    assert second in refused.cause
    assert refused.fix


BUSY_VERBS = [name for name, options in OPTIONS.items() if "--if-busy" in options.split()]


@pytest.mark.parametrize(("verb", "wait"), list(product(BUSY_VERBS, ("0", "10m"))))
def test_a_wait_is_refused_when_the_verb_is_not_to_wait(verb: str, wait: str) -> None:
    refused = refusal(verb, *words_of(verb), "--if-busy", "refuse", "--wait", wait)
    assert isinstance(refused, OptionsContradict)
    assert refused.cause.startswith("--wait and --if-busy refuse contradict each other")


@pytest.mark.parametrize(
    ("verb", "line", "named"),
    [
        # A default that is spelled out contradicts as well.
        ("rollback", "--steps 1 --to 1f8b2c4", "--to --steps"),
        ("rollback", "--to=1f8b2c4 --steps=3 --service app", "--to --steps"),
        ("migrate", "--live --commit HEAD", "--live --commit"),
        ("history", "1f8b2c4 --limit 20", "RELEASE --limit"),
        ("history", "--limit=20 1f8b2c4", "RELEASE --limit"),
        ("promote", "--from production --to production", "--from --to"),
        ("infra apply", "--only network --allow-replace data.Database", "--only --allow-replace"),
        ("infra plan", "--only network --only service --allow-remove data.Cache", "--only --allow-remove"),
        ("infra plan", "--parameter Size=small --parameter Size=large", "--parameter Size"),
        ("sandbox up", "--aws-port 5000 --github-port 5000", "--aws-port --github-port"),
    ],
)
def test_options_are_refused_when_their_values_contradict(verb: str, line: str, named: str) -> None:
    refused = refusal(verb, *line.split())
    assert isinstance(refused, OptionsContradict)
    assert all(word in refused.cause for word in named.split())
    assert refused.fix


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("rollback", ("--if-busy", "supersede", "--wait", "5m")),
        ("promote", ("--from", "staging", "--to", "production")),
        ("infra apply", ("--only", "data", "--allow-replace", "data.Database")),
        ("infra apply", ("--allow-replace", "data.Database", "--allow-remove", "data.Database")),
        ("infra plan", ("--parameter", "Size=small", "--parameter", "Size=small", "--parameter", "Command=")),
        ("logs", ("app", "--follow", "--lines", "10")),
        ("run", ("--service", "app", "--", "psql", "--service", "other", "")),
        ("release", ("-e", "production", "--environment=production")),
        ("rollback", ("--wait", "60s", "--wait", "1m")),
        ("rollback", ("--service", "app", "--service", "worker")),
        ("migrate", ("--live", "--live")),
    ],
)
def test_options_are_taken_when_they_have_one_meaning(verb: str, words: tuple[str, ...]) -> None:
    parse(verb, *words)


@pytest.mark.parametrize(
    ("verb", "line", "name"),
    [
        ("release", "-e staging --environment production", "--environment"),
        ("release", "--commit 1f8b2c4 --commit=HEAD", "--commit"),
        ("rollback", "--to 1f8b2c4 --to 2f8b2c4 --to 1f8b2c4", "--to"),
        ("rollback", "--steps 2 --steps 1", "--steps"),
        ("promote", "--from a --to b --to c", "--to"),
        ("lock hold", "--reason x --for 1h --for 2h", "--for"),
        ("infra destroy", "-eproduction -estaging", "--environment"),
        ("infra cost", "--size minimal --size scaled", "--size"),
        ("sandbox up", "--output text --output json", "--output"),
    ],
)
def test_an_option_is_refused_when_it_has_two_values(verb: str, line: str, name: str) -> None:
    refused = refusal(verb, *line.split())
    assert isinstance(refused, OptionsContradict)
    assert refused.cause.startswith(f"{name} is given ")
    assert refused.fix == f"give {name} once"


@pytest.mark.parametrize(
    ("verb", "words", "name"),
    [
        ("rollback", ("--to", ""), "--to"),
        ("rollback", ("--to=",), "--to"),
        ("rollback", ("--expect-current", ""), "--expect-current"),
        ("release", ("--environment", ""), "--environment"),
        ("release", ("--commit", ""), "--commit"),
        ("history", ("",), "RELEASE"),
        ("stats", ("--svg", ""), "--svg"),
    ],
)
def test_an_option_is_refused_when_its_value_is_empty(verb: str, words: tuple[str, ...], name: str) -> None:
    refused = refusal(verb, *words)
    assert refused
    assert (refused.cause, refused.exit_code) == (f"{name} is empty", Exit.USAGE)


def test_a_secret_is_not_shown_when_its_parameter_has_two_values() -> None:
    refused = refusal("infra apply", "--parameter", "Password=hunter2", "--parameter", "Password=hunter3")
    assert refused
    assert "hunter" not in refused.cause + refused.fix


def test_an_option_is_taken_when_a_variable_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYTOOL_ENVIRONMENT", "staging")
    parse("release", "--environment", "production")


@pytest.mark.parametrize("line", ["--to 1f8b2c4 --steps 2 --help", "--help --to="])
def test_the_help_is_shown_when_options_contradict(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.exceptions.Exit):
        parse("rollback", *line.split())
    assert "Usage:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("verb", "option", "other"), [("rollback", "--to", "--steps"), ("migrate", "--commit", "--live")]
)
def test_the_help_of_an_option_names_the_one_that_contradicts_it(verb: str, option: str, other: str) -> None:
    parameters = {shown(each): each for each in COMMANDS[verb].params}
    for one, another in ((option, other), (other, option)):
        assert f"Not with {another}." in (getattr(parameters[one], "help", "") or "")
