from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.config.errors import ConfigErrors
from deploytool.config.loader import resolve
from deploytool.config.model import EnvironmentConfig, ExpectConfig, SecretFromFile, SecretFromVariable, VerifyConfig
from deploytool.config.types import LIVE, fill, fill_some, verify_at
from deploytool.errors import ConfigurationError
from tests.unit.config.reading import config_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"

ARCHITECTUREDECK = """\
app: architecturedeck
images:
  app:     {dockerfile: Dockerfile, target: app}
  migrate: {dockerfile: Dockerfile, target: migrate}   # optional: migrate may use image app
migrate:   {task: architecturedeck-migrate, image: migrate, like: app, timeout: 15m}
services:
  app:    {image: app, verify: {url: "https://${host}/api/health", expect: {version: "${commit}"}}}
  worker: {image: app}
environments:
  production: {region: us-east-1, cluster: architecturedeck, repository: architecturedeck}
  staging:    {region: us-east-1, cluster: architecturedeck-staging}
"""


def settings(text: str, environment: str = "e") -> EnvironmentConfig:
    return resolve(config_of(text), environment, {"commit": COMMIT})


def one(
    image: str = "{}", service: str = "{image: i}", environment: str = "{region: eu-west-1, cluster: c}"
) -> EnvironmentConfig:
    """The settings of a file of one image, one service and one environment."""
    return settings(f"app: a\nimages: {{i: {image}}}\nservices: {{s: {service}}}\nenvironments: {{e: {environment}}}\n")


def test_everything_left_out_has_its_default_when_the_file_is_the_first_users() -> None:
    staging = settings(ARCHITECTUREDECK, "staging")
    assert (staging.app, staging.environment, staging.cluster) == (
        "architecturedeck",
        "staging",
        "architecturedeck-staging",
    )
    assert staging.repository == "architecturedeck"
    assert staging.github_environment == "staging"
    assert (staging.account, staging.role_arn, staging.url, staging.production) == (None, None, None, None)
    assert staging.migrate is not None
    assert (staging.migrate.timeout, staging.migrate.on_cancel, staging.migrate.container) == (900, "finish", None)
    assert (staging.services["worker"].service, staging.services["worker"].timeout) == ("worker", 900)
    assert staging.services["app"].verify == VerifyConfig(
        "https://${host}/api/health", ExpectConfig(200, None, COMMIT), timeout=120, interval=2, bake=0, alarms=()
    )


def test_a_check_of_the_users_own_is_read_without_an_address() -> None:
    verify = one(service="{image: i, verify: {command: [npm, test, '${commit}'], command_timeout: 1m}}")
    check = verify.services["s"].verify
    assert check is not None
    assert (check.command, check.command_timeout, check.url) == (("npm", "test", COMMIT), 60, None)


def test_the_tag_is_the_commit_when_an_image_has_a_repository_of_its_own() -> None:
    assert one().images["i"].tag == COMMIT


def test_the_tag_names_the_image_when_images_share_a_repository() -> None:
    images = settings(ARCHITECTUREDECK, "production").images
    assert (images["app"].tag, images["migrate"].tag) == (f"{COMMIT}-app", f"{COMMIT}-migrate")


def test_the_configuration_outside_environments_has_the_defaults_of_all() -> None:
    config = config_of(ARCHITECTUREDECK)
    assert config.images["app"].repository == "architecturedeck"
    assert config.services["app"].timeout == 900
    assert list(config.environments) == ["production", "staging"]


def test_every_key_of_an_image_is_read() -> None:
    image = one(
        "{dockerfile: d, context: x, target: t, platforms: [linux/arm64], build_args: {V: 'v-${short_commit}', E: ''},"
        " secrets: {a: {env: A}, b: {file: b.txt}}, cache: registry, repository: '${app}-x', tag: 'v${commit}',"
        " scan: {fail_on: high}}"
    ).images["i"]
    assert (image.dockerfile, image.context, image.target, image.platforms) == ("d", "x", "t", ("linux/arm64",))
    assert image.build_args == {"V": "v-0123456", "E": ""}
    assert image.secrets == {"a": SecretFromVariable("A"), "b": SecretFromFile("b.txt")}
    assert (image.cache, image.repository, image.tag, image.scan_fail_on) == ("registry", "a-x", f"v{COMMIT}", "high")


def test_every_key_of_a_service_is_read() -> None:
    service = one(
        service="{service: '${app}-${environment}-s', containers: {main: i, side: i}, template: t.json,"
        " timeout: 1h2m3s, verify: {bake: 5m, alarms: ['${app}-5xx']}}"
    ).services["s"]
    assert (service.service, service.image, service.containers) == ("a-e-s", None, {"main": "i", "side": "i"})
    assert (service.template, service.timeout, service.images) == ("t.json", 3723, frozenset({"i"}))
    assert service.verify is not None
    assert service.steady == 15
    assert (service.verify.url, service.verify.bake, service.verify.alarms) == (None, 300, ("a-5xx",))


@pytest.mark.parametrize(
    ("verify", "steady", "checked"),
    [
        pytest.param("", 15, False, id="by default, without any verify"),
        pytest.param(", verify: {steady: 0s}", 0, False, id="turned off"),
        pytest.param(", verify: {steady: 1m30s}", 90, False, id="another time, and nothing else"),
        pytest.param(", verify: {url: 'http://x/'}", 15, True, id="beside an address"),
        pytest.param(", verify: {url: 'http://x/', steady: 0s}", 0, True, id="turned off beside an address"),
        pytest.param(", verify: {bake: 0s}", 15, True, id="beside a bake that takes no time"),
    ],
)
def test_new_tasks_must_stay_up_unless_it_is_turned_off(verify: str, steady: int, checked: bool) -> None:
    service = one(service=f"{{image: i{verify}}}").services["s"]
    assert (service.steady, service.verify is not None) == (steady, checked)


def test_a_service_of_one_image_runs_that_image() -> None:
    assert one().services["s"].images == frozenset({"i"})


def test_every_key_of_an_environment_is_read() -> None:
    found = one(
        environment="{region: eu-west-1, cluster: '${app}-c', repository: r, account: '123456789012',"
        " role_arn: 'arn:aws:iam::${account}:role/${region}', github_environment: live, url: 'https://${environment}.org',"
        " production: true, timeout: 90, ledger: '${app}-releases'}"
    )
    assert (found.region, found.cluster, found.repository, found.account) == ("eu-west-1", "a-c", "r", "123456789012")
    assert found.role_arn == "arn:aws:iam::123456789012:role/eu-west-1"
    assert (found.github_environment, found.url, found.production) == ("live", "https://e.org", True)
    assert (found.timeout, found.services["s"].timeout, found.ledger) == (90, 90, "a-releases")


def test_every_key_of_infra_is_read_and_its_parameters_become_text() -> None:
    found = one(
        environment="{region: eu-west-1, cluster: c, account: '123456789012',"
        " infra: {size: scaled, templates: '${app}-cfn', parameters: {Days: 30, Trail: false, Email: '',"
        " Zones: [a, '${region}', 3],"
        " Arn: 'arn:aws:acm:us-east-1:${account}:certificate/1'}}}"
    ).infra
    assert (found.size, found.templates) == ("scaled", "a-cfn")
    assert found.parameters == {
        "Days": "30",
        "Trail": "false",
        "Email": "",
        "Zones": "a,eu-west-1,3",
        "Arn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
    }


@pytest.mark.parametrize(
    "written", ["012345670123", "10:30", "0x1F", "0b11", "1_000", "+7", "1234567", "12e4567", "0", "-3"]
)
def test_a_parameter_is_what_is_written_when_yaml_has_another_number_for_it(written: str) -> None:
    infra = f"{{parameters: {{One: {written}, Some: [{written}, a]}}}}"
    found = one(environment=f"{{region: eu-west-1, cluster: c, infra: {infra}}}").infra
    assert found.parameters == {"One": written, "Some": f"{written},a"}


@pytest.mark.parametrize("written", ["010", "1:30", "0x3C"])
def test_a_length_of_time_is_refused_when_it_is_no_plain_number(written: str) -> None:
    with pytest.raises(ConfigErrors, match=f'"timeout" cannot be "{written}"'):
        one(environment=f"{{region: eu-west-1, cluster: c, timeout: {written}}}")


def test_infra_is_minimal_and_ours_when_nothing_is_said() -> None:
    assert (one().infra.size, one().infra.templates, one().infra.parameters) == ("minimal", None, {})


def test_there_is_no_ledger_when_it_is_false() -> None:
    assert one(environment="{region: eu-west-1, cluster: c, ledger: false}").ledger is None


def test_the_ledger_is_the_table_of_the_bootstrap_stack_when_nothing_is_said() -> None:
    assert one().ledger == "deploytool"


def test_overrides_change_only_what_they_name() -> None:
    text = ARCHITECTUREDECK.replace(
        "cluster: architecturedeck-staging}",
        """cluster: architecturedeck-staging, timeout: 5m, overrides: {
          images: {app: {build_args: {DEBUG: "1"}, tag: 'staging-${commit}'}, extra: {tag: 'x-${commit}'}},
          migrate: {timeout: 1m, command: [sh, -c, migrate]},
          services: {app: {verify: {expect: {status: 204}}}, worker: null, cron: {image: extra, after: [app]}}}}""",
    )
    production, staging = settings(text, "production"), settings(text, "staging")
    assert staging.images["app"].build_args == {"DEBUG": "1"}
    assert (staging.images["app"].target, staging.images["extra"].tag) == ("app", f"x-{COMMIT}")
    assert staging.migrate is not None
    assert (staging.migrate.timeout, staging.migrate.command) == (60, ("sh", "-c", "migrate"))
    assert (list(staging.services), staging.services["cron"].after) == (["app", "cron"], ("app",))
    assert staging.services["app"].verify is not None
    assert staging.services["app"].verify.expect == ExpectConfig(204, None, COMMIT)
    assert (list(production.services), production.images["app"].build_args) == (["app", "worker"], {})


def test_overrides_take_away_what_they_set_to_null() -> None:
    text = ARCHITECTUREDECK.replace("deck-staging}", "deck-staging, overrides: {migrate: null}}")
    assert settings(text, "staging").migrate is None
    assert settings(text, "production").migrate is not None


def test_overrides_may_add_a_migration_when_there_is_none_elsewhere() -> None:
    found = one(environment="{region: eu-west-1, cluster: c, overrides: {migrate: {task: t, image: i, like: s}}}")
    assert found.migrate is not None
    assert found.migrate.task == "t"


def test_what_is_made_of_the_commit_stays_as_written_when_there_is_no_commit() -> None:
    found = resolve(config_of(ARCHITECTUREDECK), "production")
    assert found.images["app"].tag == "${commit}-app"
    assert found.cluster == "architecturedeck"


def test_the_nearest_name_is_suggested_when_there_is_no_such_environment() -> None:
    with pytest.raises(ConfigurationError, match='there is no environment "prod"') as raised:
        resolve(config_of(ARCHITECTUREDECK), "prod")
    assert (raised.value.fix, raised.value.exit_code) == ('did you mean "production"?', 2)


def test_the_host_is_filled_in_when_the_load_balancer_is_known() -> None:
    found = one(service="{image: i, verify: {url: 'http://${host}/$${x}', expect: {body: '$${host} $$ ${app}'}}}")
    verify = found.services["s"].verify
    assert verify is not None
    assert verify_at(verify, "lb.example") == VerifyConfig(
        "http://lb.example/${x}", ExpectConfig(200, "${host} $$ a", None), timeout=120, interval=2, bake=0, alarms=()
    )


def test_a_dollar_is_a_dollar_when_no_brace_follows() -> None:
    assert one("{build_args: {V: 'a$b$$c $${d}'}}").images["i"].build_args == {"V": "a$b$$c ${d}"}


@given(st.lists(st.sampled_from(["${app}", "${host}", "$${app}", "$", "{", "}", "x"])).map("".join))
def test_filling_in_two_goes_gives_what_one_gives(text: str) -> None:
    app, host = {"app": "A"}, {"host": "H"}
    assert fill(fill_some(text, app), host) == fill(text, app | host)


@given(st.text())
def test_text_is_unchanged_when_it_names_no_variable(text: str) -> None:
    known = dict.fromkeys(LIVE, "value")
    assert fill(text, known) == text or "${" in text
