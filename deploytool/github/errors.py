"""What GitHub refuses or fails to do. Told at the end of a release, never its reason to fail."""

from __future__ import annotations

from deploytool.errors import DeployError, Exit


class GithubError(DeployError):
    """GitHub refused or failed a call; the class below says which kind."""

    exit_code = Exit.REFUSED


class Unauthorized(GithubError):
    """401: the token is wrong, expired or revoked."""

    def __init__(self) -> None:
        super().__init__("GitHub does not accept the token", "pass a valid one in GITHUB_TOKEN")


class Forbidden(GithubError):
    """403: the token is valid and lacks a permission. ``permission`` is the workflow's missing line."""

    def __init__(self, what: str, permission: str, message: str) -> None:
        self.permission = permission
        fix = f"add `{permission}` to the job's `permissions:`" if permission else "give the token the permission"
        super().__init__(f"the token may not {what}: {message}", fix)


class RateLimited(GithubError):
    """403 or 429: too many requests. ``retry_after`` is in seconds from now."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"GitHub's rate limit is reached; it asks to wait {retry_after:.0f} s", "run fewer jobs with this token"
        )


class Missing(GithubError):
    """404: what was asked for is not there, or the token may not see it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"GitHub found nothing to {what}", "check GITHUB_REPOSITORY, and that the token may read that repository"
        )


class Unprocessable(GithubError):
    """409 or 422: GitHub understood and will not do it; asking again cannot help. ``status`` says which."""

    def __init__(self, what: str, message: str, status: int) -> None:
        self.status = status
        super().__init__(f"GitHub would not {what}: {message}", "")


class Unreachable(GithubError):
    """No answer, or a 5xx, until the patience was used up. ``sent``: it may have been carried out all the same."""

    def __init__(self, what: str, message: str, sent: bool = True) -> None:
        self.sent = sent
        super().__init__(f"GitHub could not be reached to {what}: {message}", "see https://www.githubstatus.com")
