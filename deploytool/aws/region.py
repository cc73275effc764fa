"""The region that a person works in."""

from __future__ import annotations


def configured_region() -> str:
    """From AWS_REGION, AWS_DEFAULT_REGION or the profile of ~/.aws/config; empty where none of them says."""
    # Loaded here: a region in the environment of a verb is known without it.
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        return str(boto3.session.Session().region_name or "")
    except BotoCoreError:
        return ""
