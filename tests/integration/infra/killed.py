"""A run of the driver as a process of its own, so that a test can kill it at any instant.

python -m tests.integration.infra.killed APP DOCUMENTS.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import cast

from deploytool.aws.session import Session
from tests.integration.infra.conftest import Site
from tests.support.aws_fault_proxy.client import Front


def main() -> None:
    app, documents = sys.argv[1:]
    # The front is only asked by the test.
    site = Site(Session("us-east-1"), cast(Front, None), app)
    site.documents = json.loads(Path(documents).read_text())
    site.apply()


if __name__ == "__main__":
    main()
