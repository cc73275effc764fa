"""Images as people have them: repositories, registries, tags, and two environments that share a tag."""

from __future__ import annotations

import pytest

from deploytool.config.loader import repository_problem, resolve
from deploytool.config.model import CredentialsConfig, SecretFromVariable
from deploytool.errors import ConfigurationError
from tests.unit.config.reading import config_of, messages_for

SHA = "0123456789abcdef0123456789abcdef01234567"
ENVIRONMENTS = "environments: {one: {region: eu-west-1, cluster: c}}"


def file(image: str, environments: str = ENVIRONMENTS, app: str = "shop") -> str:
    return f"app: {app}\nimages: {{web: {image}}}\nservices: {{web: {{image: web}}}}\n{environments}\n"


def two(first: str = "", second: str = "", region: str = "eu-west-1") -> str:
    """Environments one and two, of one region by default."""
    environments = {"one": f"region: eu-west-1, cluster: c{first}", "two": f"region: {region}, cluster: d{second}"}
    return "environments: {" + ", ".join(f"{name}: {{{keys}}}" for name, keys in environments.items()) + "}"


def override(args: str) -> str:
    return f", overrides: {{images: {{web: {args}}}}}"


BY_ENVIRONMENT = "{build_args: {STAGE: '${environment}'}}"
ACCOUNT = ", account: '{}'"
ROLE = ", role_arn: 'arn:aws:iam::{}:role/x'"


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (file(BY_ENVIRONMENT, two()), "build_args"),
        (file("{build_args: {R: a}}", two("", override("{build_args: {R: b}}"))), "build_args"),
        (file("{target: a}", two("", override("{target: b, dockerfile: D}"))), "dockerfile, target"),
        (file("{platforms: [linux/arm64]}", two("", override("{platforms: [linux/amd64]}"))), "platforms"),
        (
            file("{build_args: {R: a}, tag: 'v-${short_commit}'}", two("", override("{build_args: {R: b}}"))),
            "build_args",
        ),
        (file("{context: '${environment}', registry: ghcr.io}", two(region="us-east-1")), "context"),
        (file(BY_ENVIRONMENT, two(ACCOUNT.format("1" * 12), "")), "build_args"),
        (file(BY_ENVIRONMENT, two(ACCOUNT.format("1" * 12), ROLE.format("1" * 12))), "build_args"),
    ],
)
def test_it_is_refused_when_environments_build_one_tag_differently(text: str, fields: str) -> None:
    (message,) = messages_for(text)
    assert f"environments one and two build image web differently ({fields}), and push it under one tag" in message
    assert "put ${environment} into its tag" in message


@pytest.mark.parametrize(
    "text",
    [
        file(BY_ENVIRONMENT),
        file("{build_args: {R: a}}", two()),
        file(BY_ENVIRONMENT, two(region="us-east-1")),
        file(BY_ENVIRONMENT, two(ACCOUNT.format("1" * 12), ACCOUNT.format("2" * 12))),
        file(BY_ENVIRONMENT, two(ROLE.format("1" * 12), ROLE.format("2" * 12))),
        file(BY_ENVIRONMENT, two(", repository: one-repository", ", repository: another")),
        file("{tag: '${environment}-${commit}', build_args: {STAGE: '${environment}'}}", two()),
        file("{repository: 'shop-${environment}', build_args: {STAGE: '${environment}'}}", two()),
        file("{build: false, build_args: {STAGE: '${environment}'}}", two()),
        file("{build_args: {V: '${commit}', S: '${env.SHARED}'}}", two()),
    ],
)
def test_it_is_valid_when_environments_build_the_same_or_elsewhere(text: str) -> None:
    assert config_of(text)


@pytest.mark.parametrize(
    ("repository", "problem", "fix"),
    [
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/shop", "has the address of a registry", '"shop"'),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a/b:1", "has the address of a registry", '"a/b"'),
        ("ghcr.io/acme/shop", "has the address of a registry", "registry: ghcr.io"),
        ("europe-docker.pkg.dev/p/r/i", "has the address of a registry", '"p/r/i"'),
        ("localhost:5000/shop", "has the address of a registry", '"shop"'),
        ("shop:latest", "has a tag or digest", '"shop"'),
        ("acme/shop@sha256:1", "has a tag or digest", '"acme/shop"'),
        ("Shop", "upper-case letters", '"shop"'),
        ("shop_", "is no name of a repository", "lower-case"),
        ("a//b", "is no name of a repository", "lower-case"),
        ("shop web", "is no name of a repository", "lower-case"),
        ("x" * 257, "is no name of a repository", "lower-case"),
    ],
)
def test_a_repository_is_refused_when_none_can_be_called_so(repository: str, problem: str, fix: str) -> None:
    (message,) = messages_for(file(f"{{repository: '{repository}'}}"))
    assert problem in message
    assert fix in message


@pytest.mark.parametrize(
    "repository", ["shop", "acme/shop", "my.team/shop", "acme.com/shop", "a-b_c.d/e", "shop-${environment}", "${app}"]
)
def test_a_repository_is_taken_when_ecr_takes_it(repository: str) -> None:
    assert config_of(file(f"{{repository: '{repository}'}}"))


def test_a_repository_of_another_registry_follows_that_registrys_rule() -> None:
    assert repository_problem("a__b---c", "ghcr.io") is None
    assert repository_problem("a__b", None)
    assert repository_problem("a__b", "123456789012.dkr.ecr.us-east-1.amazonaws.com")
    fix = 'write only what follows the slash: "acme/shop"'
    assert repository_problem("ghcr.io/acme/shop", "ghcr.io") == ("has the address of a registry", fix)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (file("{}", app="Shop"), "1:6"),
        (file("{}", "environments: {one: {region: eu-west-1, cluster: c, repository: Shop}}"), "4:65"),
        (file("{repository: 'shop-${environment}'}", "environments: {One: {region: eu-west-1, cluster: c}}"), "2:28"),
        (
            file("{}", "environments: {one: {region: eu-west-1, cluster: c" + override("{repository: a__b}") + "}}"),
            "4:92",
        ),
    ],
)
def test_the_place_is_where_the_repository_comes_from_when_no_registry_takes_its_name(text: str, place: str) -> None:
    assert any(message.startswith(f"deploytool.yml:{place}: in environment") for message in messages_for(text))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("{tag: v1}", "a tag is never reused"),
        ("{tag: '${environment}'}", "a tag is never reused"),
        ("{digest: latest}", '"digest" must be a digest'),
        (f"{{digest: 'sha256:{'a' * 64}', build: true}}", "an image with a digest is not built"),
        ("{credentials: {username: u, password: {env: P}}}", "credentials need a registry"),
        ("{registry: ghcr.io, credentials: {username: u}}", 'lacks "password"'),
        ("{registry: 'https://ghcr.io'}", '"registry" must be the address of a registry'),
        ("{registry: ghcr.io, scan: {fail_on: high}}", "only ECR scans images"),
        ("{tag: '${env.GITHUB_TOKEN}'}", "credential of the job"),
    ],
)
def test_an_image_is_refused_when_its_keys_contradict(image: str, message: str) -> None:
    assert any(message in line for line in messages_for(file(image)))


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("{tag: 'v${env.VERSION}'}", "v1.2-rc.1"),
        ("{tag: '${git_tag}'}", "acme-api-1.0.0-5"),
        ("{tag: '${environment}-${env.BUILD}'}", "one-77"),
        ("{tag: latest, build: false}", "latest"),
        ("{tag: '${env.ABSENT}'}", "${env.ABSENT}"),
        ("{also_tags: [latest, '${git_tag}']}", SHA),
    ],
)
def test_a_tag_is_made_of_version_git_tag_or_build_number(image: str, tag: str) -> None:
    known = {"commit": SHA, "git_tag": "@acme/api@1.0.0+5"}
    settings = resolve(config_of(file(image)), "one", known, {"VERSION": "1.2+rc.1", "BUILD": "77"})
    assert settings.images["web"].tag == tag
    assert settings.images["web"].also_tags in ((), ("latest", "acme-api-1.0.0-5"))


def test_the_registry_its_login_and_a_digest_are_read() -> None:
    digest = f"sha256:{'a' * 64}"
    text = "{{registry: ghcr.io, digest: '{}', credentials: {{username: '${{env.BOT}}', password: {{env: TOKEN}}}}}}"
    image = resolve(config_of(file(text.format(digest))), "one", {"commit": SHA}, {"BOT": "ada"}).images["web"]
    assert (image.registry, image.digest, image.build) == ("ghcr.io", digest, False)
    assert image.credentials == CredentialsConfig("ada", SecretFromVariable("TOKEN"))


def test_the_variable_is_named_when_a_cluster_needs_one_that_is_not_set() -> None:
    text = file("{tag: '${env.ABSENT}'}", "environments: {one: {region: eu-west-1, cluster: '${env.CLUSTER}'}}")
    with pytest.raises(ConfigurationError, match="CLUSTER") as refused:
        resolve(config_of(text), "one", {"commit": SHA}, {})
    assert "ABSENT" not in refused.value.cause
