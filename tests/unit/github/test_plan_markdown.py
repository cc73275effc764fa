"""The comment that says what a pull request would change."""

from __future__ import annotations

from dataclasses import replace

from deploytool.github.comment_body import FILES, PLAN_LIMIT, length, plan_markdown
from deploytool.release.model import DeployServices
from tests.support.sample_events import change, plan


def test_it_says_what_would_be_built_migrated_and_changed_and_what_one_goes_back_to() -> None:
    text = plan_markdown(replace(plan(), migration_files=("migrations/003_cart.sql",)))
    assert text.startswith("### 🔎 Plan for production\n")
    assert "Migration: **runs** task `shop-migrate`.\n- adds `migrations/003_cart.sql`\n" in text
    assert "| `app` | 2 tasks | `shop-app:41` |" in text


def test_the_commit_that_is_gone_back_to_is_named_where_it_is_known() -> None:
    known = replace(change("app", 41), commit_before="1" * 40)
    assert "`shop-app:41` (commit `1111111`)" in plan_markdown(replace(plan(), steps=(DeployServices((known,), 60.0),)))


def test_many_migrations_are_counted() -> None:
    files = tuple(f"migrations/{number:03}.sql" for number in range(FILES + 5))
    text = plan_markdown(replace(plan(), migration_files=files))
    assert text.count("- adds ") == FILES
    assert "- and 5 more" in text


def test_services_that_run_it_already_are_named_and_none_moves() -> None:
    text = plan_markdown(replace(plan(nothing=True), already_running=(change("app", 41), change("worker", 17))))
    assert "No service moves: `app`, `worker` run it already" in text
    assert "Nothing to do" not in text


def test_nothing_to_do_is_said() -> None:
    assert "Nothing to do" in plan_markdown(plan(nothing=True))


def test_a_plan_with_a_huge_diff_still_fits() -> None:
    huge = replace(change("app", 41), diff=tuple("x" * 1000 for _ in range(200)))
    text = plan_markdown(replace(plan(), steps=(DeployServices((huge,), 60.0),)))
    assert len(text) <= PLAN_LIMIT
    assert "| `app` |" in text


def test_a_branch_cannot_format_the_comment() -> None:
    hostile = plan(subject="</details> @octocat **b** <!-- x -->", warnings=("[a](http://evil)",))
    files = ("migrations/`**x**`<img src=x>.sql",)
    text = plan_markdown(replace(hostile, migration_files=files))
    assert "</details> @" not in text
    assert "@octocat" not in text
    assert "[a](" not in text
    assert "\n- adds ``migrations/`**x**`<img src=x>.sql``\n" in text


def test_a_plan_fits_when_its_names_are_beyond_the_basic_plane() -> None:
    many = tuple(replace(change(f"{'🛒' * 100}{number}", 41), diff=()) for number in range(400))
    text = plan_markdown(replace(plan(), steps=(DeployServices(many, 60.0),)))
    assert length(text) <= PLAN_LIMIT
