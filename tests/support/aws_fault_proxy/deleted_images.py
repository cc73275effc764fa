"""A deleted image is gone from the registry too, as in ECR; MiniStack goes on serving its manifest by digest."""

import re
from urllib.parse import urlsplit

from tests.support.aws_fault_proxy.upstream import Upstream
from tests.support.aws_fault_proxy.wire import Answer, Scope, error_answer

_BY_DIGEST = re.compile(r"^/v2/(?P<name>.+)/manifests/(?P<digest>sha256:[0-9a-f]{64})$")


def deleted(upstream: Upstream, method: str, target: str) -> Answer | None:
    """404 for a manifest that ECR's own API no longer lists; None for every other request.

    Source: distribution specification, "Pulling manifests": a manifest that is not found is answered MANIFEST_UNKNOWN.
    """
    match = _BY_DIGEST.match(urlsplit(target).path)
    if match is None or method not in ("GET", "HEAD"):
        return None
    asked = {"repositoryName": match["name"], "imageIds": [{"imageDigest": match["digest"]}]}
    failures = upstream.ecr("BatchGetImage", asked, Scope()).get("failures") or []
    if any(failure["failureCode"] == "ImageNotFound" for failure in failures):
        return error_answer("registry", "MANIFEST_UNKNOWN", "the image was deleted", 404)
    return None
