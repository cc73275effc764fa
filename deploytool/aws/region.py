"""The region that a person works in."""

from __future__ import annotations

import os


def configured_region() -> str:
    """From AWS_REGION, AWS_DEFAULT_REGION or the profile of ~/.aws/config; empty where none of them says."""
    # The variable that every other SDK reads; boto3 does not.
    if named := os.environ.get("AWS_REGION"):
        return named
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        return str(boto3.session.Session().region_name or "")
    except BotoCoreError:
        return ""
