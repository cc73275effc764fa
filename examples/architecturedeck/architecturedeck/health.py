"""The container's health check: 0 when /api/health answers 200."""

import sys
import urllib.error
import urllib.request

from architecturedeck.web import PORT


def main():
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/health", timeout=3):
            return 0
    except (urllib.error.URLError, TimeoutError) as error:
        print(f"health: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
