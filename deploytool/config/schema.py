"""Every key of `deploytool.yml`: its kind, its default, what it means. Parser and JSON Schema are both made of this."""

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

# SEG core.config.keys
# Every key of `deploytool.yml`: its kind, its default, what it means. Parser and JSON Schema are both made of this.

_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_NAME = Text(NAME, "letters, digits, dot, dash and underscore")
_PLACE = Text(variables=PLACE)
_URL = r"^https?://[^ ]+$"

_SECRET = Record(
    {
        "env": Key(
            Text(_VARIABLE, "the name of an environment variable"),
            "Environment variable, on the machine that builds, that holds the secret.",
        ),
        "file": Key(_PLACE, "File, on the machine that builds, that holds the secret."),
    },
    one_of=("env", "file"),
)

_SCAN = Record(
    {
        "fail_on": Key(
            Choice(("critical", "high", "medium", "low")),
            "Refuse an image in which ECR found anything of this severity or worse.",
            required=True,
        )
    }
)

_IMAGE = Record(
    {
        "dockerfile": Key(_PLACE, "Dockerfile, from the directory of this file.", default="Dockerfile"),
        "context": Key(_PLACE, "Build context, from the directory of this file.", default="."),
        "target": Key(_PLACE, "Stage of the Dockerfile to build; the last one unless given."),
        "platforms": Key(
            ListOf(Text(r"^linux/(amd64|arm64)$", "linux/amd64 or linux/arm64")),
            "Platforms to build for; the CPU of the task that runs the image unless given.",
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
        "repository": Key(_PLACE, "ECR repository; that of the environment unless given."),
        "tag": Key(
            Text(r"\$\{(short_)?commit\}", "made of ${commit} or ${short_commit}: a tag is never reused", RELEASE),
            "Tag; ${commit} unless given, ${commit}-NAME where several images share a repository.",
        ),
        "scan": Key(_SCAN, "Judge the findings of ECR's image scan before the image is released."),
    }
)

_COMMAND = Text(variables=RELEASE, empty=True)

_MIGRATE = Record(
    {
        "task": Key(_PLACE, "Task definition family of the migration.", required=True),
        "image": Key(_NAME, "Image, one of `images`, that the migration runs.", required=True),
        "like": Key(_NAME, "Service, one of `services`, whose network and capacity it runs with.", required=True),
        "container": Key(_PLACE, "Container whose exit code decides; the only essential one unless given."),
        "command": Key(ListOf(_COMMAND, least=1), "Command, word by word; that of the task definition unless given."),
        "timeout": Key(Duration(), "How long the migration may take.", default="15m"),
        "on_cancel": Key(
            Choice(("finish", "stop")),
            "What becomes of a running migration when the release is cancelled: let it finish, or stop it.",
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
        "status": Key(Whole(100, 599), "HTTP status of the answer.", default=200),
        "body": Key(Text(variables=LIVE), "Text that the answer contains."),
        "version": Key(Text(variables=LIVE), "Value of the field `version` of the JSON answer, such as ${commit}."),
    }
)

_VERIFY = Record(
    {
        "url": Key(
            Text(_URL, "an http:// or https:// address", LIVE),
            "Address to ask; ${host} is that of the service's load balancer.",
        ),
        "expect": Key(_EXPECT, "What the answer must be.", default={}),
        "timeout": Key(Duration(), "How long the answer may take to become what is expected.", default="2m"),
        "interval": Key(Duration(), "Time between two questions.", default="2s"),
        "bake": Key(Duration(least=0), "How long the alarms are watched before the release counts as good."),
        "alarms": Key(ListOf(_PLACE, least=1), "CloudWatch alarms of which none may go off during the bake."),
    },
    any_of=("url", "bake"),
    needs={"expect": "url", "alarms": "bake"},
)

_SERVICE = Record(
    {
        "service": Key(_PLACE, "Name of the ECS service; the name of this entry unless given."),
        "image": Key(_NAME, "Image, one of `images`, of the only container that runs one of them."),
        "containers": Key(
            MapOf(_NAME, least=1), "Image, one of `images`, of each container, where a task runs several of them."
        ),
        "template": Key(_PLACE, "Task definition file in the repository to start from instead of the live revision."),
        "after": Key(ListOf(_NAME), "Services, of `services`, that must be live before this one starts.", default=[]),
        "timeout": Key(Duration(), "How long the rollout may take; that of the environment unless given."),
        "verify": Key(_VERIFY, "What must hold once the service is rolled out; else every service goes back."),
    },
    one_of=("image", "containers"),
)

_PARTS = {
    "images": Key(MapOf(_IMAGE, least=1), "Images to build, by name.", required=True),
    "migrate": Key(_MIGRATE, "Database migration to run before any service changes."),
    "services": Key(MapOf(_SERVICE, least=1), "ECS services to release together, by name.", required=True),
}

RELEASED = Record(_PARTS)
"""What an environment may override."""

_INFRA = Record(
    {
        "size": Key(Choice(("minimal", "scaled")), "Which of the two sizes the stacks are made in.", default="minimal"),
        "templates": Key(
            _PLACE,
            "Directory of the CloudFormation templates, from the directory of this file; our own unless given.",
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
        "repository": Key(_PLACE, "ECR repository of the images; `app` unless given."),
        "account": Key(
            Text(r"^[0-9]{12}$", "an AWS account id: 12 digits, in quotes"),
            "AWS account; where given, a release with credentials of another one is refused.",
        ),
        "role_arn": Key(_PLACE, "IAM role to assume before anything is done."),
        "github_environment": Key(_PLACE, "Environment on GitHub; the name of this entry unless given."),
        "url": Key(Text(_URL, "an http:// or https:// address", PLACE), "Address of the application, shown on GitHub."),
        "production": Key(Flag(), "Whether users are on it; GitHub says so of `production` unless given."),
        "timeout": Key(Duration(), "How long a rollout may take.", default="15m"),
        "ledger": Key(
            TextOrFalse(r"^[A-Za-z0-9_.${}-]{3,255}$", "the name of a DynamoDB table", PLACE),
            "DynamoDB table of releases and locks; false to do without: then nothing keeps two releases apart.",
            default="deploytool",
        ),
        "rollback_checkbox": Key(
            Flag(),
            "Put a box into the comment of a live release: ticking it rolls back. It needs the rollback workflow.",
            default=False,
        ),
        "rollback_workflow": Key(
            Text(r"^[A-Za-z0-9._-]+\.ya?ml$", "the name of a file in .github/workflows"),
            "Workflow, in .github/workflows, that rolls back; comments link to it where it is there.",
            default="rollback.yml",
        ),
        "infra": Key(_INFRA, "What `deploytool infra` makes the stacks of this environment with.", default={}),
        "overrides": Key(
            Patch(RELEASED),
            "What is different in this environment: merged, key by key, into images, migrate and services. Text, "
            "numbers and lists replace what they meet; null takes away.",
            default={},
        ),
    }
)

FILE = Record(
    {
        "app": Key(_NAME, "Name of the application.", required=True),
        **_PARTS,
        "environments": Key(
            MapOf(ENVIRONMENT, least=1), "Places to release to, by the name that GitHub knows them by.", required=True
        ),
    },
    extensions=True,
)


# SEG core.config.json_schema
# The JSON Schema of `deploytool.yml`, for editors: it knows structure; names and variables are checked by `parse`.


def json_schema() -> Schema:
    """JSON Schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "deploytool.yml",
        "description": "What archdeck-deploy releases, and where to.",
        **FILE.schema(),
    }
