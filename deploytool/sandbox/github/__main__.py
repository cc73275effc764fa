"""`python -m deploytool.sandbox.github`: run the GitHub server until SIGTERM."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from deploytool.sandbox.github.repository import GitCheckout, Repository
from deploytool.sandbox.github.server import Server
from deploytool.sandbox.github.store import Store


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploytool.sandbox.github", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1; 0 takes a free one and prints it")
    parser.add_argument("--repository", required=True, metavar="OWNER/NAME")
    parser.add_argument("--workdir", type=Path, required=True, help="the repository's git checkout")
    parser.add_argument("--state", type=Path, required=True, help="JSON file that keeps the state over a restart")
    parser.add_argument("--default-branch", default="main")
    options = parser.parse_args()
    if options.repository.count("/") != 1:
        parser.error("--repository is OWNER/NAME")
    if not options.workdir.is_dir():
        parser.error(f"--workdir {options.workdir} is not a directory")
    options.state.parent.mkdir(parents=True, exist_ok=True)
    store = Store(options.state)
    repository = Repository(options.repository, GitCheckout(options.workdir), store, options.default_branch)
    try:
        server = Server(options.port, repository)
    except OSError as error:
        cause = f"cannot listen on 127.0.0.1:{options.port}: {error.strerror}"
        parser.exit(1, f"{cause}; stop the program that does, or choose another port\n")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    # serve_forever in its own thread: shutdown() waits for it and may not be called from it.
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    stopping.wait()
    server.shutdown()
    thread.join()
    with store.lock:
        store.save()
    server.server_close()


if __name__ == "__main__":
    main()
