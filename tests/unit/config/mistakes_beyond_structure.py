"""Mistakes in deploytool.yml that only show when parts are seen together, and what a person is told."""

from __future__ import annotations

from tests.unit.config.mistakes import Mistake

BEYOND_STRUCTURE = [
    Mistake(
        "tag_that_is_reused",
        "{target: app}",
        "{tag: latest}",
        '3:14: "tag" must be made of ${commit}, ${short_commit}, ${git_tag} or ${env.NAME}: a tag is never reused; '
        "or add `build: false`, if it is built elsewhere",
    ),
    Mistake(
        "service_of_an_unknown_image",
        "{image: job,",
        "{image: jobs,",
        '8:19: there is no image "jobs"; did you mean "job"?',
    ),
    Mistake(
        "container_of_an_unknown_image",
        "{image: job,",
        "{containers: {main: jobs},",
        '8:31: there is no image "jobs"; did you mean "job"?',
    ),
    Mistake(
        "migrate_with_an_unknown_image",
        "image: app, like",
        "image: ap, like",
        '5:38: there is no image "ap"; did you mean "app"?',
    ),
    Mistake(
        "migrate_like_an_unknown_service",
        "like: web",
        "like: wep",
        '5:49: there is no service "wep"; did you mean "web"?',
    ),
    Mistake(
        "after_an_unknown_service",
        "after: [web]",
        "after: [web, qqq]",
        '8:37: there is no service "qqq"; use one of: web, worker',
    ),
    Mistake(
        "after_itself",
        "after: [web]",
        "after: [worker]",
        "8:31: services wait for each other: worker after worker; remove one `after`",
    ),
    Mistake(
        "after_in_a_circle",
        "web: {image: app,",
        "web: {image: app, after: [worker],",
        "7:28: services wait for each other: web after worker after web; remove one `after`",
    ),
    Mistake(
        "two_images_under_one_tag",
        "  app: {target: app}\n  job: {target: job}",
        "  app: {tag: '${commit}'}\n  job: {tag: '${commit}'}",
        "4:3: images app and job have the same repository and tag ${commit}; change the tag or repository of one",
    ),
    Mistake(
        "variable_misspelt",
        "{target: app}",
        "{build_args: {V: '${comit}'}}",
        '3:25: unknown variable "comit"; did you mean "commit"? (`$${` is a literal `${`)',
    ),
    Mistake(
        "variable_of_the_surroundings",
        "{target: app}",
        "{build_args: {V: '${HOME}'}}",
        '3:25: unknown variable "HOME"; use one of: account, app, commit, environment, git_tag, region, short_commit '
        "(`$${` is a literal `${`)",
    ),
    Mistake(
        "variable_not_known_yet",
        "{target: app}",
        "{context: '${commit}'}",
        "3:18: ${commit} is not available here; use one of: account, app, environment, region",
    ),
    Mistake(
        "variable_not_closed",
        "{target: app}",
        "{build_args: {V: '${commit'}}",
        "3:25: `${` is not closed; write `${name}`, or `$${` for a literal `${`",
    ),
    Mistake(
        "account_variable_without_account",
        "cluster: shop}",
        "cluster: shop, role_arn: 'arn:aws:iam::${account}:role/r'}",
        '10:60: in environment production, ${account} is not known; add "account" to every environment that uses this',
    ),
    Mistake(
        "override_takes_away_what_is_not_there",
        "cluster: shop}",
        "cluster: shop, overrides: {services: {worke: null}}}",
        '10:73: in environment production, there is no services.worke to remove; did you mean "worker"?',
    ),
    Mistake(
        "override_takes_away_what_is_required",
        "cluster: shop}",
        "cluster: shop, overrides: {services: {web: {image: null}}}}",
        '10:86: in environment production, services.web lacks "image"; give one of: image, containers',
    ),
    Mistake(
        "override_takes_away_what_another_waits_for",
        "cluster: shop}",
        "cluster: shop, overrides: {migrate: null, services: {web: null}}}",
        '8:32: in environment production, there is no service "web"; use "worker"',
    ),
    Mistake(
        "override_with_an_unknown_image",
        "cluster: shop}",
        "cluster: shop, overrides: {services: {web: {image: ap}}}}",
        '10:86: in environment production, there is no image "ap"; did you mean "app"?',
    ),
    Mistake(
        "duration_of_more_than_a_day_in_words",
        "like: web}",
        "like: web, timeout: 25h}",
        '5:63: "timeout" must be from 1s to 24h; a bare number means seconds',
    ),
    Mistake(
        "key_given_twice",
        "app: shop\n",
        "app: shop\napp: other\n",
        '2:1: duplicate key "app", first in line 1; keep one',
    ),
    Mistake(
        "key_that_is_a_number",
        "  job: {target",
        "  5: {}\n  job: {target",
        '4:3: key "5" is not text; put it in quotes',
    ),
    Mistake(
        "key_that_is_a_list", "  job: {target", "  [a]: {}\n  job: {target", "4:3: a key is not text; put it in quotes"
    ),
    Mistake(
        "merge_of_something_else",
        "{target: app}",
        "{<<: app}",
        "3:13: only mappings can be merged with `<<`; use an alias of a mapping",
    ),
    Mistake("tag_unknown", "app: shop", "app: !env shop", "1:6: unknown tag !env; remove it"),
    Mistake(
        "number_that_is_none",
        "like: web}",
        "like: web, timeout: !!int x}",
        "5:63: this is not a int; put it in quotes if it is text",
    ),
]
