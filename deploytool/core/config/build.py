"""From the values read of each part of the file to the dataclasses of `model`."""

from __future__ import annotations

from typing import Any

from deploytool.core.config.model import (
    BuildSecret,
    Environment,
    Expect,
    Image,
    Infra,
    Migrate,
    SecretFromFile,
    SecretFromVariable,
    Service,
    Verify,
)
from deploytool.core.config.references import default_tag

Read = dict[str, Any]


def build_environment(name: str, read: Read, parts: Read, app: str) -> Environment:
    repository = read["repository"] or app
    return Environment(
        name=name,
        region=read["region"],
        cluster=read["cluster"],
        repository=repository,
        account=read["account"],
        role_arn=read["role_arn"],
        github_environment=read["github_environment"] or name,
        url=read["url"],
        production=read["production"],
        timeout=read["timeout"],
        images=build_images(parts["images"], repository),
        migrate=build_migrate(parts["migrate"]),
        services=build_services(parts["services"], read["timeout"]),
        ledger=read["ledger"],
        rollback_checkbox=read["rollback_checkbox"],
        rollback_workflow=read["rollback_workflow"],
        infra=Infra(**read["infra"]),
    )


def build_images(read: Read, repository: str) -> dict[str, Image]:
    return {
        name: Image(
            name=name,
            dockerfile=image["dockerfile"],
            context=image["context"],
            target=image["target"],
            platforms=image["platforms"],
            build_args=image["build_args"],
            secrets={secret: _secret(source) for secret, source in image["secrets"].items()},
            cache=image["cache"],
            repository=image["repository"] or repository,
            tag=image["tag"] or default_tag(read, name),
            scan_fail_on=image["scan"]["fail_on"] if image["scan"] else None,
        )
        for name, image in read.items()
    }


def _secret(source: Read) -> BuildSecret:
    return SecretFromVariable(source["env"]) if source["env"] else SecretFromFile(source["file"])


def build_migrate(read: Read | None) -> Migrate | None:
    return Migrate(**read) if read else None


def build_services(read: Read, timeout: int) -> dict[str, Service]:
    return {
        name: Service(
            name=name,
            service=service["service"] or name,
            image=service["image"],
            containers=service["containers"] or {},
            template=service["template"],
            after=service["after"],
            timeout=service["timeout"] or timeout,
            verify=_verify(service["verify"]) if service["verify"] else None,
        )
        for name, service in read.items()
    }


def _verify(read: Read) -> Verify:
    return Verify(
        url=read["url"],
        expect=Expect(**read["expect"]),
        timeout=read["timeout"],
        interval=read["interval"],
        bake=read["bake"] or 0,
        alarms=read["alarms"] or (),
    )
