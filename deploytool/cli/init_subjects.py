"""Who the jobs of a repository are to AWS, as far as GitHub says it."""

from __future__ import annotations

import os

from deploytool.core.init.roles import Subjects


def subjects_of(repository: str) -> Subjects:
    """With the ids of owner and repository where a token in the environment may read them."""
    from deploytool.github.context import github_context

    context = github_context(os.environ, {})
    if not repository or not context.token:
        return Subjects(repository)
    from deploytool.github.repository_ids import repository_ids

    return Subjects(repository, *repository_ids(context.api_url, context.token, repository))
