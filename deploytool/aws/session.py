"""AWS sessions: region, credentials of a profile, a role or GitHub's OIDC token, and clients made when first used."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, CredentialProvider, DeferredRefreshableCredentials
from botocore.exceptions import ClientError

from deploytool.aws.call import DENIED, NETWORK, PATIENCE, call, is_retryable, note_unknown_fields, retrying
from deploytool.endpoints import (
    PARTITION_SUFFIXES,
    ROLE,
    TOKEN_OF_JOB,
    TOKEN_URL,
    can_sign_in,
    is_aws,
    is_loopback,
    origin,
)
from deploytool.errors import CloudUnreachable, CredentialsMissing


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


LOOPBACK_SWITCH = "DEPLOYTOOL_TEST_ONLY_STS_ON_LOOPBACK"
"""The one switch of the tests. With the value ``true``, an endpoint from the process environment may also be on
127.0.0.1, localhost or ::1. It allows no other host, every verb says that it is set, and no file sets it."""
_ENDPOINTS = ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")
"""Variables that name an endpoint; boto3 takes the first that is set."""


class StsEndpointRefused(CredentialsMissing):
    """The process environment leads the job's identity to a host that is not AWS's; nothing was sent there."""

    def __init__(self, variable: str) -> None:
        # The value stays out of the log: a URL may carry a password.
        super().__init__(
            f"with a role or an OIDC token, STS is asked at AWS only: {variable} names another host",
            f"unset {variable}, or set AWS_ENDPOINT_URL_STS to an https URL under amazonaws.com",
        )


def is_switched_to_loopback(environ: Mapping[str, str]) -> bool:
    """Whether the tests' switch is set."""
    return environ.get(LOOPBACK_SWITCH) == "true"


def endpoint(environ: Mapping[str, str]) -> str | None:
    """The endpoint that the process environment gives STS; None leaves it to AWS's own of the region.

    What a configuration file says does not count. Raises StsEndpointRefused.
    """
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    variable = next((name for name in _ENDPOINTS if environ.get(name)), None)
    if variable is None:
        return None
    url = environ[variable]
    if is_aws(url) or (is_switched_to_loopback(environ) and is_loopback(url)):
        return url
    raise StsEndpointRefused(variable)


def require_allowed(url: str, given: str | None) -> None:
    """Check where a request goes: to AWS in any partition, or to the endpoint given. Raises StsEndpointRefused."""
    asked = origin(url)
    if not is_aws(asked, PARTITION_SUFFIXES) and (given is None or asked != origin(given)):
        raise StsEndpointRefused("the AWS SDK's configuration")


REGION = "DEPLOYTOOL_ROLE_REGION"
AUDIENCE = "sts.amazonaws.com"


PROVIDER_FIX = "deploy the stack bootstrap in this account: `deploytool infra apply --only bootstrap`"


class TokenUnavailable(CredentialsMissing):
    """GitHub's token service did not respond, or not now: the same request may succeed in a moment."""


class RoleDenied(CredentialsMissing):
    """STS did not accept the job's token for the role."""

    def __init__(self, role: str, sub: str, said: str) -> None:
        super().__init__(
            f"AWS does not let this job assume {role}: {said}",
            f"its trust policy must allow {AUDIENCE} as audience and this subject: {sub}",
        )


def session(role: str, region: str) -> Any:
    """A botocore session whose credentials are the role's, and no others. Raises StsEndpointRefused."""
    from botocore.credentials import (
        AssumeRoleWithWebIdentityCredentialFetcher,
        CredentialResolver,
        DeferredRefreshableCredentials,
    )

    # Asked before GitHub makes a token: where none may go, none is made.
    endpoint(os.environ)
    made = PinnedSession()
    region = os.environ.get(REGION) or region

    def client(service: str, config: Config | None = None) -> Any:
        # The regional endpoint: the global one is in us-east-1, and not reachable from every network.
        limits = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 1})
        return made.create_client(service, region_name=region, config=config.merge(limits) if config else limits)

    def attempt() -> Any:
        # A token is good for minutes: each try has its own.
        token = web_identity(os.environ)
        name = {"RoleSessionName": session_name(os.environ)}
        fetcher = AssumeRoleWithWebIdentityCredentialFetcher(client, lambda: token, role, extra_args=name)
        try:
            return fetcher.fetch_credentials()
        except ClientError as error:
            if may_pass(error):
                raise
            raise refused(role, token, error) from error

    def fetch() -> Any:
        try:
            return retrying(PATIENCE, may_pass)(attempt)
        except (ClientError, *NETWORK) as error:
            raise CloudUnreachable(
                f"AWS did not sign this job in for {PATIENCE:.0f} s: {error}",
                "run the job again; https://health.aws.amazon.com and https://www.githubstatus.com show outages",
            ) from error

    class GithubProvider:
        METHOD = CANONICAL_NAME = "github-oidc"

        def load(self) -> Any:
            return DeferredRefreshableCredentials(fetch, self.METHOD)

    made.register_component("credential_provider", CredentialResolver([GithubProvider()]))
    return made


def may_pass(error: BaseException) -> bool:
    """Whether signing in may succeed in a moment. STS reads GitHub's keys itself, and now and then cannot:
    https://github.com/aws-actions/configure-aws-credentials/issues/348
    """
    if isinstance(error, ClientError):
        code, message = (str(error.response["Error"].get(key, "")) for key in ("Code", "Message"))
        unread = code == "InvalidIdentityToken" and "verification key" in message
        return unread or code in ("IDPCommunicationError", "IDPCommunicationErrorException") or is_retryable(error)
    return isinstance(error, TokenUnavailable) or is_retryable(error)


def refused(role: str, token: str, error: ClientError) -> CredentialsMissing:
    """Why STS gives no credentials for this token, whatever is tried.

    Codes: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    """
    code, message = (str(error.response["Error"].get(key, "")) for key in ("Code", "Message"))
    cause = f"AWS gives no credentials for {role}: {message}"
    if code in DENIED:
        return RoleDenied(role, subject(token), message)
    if "audience" in message.lower():
        return CredentialsMissing(cause, f"add {AUDIENCE} to the client ids of GitHub's OIDC provider in this account")
    if code == "InvalidIdentityToken":
        return CredentialsMissing(cause, PROVIDER_FIX)
    if code in ("ExpiredTokenException", "ExpiredToken"):
        return CredentialsMissing(cause, "set the clock of the runner: GitHub's token had expired when AWS read it")
    if code == "RegionDisabledException":
        return CredentialsMissing(cause, "turn on the region for this account, or correct input region")
    return CredentialsMissing(
        cause, "correct input role: the ARN of a role in this account, which the bootstrap stack prints"
    )


def web_identity(environ: Mapping[str, str]) -> str:
    """A fresh OIDC token from the runner; it is good for some minutes. Raises CredentialsMissing, TokenUnavailable."""
    url, token = environ.get(TOKEN_URL, ""), environ.get(TOKEN_OF_JOB, "")
    if not url or not token:
        raise CredentialsMissing(
            "this job may not ask GitHub for an OIDC token",
            "give the job `permissions: id-token: write`; a pull request from a fork never has it",
        )
    import requests

    def bearer(request: Any) -> Any:
        # Given as auth, or a default entry of ~/.netrc takes its place: a self-hosted runner may have one.
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    fix = "run the job again; see https://www.githubstatus.com"
    try:
        answer = requests.get(url, params={"audience": AUDIENCE}, auth=bearer, timeout=10)
    except requests.RequestException as error:
        raise TokenUnavailable(f"GitHub gave no OIDC token: {type(error).__name__}", fix) from error
    if answer.status_code == 429 or answer.status_code >= 500:
        raise TokenUnavailable(f"GitHub gave no OIDC token: HTTP {answer.status_code}", fix)
    try:
        answer.raise_for_status()
        return str(answer.json()["value"])
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        raise CredentialsMissing(f"GitHub gave no OIDC token: {type(error).__name__}", fix) from error


def subject(token: str) -> str:
    """Who the token says the job is (claim ``sub``): what a trust policy compares. Not checked: AWS does that."""
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return str(claims["sub"])
    except (IndexError, ValueError, KeyError, TypeError):
        return "(the token names none)"


def session_name(environ: Mapping[str, str]) -> str:
    """What CloudTrail shows: the run that did it."""
    run = environ.get("GITHUB_RUN_ID", "")
    return f"deploytool-{run}" if run.isdecimal() else "deploytool"


class PinnedSession(botocore.session.Session):  # type: ignore[misc]  # botocore has no types
    """Every client comes from here: our own, those of botocore's credential providers, and boto3's."""

    def create_client(self, service_name: str, *arguments: Any, **options: Any) -> Any:
        """As botocore does. Raises StsEndpointRefused."""
        if service_name != "sts" or not can_sign_in(os.environ):
            return super().create_client(service_name, *arguments, **options)
        given = endpoint(os.environ)
        # A profile, or its services section, names endpoints too.
        strict = Config(ignore_configured_endpoint_urls=True)
        config = options.get("config")
        options |= {"endpoint_url": given, "config": config.merge(strict) if config else strict}
        client = super().create_client(service_name, *arguments, **options)

        def check(request: Any, **_: Any) -> None:
            require_allowed(request.url, given)

        # The last look, at what really goes out: data_path of a profile may bring other endpoint rules.
        client.meta.events.register_first("before-send.sts", check)
        return client


def assume_role(role_arn: str, source: Any = None) -> Any:
    """A botocore session whose credentials are the role's, taken with those of ``source``, else of this machine."""
    source = source or PinnedSession()
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=source.create_client,
        source_credentials=source.get_credentials(),
        role_arn=role_arn,
        extra_args={"RoleSessionName": "archdeck-deploy"},
    )
    session = PinnedSession()
    session.get_component("credential_provider").insert_before("env", _Role(fetcher))
    return session


class _Role(CredentialProvider):  # type: ignore[misc]  # botocore has no types
    METHOD = "archdeck-role-arn"
    CANONICAL_NAME = METHOD

    def __init__(self, fetcher: AssumeRoleCredentialFetcher) -> None:
        super().__init__()
        self._fetcher = fetcher

    def load(self) -> DeferredRefreshableCredentials:
        """Asked for by botocore when the first request is signed (AssumeRole), and again before they expire."""
        return DeferredRefreshableCredentials(refresh_using=self._fetcher.fetch_credentials, method=self.METHOD)


class Session:
    """Clients of one region. Endpoints and credentials come from where boto3 always looks for them, except that with a
    role or an OIDC token STS is AWS's own: see ``sts``.
    """

    def __init__(self, region: str, role_arn: str | None = None, read_timeout: float = 30) -> None:
        """``read_timeout``: seconds that an answer may take."""
        self.region = region
        self._read_timeout = read_timeout
        self._role_arn = role_arn
        self._session: Any = None
        self._clients: dict[tuple[str, str], Any] = {}
        # Session.client is not safe to call from several threads; the clients it makes are.
        # https://boto3.amazonaws.com/v1/documentation/api/latest/guide/session.html#multithreading-or-multiprocessing-with-sessions
        self._lock = threading.Lock()

    def client(self, service: str, region: str = "") -> Any:
        """The client of one service, by boto3's name for it; in another region where one is given.

        Raises CredentialsMissing: an unknown profile; StsEndpointRefused, where STS would not be AWS's.
        """
        with self._lock:
            key = service, region or self.region
            if key not in self._clients:
                self._clients[key] = self._made(*key)
            return self._clients[key]

    def _made(self, service: str, region: str) -> Any:
        # Loaded with the first client: the configuration is read, and ghapi begins to load, before it.
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ProfileNotFound

        try:
            self._session = self._session or boto3.session.Session(
                region_name=self.region, botocore_session=self._signed_in()
            )
        except ProfileNotFound as error:
            raise CredentialsMissing(str(error), "set AWS_PROFILE to one of ~/.aws/config") from error
        config = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=5,
            read_timeout=self._read_timeout,
            max_pool_connections=16,
            user_agent_extra="archdeck-deploy",
        )
        client = self._session.client(service, region_name=region, config=config)
        if service == "ecs":
            client.meta.events.register("before-parse.ecs.DescribeTaskDefinition", note_unknown_fields)
        return client

    def _signed_in(self) -> Any:
        """A botocore session with the role that the action was given; without one, boto3's own providers decide."""

        role = os.environ.get(ROLE, "")
        source = session(role, self.region) if role else PinnedSession()
        # The environment's own role, where the configuration names one, is taken with the identity we come with.
        return assume_role(self._role_arn, source) if self._role_arn and self._role_arn != role else source


def account_id(session: Session) -> str:
    """GetCallerIdentity: the account's id. Raises CloudError."""
    return str(call(session.client("sts"), "get_caller_identity")["Account"])


def signed_in_account(session: Session) -> str:
    """The same; empty where nobody is signed in, or AWS cannot be reached: asked once."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return str(session.client("sts").get_caller_identity()["Account"])
    except (BotoCoreError, ClientError):
        return ""
