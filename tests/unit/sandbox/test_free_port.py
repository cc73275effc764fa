"""Ports for the servers that tests start."""

from __future__ import annotations

import socket

from tests.support.free_port import free_port

OUTGOING_FROM = 32768


def test_a_port_is_nobodys_until_its_server_starts_when_the_kernel_gives_ports_to_connections() -> None:
    given = [free_port() for _ in range(200)]
    assert len(set(given)) == len(given)
    assert max(given) < OUTGOING_FROM


def test_the_next_port_is_given_when_one_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port() + 1))
        other.listen()
        assert free_port() != other.getsockname()[1]
