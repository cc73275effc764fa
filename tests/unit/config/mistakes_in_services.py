"""Mistakes of structure in migrate, services and environments; the JSON Schema refuses each of them too."""

from __future__ import annotations

from tests.unit.config.mistakes import Mistake

IN_SERVICES = [
    Mistake(
        "migrate_without_task",
        "task: shop-migrate, ",
        "",
        '5:1: migrate lacks "task"; add it: Task definition family of the migration.',
    ),
    Mistake(
        "migrate_command_as_text",
        "like: web}",
        "like: web, command: npm run migrate}",
        '5:63: "command" must be a list, not text',
    ),
    Mistake(
        "migrate_command_empty",
        "like: web}",
        "like: web, command: []}",
        '5:63: "command" is empty; give it an item or remove the line',
    ),
    Mistake(
        "duration_in_days",
        "like: web}",
        "like: web, timeout: 1d}",
        '5:63: "timeout" cannot be "1d"; write it like 90s, 15m, 1h30m, or in seconds',
    ),
    Mistake(
        "duration_in_milliseconds",
        "like: web}",
        "like: web, timeout: 900000}",
        '5:63: "timeout" must be from 1s to 24h; a bare number means seconds',
    ),
    Mistake(
        "duration_negative",
        "like: web}",
        "like: web, timeout: -5}",
        '5:63: "timeout" must be from 1s to 24h; a bare number means seconds',
    ),
    Mistake(
        "duration_as_a_list",
        "like: web}",
        "like: web, timeout: [15m]}",
        '5:63: "timeout" must be a duration, not a list',
    ),
    Mistake(
        "service_without_image",
        "{image: job, ",
        "{",
        '8:3: services.worker lacks "image"; give one of: image, containers',
    ),
    Mistake(
        "service_with_image_and_containers",
        "{image: job, ",
        "{image: job, containers: {main: job}, ",
        "8:24: image and containers are mutually exclusive; keep one; in an override, set the other to null",
    ),
    Mistake(
        "verify_url_without_scheme",
        '"https://${host}/health"',
        '"${host}/health"',
        '7:35: "url" must be an http:// or https:// address',
    ),
    Mistake(
        "verify_of_nothing",
        '{url: "https://${host}/health"}',
        "{interval: 1s}",
        '7:21: services.web.verify lacks "url"; give at least one of: url, bake, steady, command',
    ),
    Mistake(
        "alarms_without_bake",
        'health"}',
        'health", alarms: [errors]}',
        '7:61: "alarms" requires "bake"; add "bake"',
    ),
    Mistake(
        "status_out_of_range",
        'health"}',
        'health", expect: {status: 20}}',
        '7:78: "status" must be from 100 to 599',
    ),
    Mistake(
        "status_as_text",
        'health"}',
        'health", expect: {status: ok}}',
        '7:78: "status" must be a whole number, not text',
    ),
    Mistake(
        "status_is_yaml_yes",
        'health"}',
        'health", expect: {status: yes}}',
        '7:78: "status" must be a whole number, not true or false',
    ),
    Mistake(
        "region_misspelt",
        "region: us-east-1, cluster: shop}",
        "region: us-east1, cluster: shop}",
        '10:24: "region" must be an AWS region such as us-east-1',
    ),
    Mistake(
        "account_not_quoted",
        "cluster: shop}",
        "cluster: shop, account: 123456789012}",
        '10:59: "account" must be text, not a number; put it in quotes',
    ),
    Mistake(
        "production_as_a_word",
        "cluster: shop}",
        "cluster: shop, production: really}",
        '10:62: "production" must be true or false, not text',
    ),
    Mistake(
        "ledger_as_true",
        "cluster: shop}",
        "cluster: shop, ledger: true}",
        '10:58: "ledger" must be the name of a DynamoDB table, or false, not true or false',
    ),
    Mistake(
        "ledger_as_an_arn",
        "cluster: shop}",
        "cluster: shop, ledger: 'arn:x/y'}",
        '10:58: "ledger" must be the name of a DynamoDB table',
    ),
    Mistake(
        "infra_size_misspelt",
        "cluster: shop}",
        "cluster: shop, infra: {size: minimum}}",
        '10:64: "size" cannot be "minimum"; did you mean "minimal"?',
    ),
    Mistake(
        "infra_parameter_named_with_a_dash",
        "cluster: shop}",
        "cluster: shop, infra: {parameters: {log-days: 7}}}",
        '10:71: "log-days" is no valid name in environments.production.infra.parameters; '
        "it must match ^[A-Za-z0-9]{1,255}$",
    ),
    Mistake(
        "infra_parameter_of_nothing",
        "cluster: shop}",
        "cluster: shop, infra: {parameters: {LogDays: }}}",
        '10:79: "LogDays" must be text, a whole number, true or false, or a list of these, not nothing; '
        "give it a value or remove the line",
    ),
    Mistake(
        "infra_parameter_that_yaml_shortens",
        "cluster: shop}",
        "cluster: shop, infra: {parameters: {EngineVersion: 16.10}}}",
        '10:86: "EngineVersion" must be text, not a number; put it in quotes',
    ),
    Mistake(
        "environment_without_value",
        "  staging: {region: us-east-1, cluster: shop-staging}",
        "  staging:",
        '11:11: "staging" must be a mapping, not nothing; give it a value or remove the line',
    ),
    Mistake(
        "override_of_something_else",
        "cluster: shop}",
        "cluster: shop, overrides: {app: other}}",
        '10:62: unknown key "app"; use one of: images, migrate, services, variables',
    ),
    Mistake(
        "overrides_as_a_list",
        "cluster: shop}",
        "cluster: shop, overrides: [images]}",
        '10:61: "overrides" must be a mapping, not a list',
    ),
    Mistake(
        "override_with_unknown_key",
        "cluster: shop}",
        "cluster: shop, overrides: {services: {web: {imag: job}}}}",
        '10:79: in environment production, unknown key "imag"; did you mean "image"?',
    ),
    Mistake(
        "override_of_the_wrong_type",
        "cluster: shop}",
        "cluster: shop, overrides: {services: {web: {after: worker}}}}",
        '10:86: in environment production, "after" must be a list, not text',
    ),
]
