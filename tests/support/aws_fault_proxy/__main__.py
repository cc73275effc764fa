"""`python -m tests.support.aws_fault_proxy --listen 4620 --upstream http://127.0.0.1:4566 [--script FILE.json]`.

A script, for example: service deployments as AWS has them, every third DescribeServices throttled, and the answer to
the first UpdateService lost after it was carried out.

    {"seed": 1,
     "behaviours": {"service_deployments": true, "drop_failed": true},
     "rules": [{"action": "DescribeServices", "every": 3, "effect": {"kind": "throttle"}},
               {"action": "UpdateService", "times": 1, "effect": {"kind": "reset_after"}}]}

All effects and what chooses calls: rules.py; all behaviours: script.py. Control: GET /_front/health, GET and PUT
/_front/script, GET /_front/calls, POST /_front/reset.
"""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from tests.support.aws_fault_proxy.front import FrontState, serve
from tests.support.aws_fault_proxy.script import Script, script_from_json
from tests.support.aws_fault_proxy.upstream import Upstream


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.aws_fault_proxy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--listen", type=int, required=True, metavar="PORT", help="port on 127.0.0.1")
    parser.add_argument("--upstream", required=True, metavar="URL", help="MiniStack, e.g. http://127.0.0.1:4566")
    parser.add_argument("--script", type=Path, metavar="FILE", help="rules and behaviours, as JSON")
    arguments = parser.parse_args()
    script = script_from_json(json.loads(arguments.script.read_text())) if arguments.script else Script()
    server = serve(arguments.listen, FrontState(Upstream(arguments.upstream), script))
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    stopped.wait()
    server.shutdown()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
