"""Inside a sandbox, templates are made to fit MiniStack; nowhere else."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from deploytool.cli.infra_templates import Prepare
from deploytool.core.stacks.change import short_type
from deploytool.core.stacks.template import Resource, Template, as_json
from deploytool.sandbox.cloud.lacking import without_lacking
from deploytool.sandbox.cloud.master_secrets import with_master_secrets


def fitting() -> Prepare:
    """What is done to templates here: ``enter_sandbox`` sets the variable that tells."""
    return fitted if os.environ.get("DEPLOYTOOL_SANDBOX") else _as_it_is


def fitted(template: Template) -> Template:
    """Without what MiniStack lacks, with what it does not make by itself."""
    reduced = without_lacking(template.document)
    document = with_master_secrets(reduced.template)
    left_out = tuple(Resource(each.logical_id, each.type) for each in reduced.left_out)
    return replace(template, body=as_json(document), document=document, left_out=left_out)


def told(templates: Iterable[Template]) -> str:
    """One line about what was left out; empty where nothing was."""
    counts = Counter(short_type(each.type) for template in templates for each in template.left_out)
    if not counts:
        return ""
    listed = ", ".join(f"{kind} × {number}" if number > 1 else kind for kind, number in sorted(counts.items()))
    return f"the sandbox has no such types, so these are left out: {listed}"


def _as_it_is(template: Template) -> Template:
    return template
