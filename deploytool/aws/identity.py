"""Whose credentials these are."""

from __future__ import annotations

from deploytool.aws.call import call
from deploytool.aws.session import Session


def account(session: Session) -> str:
    """GetCallerIdentity: the account's id. Raises CloudError."""
    return str(call(session.client("sts"), "get_caller_identity")["Account"])


def signed_in_account(session: Session) -> str:
    """The same; empty where nobody is signed in, or AWS cannot be reached: asked once."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return str(session.client("sts").get_caller_identity()["Account"])
    except (BotoCoreError, ClientError):
        return ""
