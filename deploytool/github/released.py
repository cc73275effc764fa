"""From a GitHub deployment to the release it was."""

from __future__ import annotations

from deploytool.errors import Refused
from deploytool.github.client import GithubClient
from deploytool.github.deployments import TYPE, payload_of


class NotOurs(Refused):
    """The deployment is none that deploytool made in this environment."""


def release_of(client: GithubClient, deployment: int, environment: str) -> str:
    """The release id in the deployment's payload. Raises NotOurs, GithubError.

    Whether that release exists and was ever live is for the ledger to say: a payload can be written by anybody who may
    write deployments.
    """
    found = client.call(
        "repos.get_deployment", f"read deployment {deployment}", "deployments: read", deployment_id=deployment
    )
    told = payload_of(found)
    release = told.get("release")
    if told.get("type") != TYPE or not isinstance(release, str) or not release:
        raise NotOurs(f"deployment {deployment} was not made by deploytool", "choose one from `deploytool history`")
    if environment and found.get("environment") != environment:
        raise NotOurs(
            f"deployment {deployment} is of environment {found.get('environment')}, not {environment}",
            "give the environment it belongs to",
        )
    return release
