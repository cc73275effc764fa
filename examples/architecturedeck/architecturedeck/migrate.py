"""The migrations: every numbered SQL file once, in order, each in a transaction, by one process at a time."""

import re
import sys
from pathlib import Path

import psycopg2

from architecturedeck.stores import database

DIRECTORY = Path("/srv/migrations")
LOCK = 0x41524348  # any number, as long as every version of this program uses the same one
NAME = re.compile(r"(\d+)_\w+\.sql")


class Unusable(Exception):
    """The directory of migrations cannot be applied as it is."""


def numbered(directory):
    """[(number, file)] in order. Raises Unusable for a name without a number, and for a number used twice."""
    found = {}
    for file in sorted(directory.glob("*.sql")):
        match = NAME.fullmatch(file.name)
        if not match:
            raise Unusable(f"{file.name} is not named like 001_what_it_does.sql")
        number = int(match[1])
        if number in found:
            raise Unusable(f"{found[number].name} and {file.name} have the same number")
        found[number] = file
    return sorted(found.items())


def migrate(connection, files):
    """Apply what is not there yet. The names of the files applied."""
    done = []
    with connection.cursor() as cursor:
        # Held until the connection closes, also when this process is killed.
        cursor.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations"
            " (number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        connection.commit()
        cursor.execute("SELECT number FROM schema_migrations")
        applied = {number for (number,) in cursor.fetchall()}
        connection.commit()
        for number, file in files:
            if number in applied:
                continue
            print(f"migrate: applying {file.name}")
            with connection:
                cursor.execute(file.read_text())
                cursor.execute("INSERT INTO schema_migrations (number, name) VALUES (%s, %s)", (number, file.name))
            done.append(file.name)
    return done


def main(directory=DIRECTORY):
    try:
        files = numbered(directory)
        connection = database()
        try:
            done = migrate(connection, files)
        finally:
            connection.close()
    except (Unusable, psycopg2.Error) as error:
        print(f"migrate: failed: {str(error).strip()}")
        return 1
    print(f"migrate: applied {len(done)} of {len(files)}" if done else "migrate: nothing to apply")
    return 0


if __name__ == "__main__":
    sys.exit(main())
