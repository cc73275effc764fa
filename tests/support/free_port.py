"""A port for a server that a test starts."""

from __future__ import annotations

import os
import socket
from itertools import count

# Below the ports that Linux gives to outgoing connections (from 32768): none of these takes one before the server does.
_FIRST, _COUNT = 21000, 11000
_STEP = 97  # away from the ports of the process whose id is one higher
_turn = count()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now; another one each time, also in tests that run beside these.

    A port that the kernel chooses is free only until the next connection: the server that is started on it later may
    find it taken.
    """
    for _ in range(_COUNT):
        port = _FIRST + (os.getpid() * _STEP + next(_turn)) % _COUNT
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
