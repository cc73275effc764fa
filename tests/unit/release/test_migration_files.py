"""Which added files a plan calls migrations."""

from __future__ import annotations

import pytest

from deploytool.release.planner import migrations_in


@pytest.mark.parametrize(
    "path",
    [
        "migrations/003_result_authors.sql",
        "shop/orders/migrations/0007_paid.py",
        "db/migrate/20261123_add_cart.rb",
        "prisma/migrations/20261123_cart/migration.sql",
        "alembic/versions/ab12_cart.py",
    ],
)
def test_common_places_are_known(path: str) -> None:
    assert migrations_in(["app.py", path], None) == (path,)


@pytest.mark.parametrize("path", ["migrations/__init__.py", "app/migrations.py", "versions/1.py", "src/migrate"])
def test_other_files_are_no_migrations(path: str) -> None:
    assert migrations_in([path], None) == ()


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("sql", ("sql/1.sql", "sql/old/2.txt")),
        ("sql/", ("sql/1.sql", "sql/old/2.txt")),
        ("*.sql", ("sql/1.sql", "sqlite/3.sql")),
        ("sql/?.sql", ("sql/1.sql",)),
        ("nowhere", ()),
    ],
)
def test_where_the_configuration_says_so_only_that_counts(where: str, wanted: tuple[str, ...]) -> None:
    added = ["sql/1.sql", "sql/old/2.txt", "sqlite/3.sql", "migrations/4.py"]
    assert migrations_in(added, where) == wanted
