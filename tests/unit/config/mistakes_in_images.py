"""Mistakes of structure in app and images of deploytool.yml; the JSON Schema refuses each of them too."""

from __future__ import annotations

from tests.unit.config.mistakes import Mistake

IN_IMAGES = [
    Mistake(
        "top_level_key_misspelt",
        "images:",
        "imagess: {}\nimages:",
        '2:1: unknown key "imagess"; did you mean "images"?',
    ),
    Mistake(
        "key_of_an_image_misspelt", "target: app", "targt: app", '3:9: unknown key "targt"; did you mean "target"?'
    ),
    Mistake(
        "key_that_resembles_nothing",
        "cluster: shop}",
        "cluster: shop, qqq: 1}",
        '10:50: unknown key "qqq"; use one of: region, cluster, repository, account, role_arn, github_environment, '
        "url, production, timeout, ledger, rollback_checkbox, rollback_workflow, infra, overrides",
    ),
    Mistake("app_missing", "app: shop\n", "", '1:1: the file lacks "app"; add it: Name of the application.'),
    Mistake("app_not_text", "app: shop", "app: 5", '1:6: "app" must be text, not a number; put it in quotes'),
    Mistake("app_is_yaml_no", "app: shop", "app: no", '1:6: "app" must be text, not true or false; put it in quotes'),
    Mistake("app_empty", "app: shop", 'app: ""', '1:6: "app" is empty; give it a value or remove the line'),
    Mistake(
        "app_with_a_slash",
        "app: shop",
        "app: my/shop",
        '1:6: "app" must be letters, digits, dot, dash and underscore',
    ),
    Mistake(
        "app_without_value",
        "app: shop",
        "app:",
        '1:5: "app" must be text, not nothing; give it a value or remove the line',
    ),
    Mistake(
        "images_as_a_list",
        "  app: {target: app}\n  job: {target: job}",
        "  - app\n  - job",
        '3:3: "images" must be a mapping, not a list',
    ),
    Mistake(
        "no_services",
        '  web: {image: app, verify: {url: "https://${host}/health"}}\n  worker: {image: job, after: [web]}',
        "  {}",
        '7:3: "services" is empty; it needs at least one entry',
    ),
    Mistake(
        "image_name_with_a_space",
        "  job: {target",
        "  my job: {target",
        '4:3: "my job" is no valid name in images; it must match ^[A-Za-z0-9][A-Za-z0-9._-]*$',
    ),
    Mistake("image_as_text", "{target: app}", "Dockerfile", '3:8: "app" must be a mapping, not text'),
    Mistake(
        "platform_unknown",
        "{target: app}",
        "{platforms: [linux/amd64, windows]}",
        '3:34: an item of "platforms" must be linux/amd64 or linux/arm64',
    ),
    Mistake(
        "platforms_as_text",
        "{target: app}",
        "{platforms: linux/amd64}",
        '3:20: "platforms" must be a list, not text',
    ),
    Mistake(
        "build_argument_not_quoted",
        "{target: app}",
        "{build_args: {PORT: 3000}}",
        '3:28: "PORT" must be text, not a number; put it in quotes',
    ),
    Mistake(
        "build_argument_name_with_dash",
        "{target: app}",
        "{build_args: {MY-PORT: '1'}}",
        '3:22: "MY-PORT" is no valid name in images.app.build_args; it must match ^[A-Za-z_][A-Za-z0-9_]*$',
    ),
    Mistake(
        "secret_given_as_its_value",
        "{target: app}",
        "{secrets: {npm: hunter2}}",
        '3:24: "npm" must be a mapping, not text',
    ),
    Mistake(
        "secret_from_two_places",
        "{target: app}",
        "{secrets: {npm: {env: NPM, file: npm}}}",
        "3:35: env and file are mutually exclusive; keep one; in an override, set the other to null",
    ),
    Mistake(
        "secret_from_nowhere",
        "{target: app}",
        "{secrets: {npm: {}}}",
        '3:19: images.app.secrets.npm lacks "env"; give one of: env, file',
    ),
    Mistake(
        "cache_misspelt",
        "{target: app}",
        "{cache: gitub}",
        '3:16: "cache" cannot be "gitub"; did you mean "github"?',
    ),
    Mistake(
        "cache_as_a_flag",
        "{target: app}",
        "{cache: true}",
        '3:16: "cache" must be one of none, registry, github, not true or false',
    ),
    Mistake(
        "repository_not_text",
        "{target: app}",
        "{repository: 7}",
        '3:21: "repository" must be text, not a number; put it in quotes',
    ),
    Mistake(
        "scan_without_severity",
        "{target: app}",
        "{scan: {}}",
        '3:9: images.app.scan lacks "fail_on"; add it: Refuse an image with ECR findings of this severity or worse.',
    ),
]
