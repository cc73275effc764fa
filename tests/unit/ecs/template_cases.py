"""Task definition files as teams have them, each with its answer. All are our own; the shapes are public ones.

The shapes: consoles and CLIs write every unset field as null (the official action drops them, too:
https://github.com/aws-actions/amazon-ecs-deploy-task-definition, ``cleanNullKeys``); samples have an object where ECS
takes a list (https://github.com/aws-samples/amazon-ecs-firelens-examples); sed, envsubst, Jinja and ecspresso leave
placeholders (https://github.com/kayac/ecspresso); PowerShell 5.1 writes UTF-16.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

OPTIONS = {"awslogs-group": "/ecs/book", "awslogs-region": "eu-north-1"}
LOGGING = {"logDriver": "awslogs", "options": OPTIONS}
ROLE = "arn:aws:iam::210987654321:role/book-execution"


def container(**more: Any) -> dict[str, Any]:
    return {
        "name": "book",
        "image": "210987654321.dkr.ecr.eu-north-1.amazonaws.com/book:1",
        "essential": True,
        "portMappings": [{"containerPort": 3000, "protocol": "tcp"}],
        "environment": [{"name": "LEVEL", "value": "info"}],
        "logConfiguration": LOGGING,
        **more,
    }


def task(*containers: Any, **more: Any) -> dict[str, Any]:
    return {
        "family": "book",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "512",
        "memory": "1024",
        "executionRoleArn": ROLE,
        "containerDefinitions": list(containers or (container(),)),
        **more,
    }


def written(document: Any) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def of(*containers: Any, **more: Any) -> bytes:
    return written(task(*containers, **more))


def one(**more: Any) -> bytes:
    """A file whose only container has these fields, too."""
    return of(container(**more))


def changed(change: Callable[[str], str]) -> bytes:
    return change(of().decode()).encode()


@dataclass(frozen=True)
class Taken:
    """A file that is read; ``definition`` is what is registered, ``warnings`` are parts of each warning."""

    what: str
    content: bytes
    definition: Any = field(default_factory=task)
    warnings: tuple[str, ...] = ()
    file: str = "deploy/task.json"
    variables: dict[str, str] = field(default_factory=dict)


EVERY_NULL = dict.fromkeys(
    ("command", "entryPoint", "secrets", "dependsOn", "dnsServers", "dockerLabels", "healthCheck", "linuxParameters",
     "memory", "ulimits", "user", "systemControls", "resourceRequirements", "firelensConfiguration")
)  # fmt: skip
ANSWERED = {
    "taskDefinitionArn": "arn:aws:ecs:eu-north-1:210987654321:task-definition/book:4",
    "revision": 4,
    "status": "ACTIVE",
    "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.task-iam-role"}],
    "compatibilities": ["EC2", "FARGATE"],
    "registeredAt": "2025-02-03T04:05:06+00:00",
    "registeredBy": "arn:aws:iam::210987654321:user/ada",
}
TAGS = [{"key": "owner", "value": "print"}, {"key": "cost", "value": "7"}]
PATTERNS = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "/x", "tag": "{{.Name}}/{{.ID}}", "awslogs-multiline-pattern": "^(?<ts>[A-Z]+)"},
}
YAML = """
# half a CPU is too little
family: book
networkMode: awsvpc
requiresCompatibilities: [FARGATE]
cpu: "512"
memory: '1024'
executionRoleArn: arn:aws:iam::210987654321:role/book-execution
containerDefinitions:
  - name: book
    image: 210987654321.dkr.ecr.eu-north-1.amazonaws.com/book:1
    essential: true
    portMappings: [{containerPort: 3000, protocol: tcp}]
    environment:
      - {name: LEVEL, value: info}
    logConfiguration:
      logDriver: awslogs
      options: {awslogs-group: /ecs/book, awslogs-region: eu-north-1}
"""

TAKEN = (
    Taken("a plain payload", of()),
    Taken("a console wrote every unset field as null",
          of(container(**EVERY_NULL, logConfiguration={**LOGGING, "secretOptions": None}), pidMode=None, volumes=[],
             inferenceAccelerators=[], proxyConfiguration=None),
          task(volumes=[], inferenceAccelerators=[])),
    Taken("one null deep in a map of options",

                     one(logConfiguration={"logDriver": "awslogs", "options": {**OPTIONS, "mode": None}})),
    Taken("a null in an entry of a list", one(environment=[{"name": "LEVEL", "value": "info", "x": None}])),
    Taken("an answer of DescribeTaskDefinition", written({"taskDefinition": task(**ANSWERED)})),
    Taken("an answer with tags beside it", written({"taskDefinition": task(**ANSWERED), "tags": TAGS}),
            task(tags=TAGS)),
    Taken("an answer with no tags, saved by an SDK",
          written({"taskDefinition": task(**ANSWERED), "tags": [], "ResponseMetadata": {"HTTPStatusCode": 200}}),
          task(tags=[])),
    Taken("only the inner part of an answer", of(**ANSWERED)),
    Taken("a file with a byte order mark", b"\xef\xbb\xbf" + of()),
    Taken("CRLF and tabs", of().replace(b"\n", b"\r\n").replace(b"  ", b"\t")),
    Taken("comment keys", of(container(**{"//": "x"}), _comment=["why"], **{"$schema": "https://x"}),
          warnings=("task.json:", "_comment is ignored", "$schema is ignored", "// is ignored")),
    Taken("YAML", YAML.encode(), file="task.yaml"),
    Taken("YAML by its content", YAML.encode(), file="task-definition"),
    Taken("JSON by its content", of(), file="task.json.tpl"),
    Taken("JSON in a file called YAML", of(), file="task.yml"),
    Taken("an unset field of a newer ECS is empty", of(container(newField=[]), newerField={})),
    Taken("declared variables", of(container(name="${NAME}", command=["serve", "${LEVEL}", "$${KEPT}"],
                                             portMappings=[{"containerPort": "${PORT}"}], essential="${YES}")),
          task(container(name="book", command=["serve", "debug", "${KEPT}"], portMappings=[{"containerPort": 8080}])),
          variables={"NAME": "book", "LEVEL": "debug", "PORT": "8080", "YES": "true"}),
    Taken("a declared variable in an image", one(image="${REPO}:${TAG}"), task(container(image="acme/book:2")),
          variables={"REPO": "acme/book", "TAG": "2"}),
    Taken("undeclared variables where a shell may fill them in",
          one(command=["sh", "-c", "echo ${HOME}"], environment=[{"name": "API", "value": "${API_URL}"}],
              healthCheck={"command": ["CMD-SHELL", "test <PORT>"]}),
          task(container(command=["sh", "-c", "echo ${HOME}"], environment=[{"name": "API", "value": "${API_URL}"}],
                         healthCheck={"command": ["CMD-SHELL", "test <PORT>"]})),
          warnings=('"command" has what looks like a placeholder', "environment variable API", '"command"')),
    *(
        Taken(f"an environment variable {value}", one(environment=[{"name": "A", "value": value}]),
              task(container(environment=[{"name": "A", "value": value}])), warnings=("environment variable A",))
        for value in ("<ENV>", "{{SECRET:DB_PASSWORD}}", "{{ api_url }}", "__STAGE__", "#{Stage}#")
    ),
    *(
        Taken(f"a value that is no placeholder: {value}", one(environment=[{"name": "A", "value": value}]),
              task(container(environment=[{"name": "A", "value": value}])))
        for value in ("<b>hi</b>", "a < b > c", "${X:-1}", "{{.Name}}", "__init__",
                      "%Y-%m-%d", "$HOME", "my__ENV__x", "[A]")
    ),
    Taken("log options with their own patterns",
          one(logConfiguration=PATTERNS), task(container(logConfiguration=PATTERNS))),
    Taken("a role's path with two underscores", of(taskRoleArn="arn:aws-cn:iam::210987654321:role/a/team__PROD__x"),
          task(taskRoleArn="arn:aws-cn:iam::210987654321:role/a/team__PROD__x")),
    Taken("a role by its name", of(executionRoleArn="book"), task(executionRoleArn="book")),
    Taken("a word that only a newer ECS knows", one(portMappings=[{"containerPort": 1, "protocol": "quic"}]),
          task(container(portMappings=[{"containerPort": 1, "protocol": "quic"}])),
          warnings=("ECS may refuse this protocol: this version knows tcp or udp",)),
    Taken("ARM", of(runtimePlatform={"cpuArchitecture": "ARM64"}), task(runtimePlatform={"cpuArchitecture": "ARM64"})),
    Taken("a file from S3, a constraint with brackets",
          of(container(environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::b/p.env"}]),
             placementConstraints=[{"type": "memberOf", "expression": "attribute:x =~ [AB]"}]),
          task(container(environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::b/p.env"}]),
               placementConstraints=[{"type": "memberOf", "expression": "attribute:x =~ [AB]"}])),
)  # fmt: skip


@dataclass(frozen=True)
class Refused:
    """A file that is refused; each of ``parts`` is in the error."""

    what: str
    content: bytes
    parts: tuple[str, ...]
    file: str = "task.json"
    variables: dict[str, str] = field(default_factory=dict)


SIDECAR = container(name="proxy", image="nginx:1")
REFUSED = (
    Refused("an object for a list of ports", one(portMappings={"ContainerPort": 1}),
            ('"portMappings" must be a list, not a mapping', '[{"containerPort": …')),
    Refused("an object for secretOptions", one(logConfiguration={**LOGGING, "secretOptions": {"name": "A"}}),
            ('"secretOptions" must be a list',)),
    Refused("an object for environment", one(environment={"A": "hidden-1"}),
            ('write it as [{"name": …, "value": …}]',)),
    Refused("an object for containers", written({**task(), "containerDefinitions": {"app": {}}}),
            ('"containerDefinitions" must be a list',)),
    Refused("containers are null", written({**task(), "containerDefinitions": None}),
            ('"containerDefinitions" is null',)),
    Refused("no container", written({**task(), "containerDefinitions": []}), ("has no container",)),
    Refused("a container is text", of("book"), ('an item of "containerDefinitions" must be a mapping, not text',)),
    Refused("a container without name", of({"image": "x"}), ('containerDefinitions[0] lacks "name"',)),
    Refused("a container's name is a number", one(name=7), ('"name" must be text, not a number',)),
    Refused("a list for a container", of([]), ('must be a mapping, not a list',)),
    Refused("two containers of one name", of(container(), SIDECAR, container()),
            ('two containers are called "book", the first in line',)),
    Refused("the list of containers alone", written([container()]), ("list of containers alone", "wrap it")),
    Refused("null", b"null", ("has no containerDefinitions",)),
    Refused("an empty object", b"{}", ("has no containerDefinitions",)),
    Refused("an empty file", b" \n", ("is empty",)),
    Refused("an empty YAML file", b"# nothing\n", ("is empty",), file="a.yml"),
    Refused("something else", b"services: {web: {image: x}}", ("has no containerDefinitions",), file="a.yml"),
    Refused("CloudFormation's spelling", written({"Family": "x", "ContainerDefinitions": []}),
            ("task.json:3:3", 'write "containerDefinitions" for "ContainerDefinitions"')),
    Refused("Terraform's spelling", written({"container_definitions": []}), ('for "container_definitions"',)),
    Refused("a misspelt key", changed(lambda text: text.replace("Definitions", "Definitons")),
            ('unknown field "containerDefinitons"; did you mean "containerDefinitions"?',
             'lacks "containerDefinitions"')),
    Refused("a misspelt key of a container", one(healtCheck={"command": ["x"]}), ('did you mean "healthCheck"?',)),
    Refused("a field newer than this version", one(quantumCores=3),
            ('unknown field "quantumCores"', "use a newer version of deploytool")),
    Refused("tags as a map", of(tags={"team": "hidden-2"}), ('"tags" must be a list', '[{"key": …, "value": …}]')),
    Refused("tags in CloudFormation's spelling", of(tags=[{"Key": "a", "Value": "b"}]),
            ('write "key"', 'write "value"')),
    Refused("tags beside an answer as a map", written({"taskDefinition": task(), "tags": {"a": "b"}}),
            ('"tags" must be a list', "task.json:3")),
    Refused("numbers where text belongs", of(container(environment=[{"name": "PIN", "value": 481516}]), cpu=512),
            ('"cpu" must be text, not a number; put it in quotes', '"value" must be text')),
    Refused("text where a number belongs", one(memory="512"), ('"memory" must be a whole number', "without quotes")),
    Refused("a long text where a number belongs", one(memory="half a GB"),
            ('"memory" must be a whole number, not text',)),
    Refused("a flag where a number belongs", one(memory=True), ("not true or false",)),
    Refused("a number with a point where a whole one belongs", one(memory=0.5), ("must be a whole number",)),
    Refused("a number beyond 32 bits", one(memory=2**31), ('"memory" is out of range',)),
    Refused("text where a flag belongs", one(essential="true"),
            ('"essential" must be true or false', "without quotes")),
    Refused("a word where a flag belongs", one(essential="yes"), ('"essential" must be true or false, not text',)),
    Refused("a list where a flag belongs", one(essential=[]), ('"essential" must be true or false, not a list',)),
    Refused("text where a list belongs", one(command="npm start"), ('"command" must be a list, not text',)),
    Refused("a list where a mapping belongs", one(logConfiguration=[]), ('"logConfiguration" must be a mapping',)),
    Refused("a list where options belong", one(logConfiguration={"logDriver": "awslogs", "options": []}),
            ('"options" must be a mapping',)),
    Refused("a null in a list", of(volumes=[None]), ('an item of "volumes" must be a mapping, not nothing',)),
    Refused("a secret without valueFrom", one(secrets=[{"name": "A"}]), ('secrets[0] lacks "valueFrom"',)),
    Refused("a secret whose valueFrom is null", one(secrets=[{"name": "A", "valueFrom": None}]),
            ('"valueFrom" is null', "give it a value")),
    Refused("a key twice", changed(lambda text: text.replace('"cpu"', '"memory"')),
            ('duplicate key "memory", first in line',)),
    Refused("a key twice in YAML", YAML.encode() + b"cpu: '1'\n", ("duplicate key",), file="a.yaml"),
    Refused("a YAML tag of CloudFormation", YAML.replace("book:1", "book:1\n    user: !Ref User").encode(),
            ("unknown tag !Ref",), file="a.yaml"),
    Refused("YAML with a number for text", YAML.replace("'1024'", "1024").encode(),
            ("put it in quotes",), file="a.yaml"),
    Refused("ARM in lower case", of(runtimePlatform={"cpuArchitecture": "arm64"}), ('did you mean "ARM64"?',)),
    Refused("an unknown CPU", of(runtimePlatform={"cpuArchitecture": "RISCV"}),
            ("must be X86_64 or ARM64", "correct it")),
    *(
        Refused(f"a role with {placeholder}", of(executionRoleArn=f"arn:aws:iam::{placeholder}:role/x"),
                ('"executionRoleArn" has the placeholder', placeholder, "`variables`"))
        for placeholder in ("<AWS_ACCOUNT_ID>", "<your-account-id>", "${AWS_ACCOUNT_ID}", "{{account}}", "__ACCOUNT__",
                            "$ACCOUNT", "$(ACCOUNT)", "%ACCOUNT%", "@ACCOUNT@", "[ACCOUNT]", "#{account}", "<%= x %>")
    ),
    Refused("a role that is no ARN of a role", of(taskRoleArn="arn:aws:iam::ACCOUNT_ID:role/x"),
            ("not the ARN of a role",)),
    Refused("a CPU and a family with placeholders", of(cpu="<CPU>", family="${ENV}-book"), ("<CPU>", "${ENV}")),
    Refused("a container's name with a placeholder", one(name="{{ app }}"), ('"name" has the placeholder',)),
    Refused("a log group with a placeholder", one(logConfiguration={"logDriver": "awslogs",
                                                                  "options": {"awslogs-group": "/ecs/<ENV>"}}),
            ('"awslogs-group" has the placeholder <ENV>',)),
    Refused("a CPU architecture with a placeholder", of(runtimePlatform={"cpuArchitecture": "${ARCH}"}), ("${ARCH}",)),
    Refused("a port with an undeclared variable", one(portMappings=[{"containerPort": "${PORT}"}]),
            ('"containerPort" has the placeholder ${PORT}', "must be a whole number")),
    Refused("a port whose variable is no number", one(portMappings=[{"containerPort": "${PORT}"}]),
            ('"containerPort" must be a whole number',), variables={"PORT": "http"}),
    Refused("UTF-16 of PowerShell", of().decode().encode("utf-16"), ("task.json:1:1: is UTF-16", "UTF-8")),
    Refused("UTF-16 without a mark", of().decode().encode("utf-16-be"), ("is UTF-16",)),
    Refused("UTF-32", of().decode().encode("utf-32"), ("is UTF-32",)),
    Refused("Latin-1", changed(lambda text: text.replace("info", "é")).decode().encode("latin-1"), ("is not UTF-8",)),
    Refused("jsonnet", b"{\n  containerDefinitions: [],\n}",
            ("task.jsonnet:2:3", "only JSON and YAML"), file="task.jsonnet"),
)  # fmt: skip

HIDDEN = ("481516", "hidden-1", "hidden-2")
"""Values in the files above that no message may show."""
