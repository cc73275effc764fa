"""A workflow file: when it runs, which of its jobs use deploytool, with which permissions."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from deploytool.doctor.facts_account import Job, Workflow
from deploytool.doctor.ownership import workflow


def read(text: str) -> Workflow:
    return workflow("w.yml", yaml.safe_load(text))


@pytest.mark.parametrize(
    ("on", "events"),
    [
        ("push", ("push",)),
        ("[push, pull_request]", ("push", "pull_request")),
        ("{issue_comment: {}}", ("issue_comment",)),
    ],
)
def test_events_are_found_in_each_way_to_write_them(on: str, events: tuple[str, ...]) -> None:
    assert read(f"on: {on}\njobs: {{}}").events == events
    assert read(f'"on": {on}\njobs: {{}}').events == events


@pytest.mark.parametrize(
    ("steps", "commands"),
    [
        ("{uses: archdeck/archdeck-deploy@v1}", ("release",)),
        ("{uses: $/, with: {command: rollback}}", ("rollback",)),
        ("{uses: ./, with: {command: plan}}", ("plan",)),
        ("{uses: acme/archdeck-deploy, with: nothing}", ("release",)),
        ("{run: deploytool doctor --environment production}", ("doctor",)),
        ('{run: "cd app && deploytool release"}, {run: deploytool doctor}', ("doctor", "release")),
        ("{uses: $/, with: {command: '${{ inputs.command }}'}}", ("${{ inputs.command }}",)),
    ],
)
def test_what_a_job_does_is_found_in_its_steps(steps: str, commands: tuple[str, ...]) -> None:
    (job,) = read(f"on: push\njobs: {{j: {{steps: [{steps}]}}}}").jobs

    assert job == Job("w.yml", "j", None, commands)


@pytest.mark.parametrize(
    "job", ["{steps: [{uses: actions/checkout@v5}]}", "{uses: ./.github/workflows/x.yml}", "{steps: [text]}", "text"]
)
def test_a_job_is_left_out_when_it_does_not_use_deploytool(job: str) -> None:
    assert read(f"on: push\njobs: {{j: {job}}}").jobs == ()


@pytest.mark.parametrize(
    ("outer", "inner", "permissions"),
    [
        ("{}", "{contents: read}", {"contents": "read"}),
        ("{contents: read}", None, {"contents": "read"}),
        ("{}", None, {}),
        (None, None, None),
        ("write-all", None, {"*": "write"}),
        ("read-all", None, {"*": "read"}),
    ],
)
def test_a_jobs_own_permissions_take_the_place_of_the_workflows(
    outer: str | None, inner: str | None, permissions: dict[str, str] | None
) -> None:
    before = f"permissions: {outer}\n" if outer else ""
    within = f", permissions: {inner}" if inner else ""
    (job,) = read(f"on: push\n{before}jobs: {{j: {{steps: [{{run: deploytool release}}]{within}}}}}").jobs

    assert job.permissions == permissions


def test_a_workflow_responds_when_a_job_of_it_does() -> None:
    assert read("on: issue_comment\njobs: {j: {steps: [{uses: $/, with: {command: handle-comment}}]}}").responds
    assert not read("on: issue_comment\njobs: {j: {steps: [{uses: $/}]}}").responds


@pytest.mark.parametrize("document", [None, [], "text", {"on": 7, "jobs": []}])
def test_a_file_that_is_no_workflow_has_neither_events_nor_jobs(document: Any) -> None:
    assert workflow("w.yml", document) == Workflow("w.yml")
