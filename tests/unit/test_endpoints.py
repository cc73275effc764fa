"""Which addresses are loopback or AWS's, in every spelling that has fooled a comparison of texts."""

from __future__ import annotations

import json
from pathlib import Path

import botocore
import pytest

from deploytool.endpoints import (
    PARTITION_SUFFIXES,
    PUBLIC_SUFFIXES,
    SIGN_IN,
    can_sign_in,
    is_aws,
    is_loopback,
    is_loopback_authority,
    origin,
    role_or_token,
)

ON_THIS_MACHINE = [
    "http://127.0.0.1:4566",
    "http://127.0.0.1",
    "http://localhost:4566",
    "http://LOCALHOST:4566",
    "HTTP://localhost:4566/",
    "https://localhost",
    "http://[::1]:80",
    "http://[::1]",
    "http://127.0.0.1:4566/_alb/architecturedeck",
]
ELSEWHERE = [
    "",
    "127.0.0.1",
    "//127.0.0.1",
    "localhost:4566",
    "http://",
    "http:///127.0.0.1",
    "http:127.0.0.1",
    "ftp://127.0.0.1",
    "file://localhost/etc/passwd",
    "https://evil",
    "http://127.0.0.1.evil.com",
    "http://127.0.0.1@evil.com",
    "http://127.0.0.1:80@evil.com",
    "http://evil.com@127.0.0.1",
    "http://:@127.0.0.1",
    "http://user:secret@localhost:4566",
    "http://localhost.evil",
    "http://localhost.evil.com:4566",
    "http://evil.localhost",
    "http://notlocalhost",
    "http://0x7f000001",
    "http://0x7f.0.0.1",
    "http://2130706433",
    "http://0177.0.0.1",
    "http://127.1",
    "http://127.0.1",
    "http://127.0.0.2",
    "http://127.0.0.01",
    "http://0.0.0.0",
    "http://0",
    "http://10.0.0.1",
    "http://[::]",
    "http://[::ffff:127.0.0.1]",
    "http://[0:0:0:0:0:0:0:1]",
    "http://[::1%25lo]",
    "http://[::1].evil.com",
    "http://[::1]evil.com",
    "http://[evil.com]",
    "http://::1",
    "http://localhost.",
    "http://127.0.0.1.",
    "http://localhost:",
    "http://localhost:0",
    "http://localhost:080",
    "http://localhost:99999",
    "http://localhost:-1",
    "http://localhost:x",
    "http://localhost:4566:80",
    "http://localhost,evil.com",
    "http://localhost;evil.com",
    "http://localhost\\.evil.com",
    "http://evil.com\\@localhost",
    "http://localhost\\@evil.com",
    "http:\\\\localhost",
    "http://localhost#@evil.com",
    "http://localhost#",
    "http://localhost?@evil.com",
    "http://localhost%2eevil.com",
    "http://localhost%00.evil.com",
    "http://localhost\x00.evil.com",
    "http://localhost\n.evil.com",
    "http://local\thost",
    " http://localhost",
    "http://localhost ",
    "http://ⓛocalhost",
    "http://１２７.0.0.1",
    "http://127。0。0。1",
    "http://localhoſt",
]
AWS = [
    "https://sts.amazonaws.com",
    "https://sts.amazonaws.com/",
    "https://sts.us-east-1.amazonaws.com:443",
    "https://STS.EU-WEST-1.AmazonAWS.com",
    "https://sts-fips.us-gov-west-1.amazonaws.com",
    "https://sts.cn-north-1.amazonaws.com.cn",
    "https://sts.us-east-1.api.aws",
    "https://vpce-0a1b-x.sts.eu-west-1.vpce.amazonaws.com",
]
NOT_AWS = [
    "",
    "http://sts.amazonaws.com",
    "sts.amazonaws.com",
    "//sts.amazonaws.com",
    "https://amazonaws.com",
    "https://.amazonaws.com",
    "https://api.aws",
    "https://sts.amazonaws.com.evil.com",
    "https://sts.amazonaws.com@evil.com",
    "https://evil.com/sts.amazonaws.com",
    "https://evil.com#.amazonaws.com",
    "https://evil.com?.amazonaws.com",
    "https://evil.com\\.amazonaws.com",
    "https://evil.com%2f.amazonaws.com",
    "https://evilamazonaws.com",
    "https://sts.evilamazonaws.com",
    "https://sts-amazonaws.com",
    "https://sts.amazonaws.com.",
    "https://sts..amazonaws.com",
    "https://-.amazonaws.com",
    "https://sts_x.amazonaws.com",
    "https://user:secret@sts.amazonaws.com",
    "https://sts.amazonaws.com:8443",
    "https://sts.amazonaws.com/x",
    "https://sts.amazonaws.co",
    "https://sts.amazonaws.com.cn.evil.cn",
    "https://evil.aws",
    "https://sts.ａmazonaws.com",
    "https://127.0.0.1",
    "https://[::1]",
    "https://sts.us-iso-east-1.c2s.ic.gov",
]


@pytest.mark.parametrize("url", ON_THIS_MACHINE)
def test_a_url_is_loopback_when_its_host_is_exactly_that(url: str) -> None:
    assert is_loopback(url)
    assert not is_aws(url)


@pytest.mark.parametrize("url", [*ELSEWHERE, *AWS, *NOT_AWS[:-3]])
def test_a_url_is_not_loopback_when_its_host_only_looks_like_it(url: str) -> None:
    assert not is_loopback(url)


@pytest.mark.parametrize("url", AWS)
def test_a_url_is_of_aws_when_its_host_is_below_a_suffix(url: str) -> None:
    assert is_aws(url)


@pytest.mark.parametrize("url", [*NOT_AWS, *ELSEWHERE])
def test_a_url_is_not_of_aws_when_its_host_only_looks_like_it(url: str) -> None:
    assert not is_aws(url)


@pytest.mark.parametrize(
    ("authority", "local"),
    [
        ("localhost:4566", True),
        ("127.0.0.1:4566", True),
        ("[::1]:4566", True),
        ("localhost", True),
        ("localhost:4566/image", False),
        ("localhost:4566.evil.com", False),
        ("localhost:4566@evil.com", False),
        ("evil.com/localhost:4566", False),
        ("http://localhost:4566", False),
        ("evil.com", False),
        ("", False),
    ],
)
def test_a_registry_is_loopback_when_it_is_host_and_port_alone(authority: str, local: bool) -> None:
    assert is_loopback_authority(authority) is local


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://LOCALHOST:4566/path", "http://localhost:4566"),
        ("https://sts.amazonaws.com/", "https://sts.amazonaws.com"),
        ("http://[::1]:80/", "http://[::1]:80"),
        ("https://a@b", ""),
    ],
)
def test_an_origin_is_scheme_host_and_port_when_the_url_is_plain(url: str, expected: str) -> None:
    assert origin(url) == expected


def test_every_partition_is_known_when_the_sdk_knows_it() -> None:
    read = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())
    known = {f".{each['outputs'][key]}" for each in read["partitions"] for key in ("dnsSuffix", "dualStackDnsSuffix")}
    assert known == set(PARTITION_SUFFIXES)
    assert set(PUBLIC_SUFFIXES) < known


@pytest.mark.parametrize("name", SIGN_IN)
def test_a_process_can_sign_in_when_one_variable_is_set(name: str) -> None:
    assert can_sign_in({name: "x"})
    assert not can_sign_in({name: ""})
    assert role_or_token({name: "x"}) == ("" if name == "AWS_WEB_IDENTITY_TOKEN_FILE" else name)


def test_a_process_cannot_sign_in_when_none_is_set() -> None:
    assert not can_sign_in({"AWS_ACCESS_KEY_ID": "x"})
    assert role_or_token({}) == ""
