"""Plant each fault alone into the CloudFormation templates, and print which check finds it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.support.cloudformation.faults import ALL
from tests.support.cloudformation.verdicts import judge


def main() -> int:
    """Print the table and the figures; 1 where a fault is not found."""
    argparse.ArgumentParser(prog="scripts/dev plant-faults", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as directory:
        verdicts = judge(ALL, Path(directory)).verdicts
    for each in sorted(verdicts, key=lambda each: (each.fault.stack, each.fault.name)):
        found = each.fault.caught_by if each.caught else "NOT FOUND"
        print(f"{each.fault.stack:10} {each.fault.name:45} {found}")
    for title, listed in (("of the list", True), ("of our own", False)):
        some = [each for each in verdicts if each.fault.of_the_list is listed]
        print(f"{title}: {sum(each.caught for each in some)} of {len(some)} found")
    return 0 if all(each.caught for each in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
