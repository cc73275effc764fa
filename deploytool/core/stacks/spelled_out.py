"""Names written out in a template, so that CloudFormation takes over what an earlier stack left under them.

``ImportExistingResources`` looks for what exists only where the name stands in the template as plain text, and where
the resource stays when its stack goes.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from deploytool.core.stacks.intrinsics import Values, resolved
from deploytool.core.stacks.template import Template, as_json

_NAMES = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::ECR::Repository": "RepositoryName",
}
"""Types that CloudFormation imports by a name of our choice → the property that holds it. A secret is not among them:
its identifier is an ARN that ends with what Secrets Manager chose."""


def spelled_out(template: Template, values: Values) -> Template:
    """The same template, as JSON where a name had to be written out."""
    written = dict(_written_out(template.document.get("Resources") or {}, values))
    if not written:
        return template
    document = {**template.document, "Resources": {**template.document["Resources"], **written}}
    return replace(template, document=document, body=as_json(document))


def _written_out(resources: Mapping[str, Any], values: Values) -> Iterator[tuple[str, Any]]:
    for logical_id, each in resources.items():
        key = _NAMES.get(each.get("Type", ""), "")
        given = (each.get("Properties") or {}).get(key)
        stays = str(each.get("DeletionPolicy", "")).startswith("Retain")
        if stays and isinstance(given, Mapping) and (name := resolved(given, values)):
            yield logical_id, {**each, "Properties": {**each["Properties"], key: name}}
