from __future__ import annotations

from typing import Any

import pytest

from deploytool.scaffold.model import (
    NameInvalid,
    app_name,
    check_app,
    check_environments,
    cluster_name,
    main_environment,
    repository_of,
)
from tests.unit.scaffold.projects import scan


@pytest.mark.parametrize(
    ("package", "repository", "directory", "name"),
    [
        ({"name": "@acme/Shop_App"}, "acme/other", "dir", "shop-app"),
        ({"name": ""}, "acme/web.shop", "dir", "web-shop"),
        (None, "", "My Shop!", "my-shop"),
        (None, "", "2024-shop", "shop"),
        ({"name": "é"}, "", "42", "app"),
        ({"name": "a-name-that-is-much-longer-than-aws-takes"}, "", "", "a-name-that-is-much"),
        ({"name": "a-name-that-is--much-longer"}, "", "", "a-name-that-is-much"),
        ({"name": "x"}, "", "shop", "shop"),
        # https://github.com/transitive-bullshit/nextjs-notion-starter-kit
        ({"name": "nextjs-notion-starter-kit"}, "", "", "nextjs-notion"),
        ({"name": "nextjs-notion-starter-kit"}, "acme/notion-site", "", "notion-site"),
        ({"name": "averyveryverylongnameofanapp"}, "", "", "averyveryverylongnam"),
        ({"name": "web"}, "acme/shop", "", "shop"),
        ({"name": "frontend"}, "", "orders", "orders"),
    ],
)
def test_the_app_is_called_as_package_repository_or_directory(
    package: Any, repository: str, directory: str, name: str
) -> None:
    found = app_name(scan(repository=repository, directory=directory), package)
    assert found == name
    assert check_app(found) == name


@pytest.mark.parametrize("name", ["Shop", "1shop", "shop_app", "sh", "shop-", "shop--app", "a" * 21, ""])
def test_a_name_that_aws_would_refuse_is_refused_here(name: str) -> None:
    with pytest.raises(NameInvalid, match="invalid app name"):
        check_app(name)


@pytest.mark.parametrize("name", ["", "Production", "a b", "-x", "x", "x-", "x--y", "x" * 17, "x_y"])
def test_an_environment_that_a_stack_cannot_be_called_by_is_refused(name: str) -> None:
    with pytest.raises(NameInvalid, match="invalid environment name"):
        check_environments((name,))


def test_environments_are_named_once_and_are_production_when_none_is_given() -> None:
    assert check_environments(()) == ("production",)
    assert check_environments(("staging", "live", "staging")) == ("staging", "live")


def test_a_push_goes_to_production_or_to_the_first_one() -> None:
    assert main_environment(("staging", "production")) == "production"
    assert main_environment(("live", "test")) == "live"


def test_the_cluster_of_production_is_called_as_the_app() -> None:
    assert (cluster_name("shop", "production"), cluster_name("shop", "staging")) == ("shop", "shop-staging")


@pytest.mark.parametrize(
    ("remote", "repository"),
    [
        ("https://github.com/acme/shop.git", "acme/shop"),
        ("https://github.com/acme/shop", "acme/shop"),
        ("https://github.com/acme/shop/", "acme/shop"),
        ("git@github.com:acme/shop.git", "acme/shop"),
        ("ssh://git@github.com/acme/shop.git", "acme/shop"),
        ("ssh://git@ghe.acme.example:2222/acme/web.shop.git", "acme/web.shop"),
        ("http://127.0.0.1:8080/acme/shop", "acme/shop"),
        ("/srv/git/shop.git", ""),
        ("https://github.com/shop", ""),
        ("", ""),
    ],
)
def test_the_repository_is_read_from_any_form_of_a_remote(remote: str, repository: str) -> None:
    assert repository_of(remote) == repository


@pytest.mark.parametrize(
    ("member", "package", "name"),
    [("apps/web", "@acme/web", "shop-web"), ("apps/shop", "x", "shop"), ("apps/administration-of-all", "adm", "shop")],
)
def test_an_app_of_a_monorepo_is_called_as_the_repository(member: str, package: str, name: str) -> None:
    assert app_name(scan(member=member, directory="web"), {"name": package}) == name
