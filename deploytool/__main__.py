"""``python -m deploytool``."""

from deploytool.cli.main import main

main()
