"""The command line: parse, wire, exit code. Each verb is a file of its own, loaded only when it is used."""

from deploytool.cli.main import main

__all__ = ["main"]
