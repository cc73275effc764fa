"""The subject of a job's OIDC token, as AWS compares it with a trust policy."""

from __future__ import annotations

from datetime import UTC, datetime

from deploytool.core.doctor.facts_github import RepositoryFact, SubjectForm

IDS_SINCE = datetime(2026, 7, 15, tzinfo=UTC)
"""Repositories made from this day on carry the ids of owner and repository in the subject."""
USUAL = ("repo", "context")
"""A template of these claims spells the subject as the default does."""


def subject(repository: RepositoryFact, form: SubjectForm, environment: str) -> str | None:
    """The subject of a job of that environment; ``None`` where the repository has a template of its own."""
    if not form.default and form.claims != USUAL:
        return None
    return f"{_prefix(repository, form)}:environment:{environment}"


def _prefix(repository: RepositoryFact, form: SubjectForm) -> str:
    if form.prefix:
        return form.prefix.removesuffix(":")
    if not has_ids(repository, form):
        return f"repo:{repository.name}"
    owner, _, name = repository.name.partition("/")
    return f"repo:{owner}@{repository.owner_id}/{name}@{repository.id}"


def has_ids(repository: RepositoryFact, form: SubjectForm) -> bool:
    """Ids are in it, so that a repository that takes a forgotten name is not taken for the old one."""
    return form.immutable is True or repository.created_at >= IDS_SINCE


def about(repository: RepositoryFact, named: str) -> bool:
    """A subject, or a pattern of one, that speaks of this repository in either form."""
    owner, _, name = repository.name.lower().partition("/")
    told = named.lower()
    return told.startswith((f"repo:{owner}/{name}:", f"repo:{owner}@{repository.owner_id}/", f"repo:{owner}/*"))
