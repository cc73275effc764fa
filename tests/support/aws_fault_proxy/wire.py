"""How an AWS call looks on the wire: which service and action a request names, and how each protocol says an error."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

Json = dict[str, Any]

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_RPC_PATH = re.compile(r"^/service/([^/]+)/operation/([^/]+)$")
_REGISTRY_PATH = re.compile(r"^/v2(/|/_catalog|/(?P<name>.+)/(?P<kind>blobs|manifests|tags)/.*)?$")
_TARGET_SERVICES = {
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "AmazonEC2ContainerRegistry_V20150921": "ecr",
    "Logs_20140328": "logs",
    "DynamoDB_20120810": "dynamodb",
    "AmazonSSM": "ssm",
    "GraniteServiceVersion20100801": "cloudwatch",
    "AnyScaleFrontendService": "application-autoscaling",
}
_SIGNING_TO_IAM = {"monitoring": "cloudwatch"}
_SECRET_PARAMETERS = {"secretstring", "secretbinary", "webidentitytoken", "password", "masteruserpassword"}


@dataclass(frozen=True)
class Scope:
    """Whose call it is: MiniStack keeps one world per account and region, and reads both from the credential."""

    access_key: str = "test"
    region: str = "us-east-1"

    @property
    def account(self) -> str:
        """The account number MiniStack derives from this access key."""
        return self.access_key if re.fullmatch(r"\d{12}", self.access_key) else "000000000000"


@dataclass(frozen=True)
class AwsCall:
    """One request to an AWS API or to the registry; `protocol` is json, query, cbor, rest or registry."""

    service: str
    action: str
    protocol: str
    params: Json = field(default_factory=dict)
    scope: Scope = field(default_factory=Scope)


def identify(method: str, target: str, headers: Mapping[str, str], body: bytes) -> AwsCall | None:
    """The AWS call a request makes, or None when it is data traffic (a load balancer's, a health page's).

    `headers` has lower-case names.
    """
    parts = urlsplit(target)
    credential = _CREDENTIAL.search(headers.get("authorization", ""))
    scope = Scope(credential[1], credential[2]) if credential else Scope()
    signed = _SIGNING_TO_IAM.get(credential[3], credential[3]) if credential else ""

    if amz_target := headers.get("x-amz-target", ""):
        prefix, _, action = amz_target.rpartition(".")
        service = _TARGET_SERVICES.get(prefix, signed or prefix.lower())
        return AwsCall(service, action, "json", _json_object(body), scope)
    if headers.get("smithy-protocol", "") and (rpc := _RPC_PATH.match(parts.path)):
        return AwsCall(signed or _TARGET_SERVICES.get(rpc[1], rpc[1].lower()), rpc[2], "cbor", {}, scope)
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        form: Json = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        if action := form.pop("Action", ""):
            return AwsCall(signed or "sts", action, "query", form, scope)
    if registry := _REGISTRY_PATH.match(parts.path):
        kind = registry["kind"] or "ping"
        return AwsCall("registry", f"{method} {kind}", "registry", {"name": registry["name"] or ""}, scope)
    if signed:
        return AwsCall(signed, f"{method} {parts.path}", "rest", dict(parse_qsl(parts.query)), scope)
    return None


def is_registry_path(target: str) -> bool:
    """Whether the path belongs to the container registry protocol, whose bodies are blobs to stream."""
    return _REGISTRY_PATH.match(urlsplit(target).path) is not None


def _json_object(body: bytes) -> Json:
    try:
        decoded = json.loads(body or b"{}")
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def without_secrets(params: Json) -> Json:
    """The parameters as the call log may keep them."""
    return {k: "***" if k.lower() in _SECRET_PARAMETERS else v for k, v in params.items()}


@dataclass(frozen=True)
class Answer:
    """A whole HTTP response held in memory."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def json(self) -> Json:
        """The body as a JSON object; empty when it is something else."""
        return _json_object(self.body)


def json_answer(payload: Any, status: int = 200, content_type: str = "application/x-amz-json-1.1") -> Answer:
    """An answer in the AWS JSON protocol."""
    return Answer(status, (("Content-Type", content_type),), json.dumps(payload).encode())


def error_answer(protocol: str, code: str, message: str, status: int) -> Answer:
    """An AWS error in the shape the caller's protocol parses."""
    if protocol == "json":
        payload = json.dumps({"__type": code, "message": message}).encode()
        return Answer(status, (("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code)), payload)
    if protocol == "cbor":
        cbor = b"\xa2" + b"".join(_cbor_text(text) for text in ("__type", code, "message", message))
        return Answer(status, (("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")), cbor)
    if protocol == "registry":
        denied = {"errors": [{"code": code, "message": message}]}
        return json_answer(denied, status, "application/json; charset=utf-8")
    kind = "Receiver" if status >= 500 else "Sender"
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if protocol == "query":
        xml = f"<ErrorResponse><Error><Type>{kind}</Type>{error}</Error><RequestId>front</RequestId></ErrorResponse>"
    else:
        xml = f"<Error>{error}<RequestId>front</RequestId></Error>"
    return Answer(status, (("Content-Type", "text/xml"),), xml.encode())


def _cbor_text(text: str) -> bytes:
    raw = text.encode()
    if len(raw) < 24:
        return bytes([0x60 + len(raw)]) + raw
    return b"\x79" + len(raw).to_bytes(2, "big") + raw
