"""Every key of `deploytool.yml`: its kind, default and meaning. The checks and the JSON Schema are made from this."""

from __future__ import annotations

from deploytool.config.types import (
    LIVE,
    NAME,
    PLACE,
    RELEASE,
    Choice,
    Duration,
    Flag,
    Key,
    ListOf,
    MapOf,
    ParameterValue,
    Patch,
    Record,
    Schema,
    Text,
    TextOrFalse,
    Whole,
)

_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_NAME = Text(NAME, "letters, digits, dot, dash and underscore")
_PLACE = Text(variables=PLACE)
_URL = r"^https?://[^ ]+$"

_SECRET = Record(
    {
        "env": Key(
            Text(_VARIABLE, "the name of an environment variable"),
            "Environment variable of the build machine that holds the secret.",
        ),
        "file": Key(_PLACE, "File on the build machine that holds the secret."),
    },
    one_of=("env", "file"),
)

_SCAN = Record(
    {
        "fail_on": Key(
            Choice(("critical", "high", "medium", "low")),
            "Refuse an image with ECR findings of this severity or worse.",
            required=True,
        )
    }
)

_CREDENTIALS = Record(
    {
        "username": Key(Text(variables=RELEASE), "User, or ${env.NAME}.", required=True),
        "password": Key(_SECRET, "Where the password or token is.", required=True),
    }
)

_IMAGE = Record(
    {
        "dockerfile": Key(_PLACE, "Dockerfile, from the directory of this file.", default="Dockerfile"),
        "context": Key(_PLACE, "Build context, from the directory of this file.", default="."),
        "target": Key(_PLACE, "Stage of the Dockerfile to build. Default: the last."),
        "platforms": Key(
            ListOf(Text(r"^linux/(amd64|arm64)$", "linux/amd64 or linux/arm64")),
            "Platforms to build for. Default: the CPU of the task.",
            default=[],
        ),
        "build_args": Key(
            MapOf(Text(variables=RELEASE, empty=True), names=_VARIABLE),
            "Build arguments. They stay readable in the image: for secrets use `secrets`.",
            default={},
        ),
        "secrets": Key(MapOf(_SECRET), "Build secrets by id, for `RUN --mount=type=secret,id=…`.", default={}),
        "cache": Key(
            Choice(("none", "registry", "github")),
            "Where layers are kept between builds: the image's repository or the GitHub Actions cache, for which the "
            "step needs ACTIONS_RUNTIME_TOKEN.",
            default="none",
        ),
        "build": Key(Flag(), "Whether to build a missing image; false: it must be in the registry.", default=True),
        "repository": Key(
            _PLACE, "Repository, without the registry's address and without a tag. Default: that of the environment."
        ),
        "registry": Key(
            Text(r"^[A-Za-z0-9.${}_-]+(:[0-9]+)?$", "the address of a registry, such as ghcr.io or docker.io", PLACE),
            "Registry. Default: ECR of the account and region. ECR of another account or region is named by its "
            "address.",
        ),
        "tag": Key(
            Text(variables=RELEASE),
            "Tag, made of ${commit}, ${short_commit}, ${git_tag} or ${env.NAME}; any text with `build: false`. "
            "Default: ${commit}, or ${commit}-NAME where images share a repository.",
        ),
        "digest": Key(
            Text(
                r"^(sha256:[0-9a-f]{64}|\$\{env\.[A-Za-z_][A-Za-z0-9_]*\})$",
                "a digest such as sha256:… or ${env.NAME}",
                RELEASE,
            ),
            "Digest of the image to run; it is never built.",
        ),
        "also_tags": Key(
            ListOf(Text(variables=RELEASE)),
            "Further tags that name the released image too, such as `latest`; the repository must allow moving them.",
            default=[],
        ),
        "credentials": Key(_CREDENTIALS, "Login of `registry`. Default: that of Docker's configuration; none for ECR."),
        "scan": Key(_SCAN, "Check the findings of ECR's image scan before the release."),
    }
)

_COMMAND = Text(variables=RELEASE, empty=True)

_MIGRATE = Record(
    {
        "task": Key(_PLACE, "Task definition family of the migration.", required=True),
        "image": Key(_NAME, "Image, one of `images`, that the migration runs.", required=True),
        "like": Key(_NAME, "Service, one of `services`, whose network and capacity it runs with.", required=True),
        "container": Key(_PLACE, "Container whose exit code decides. Default: the only essential one."),
        "command": Key(ListOf(_COMMAND, least=1), "Command, word by word. Default: that of the task definition."),
        "timeout": Key(Duration(), "How long the migration may take.", default="15m"),
        "on_cancel": Key(
            Choice(("finish", "stop")),
            "What happens to a running migration when the release is cancelled.",
            default="finish",
        ),
        "template": Key(_PLACE, "Task definition file in the repository to start from instead of the live revision."),
        "files": Key(
            Text(),
            "Where migration files are: a directory, or a pattern such as `db/migrate/*.sql`. Plans list new ones.",
        ),
    }
)

_EXPECT = Record(
    {
        "status": Key(Whole(100, 599), "HTTP status of the response.", default=200),
        "body": Key(Text(variables=LIVE), "Text that the response contains."),
        "version": Key(Text(variables=LIVE), "Value of the field `version` of the JSON response, such as ${commit}."),
    }
)

VERIFY = Record(
    {
        "url": Key(
            Text(_URL, "an http:// or https:// address", LIVE),
            "Address to request; ${host} is the service's load balancer.",
        ),
        "expect": Key(_EXPECT, "The expected response.", default={}),
        "timeout": Key(Duration(), "How long the expected response may take.", default="2m"),
        "interval": Key(Duration(), "Time between two requests.", default="2s"),
        "steady": Key(
            Duration(least=0),
            "How long every new task must have run; one that stops before fails the release. Also the default of a "
            "service without `verify`. `0s` turns it off.",
            default="15s",
        ),
        "command": Key(
            ListOf(Text(variables=LIVE, empty=True), least=1),
            "Your own check, word by word, run where deploytool runs once the address responded, such as an "
            "end-to-end test; an exit code other than 0 rolls every service back. A rollback does not run it.",
        ),
        "command_timeout": Key(Duration(), "How long the command may take.", default="10m"),
        "bake": Key(Duration(least=0), "How long tasks and alarms are watched before the release succeeds."),
        "alarms": Key(ListOf(_PLACE, least=1), "CloudWatch alarms that must not fire during the bake."),
    },
    any_of=("url", "bake", "steady", "command"),
    needs={"expect": "url", "alarms": "bake", "command_timeout": "command"},
)
STEADY: int = VERIFY.read({})["steady"]
"""Seconds, of a service without `verify`."""

_SERVICE = Record(
    {
        "service": Key(_PLACE, "Name of the ECS service. Default: the name of this entry."),
        "image": Key(_NAME, "Image, one of `images`, of the only container that runs one of them."),
        "containers": Key(
            MapOf(_NAME, least=1), "Image, one of `images`, of each container, where a task runs several of them."
        ),
        "template": Key(_PLACE, "Task definition file in the repository to start from instead of the live revision."),
        "after": Key(ListOf(_NAME), "Services, of `services`, that are deployed before this one.", default=[]),
        "timeout": Key(Duration(), "How long the rollout may take. Default: that of the environment."),
        "verify": Key(VERIFY, "The check after the rollout; if it fails, every service is rolled back."),
    },
    one_of=("image", "containers"),
)

_PARTS = {
    "images": Key(MapOf(_IMAGE, least=1), "Images to build, by name.", required=True),
    "migrate": Key(_MIGRATE, "Database migration to run before any service is updated."),
    "services": Key(MapOf(_SERVICE, least=1), "ECS services to release together, by name.", required=True),
    "variables": Key(
        MapOf(Text(variables=RELEASE, empty=True), names=_VARIABLE),
        "Values by name for `${NAME}` in task definition files. No secrets: they would be readable in ECS.",
        default={},
    ),
}

RELEASED = Record(_PARTS)
"""What an environment may override."""

_INFRA = Record(
    {
        "size": Key(Choice(("minimal", "scaled")), "Size of the stacks.", default="minimal"),
        "templates": Key(
            _PLACE,
            "Directory of the CloudFormation templates, from the directory of this file. Default: those of deploytool.",
        ),
        "parameters": Key(
            MapOf(ParameterValue(), names=r"^[A-Za-z0-9]{1,255}$"),
            "Parameters of the templates by name; each goes to every stack that declares it. No secrets: this file is "
            "in the repository.",
            default={},
        ),
    }
)

ENVIRONMENT = Record(
    {
        "region": Key(
            Text(r"^[a-z]+(-[a-z]+)+-[0-9]+$", "an AWS region such as us-east-1"), "AWS region.", required=True
        ),
        "cluster": Key(_PLACE, "ECS cluster.", required=True),
        "repository": Key(_PLACE, "ECR repository of the images. Default: `app`."),
        "account": Key(
            Text(r"^[0-9]{12}$", "an AWS account id: 12 digits, in quotes"),
            "AWS account; a release with credentials of another account is refused.",
        ),
        "role_arn": Key(_PLACE, "IAM role to assume for every command."),
        "github_environment": Key(_PLACE, "Environment on GitHub. Default: the name of this entry."),
        "url": Key(Text(_URL, "an http:// or https:// address", PLACE), "Address of the application, shown on GitHub."),
        "production": Key(Flag(), "Whether GitHub shows it as production. Default: true for `production`."),
        "timeout": Key(Duration(), "How long a rollout may take.", default="15m"),
        "ledger": Key(
            TextOrFalse(r"^[A-Za-z0-9_.${}-]{3,255}$", "the name of a DynamoDB table", PLACE),
            "DynamoDB table of releases and locks; false for none: then nothing prevents concurrent releases.",
            default="deploytool",
        ),
        "rollback_checkbox": Key(
            Flag(),
            "Add a rollback checkbox to the comment of a live release. It needs the rollback workflow.",
            default=False,
        ),
        "rollback_workflow": Key(
            Text(r"^[A-Za-z0-9._-]+\.ya?ml$", "the name of a file in .github/workflows"),
            "Rollback workflow in .github/workflows; comments link to it where it exists.",
            default="rollback.yml",
        ),
        "infra": Key(_INFRA, "The stacks of this environment, for `deploytool infra`.", default={}),
        "overrides": Key(
            Patch(RELEASED),
            "What is different in this environment: merged, key by key, into images, migrate and services. Text, "
            "numbers and lists replace; null removes a key.",
            default={},
        ),
    }
)

FILE = Record(
    {
        "app": Key(_NAME, "Name of the application.", required=True),
        **_PARTS,
        "environments": Key(MapOf(ENVIRONMENT, least=1), "Environments to release to, by name.", required=True),
    },
    extensions=True,
)


def json_schema() -> Schema:
    """JSON Schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "deploytool.yml",
        "description": "What archdeck-deploy releases, and where to.",
        **FILE.schema(),
    }
