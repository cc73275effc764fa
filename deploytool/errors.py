"""Every failure a user can meet: one class each, with its exit code, its cause and its fix."""

from __future__ import annotations

from enum import IntEnum

from deploytool.redaction import mask_credentials


class Exit(IntEnum):
    """Exit codes of ``deploytool``; scripts and workflows rely on them."""

    OK = 0
    INTERNAL_ERROR = 1
    USAGE = 2
    PRECONDITION_FAILED = 3
    BUILD_FAILED = 4
    MIGRATION_FAILED = 5
    ROLLED_BACK = 6
    ROLLBACK_INCOMPLETE = 7
    LOCKED = 8
    SUPERSEDED = 9
    TIMEOUT = 10
    CANCELLED = 130


class DeployError(Exception):
    """A failure with one sentence of cause and one of fix."""

    exit_code: Exit = Exit.INTERNAL_ERROR

    def __init__(self, cause: str, fix: str = "") -> None:
        self.cause = mask_credentials(cause)
        super().__init__(self.cause)
        self.fix = fix


class ConfigurationError(DeployError):
    """The command line or ``deploytool.yml`` is wrong; nothing was read or changed."""

    exit_code = Exit.USAGE


class PreconditionFailed(DeployError):
    """The observed state does not allow the release; nothing was changed."""

    exit_code = Exit.PRECONDITION_FAILED


class BuildError(DeployError):
    """An image could not be built or pushed; no service was changed."""

    exit_code = Exit.BUILD_FAILED


class TimeoutExceeded(DeployError):
    """A deadline passed before AWS was done."""

    exit_code = Exit.TIMEOUT


class CloudError(DeployError):
    """AWS refused or failed a call; the class below says which kind."""

    exit_code = Exit.PRECONDITION_FAILED


class CredentialsMissing(CloudError):
    """No AWS credentials, or they are not valid or expired."""


class PermissionMissing(CloudError):
    """IAM denied one action. ``statement`` is the policy statement that allows it; none does where ``denied_by`` names
    a policy that denies it explicitly.
    """

    def __init__(self, action: str, resource: str, who: str, denied_by: str = "") -> None:
        self.action = action
        self.resource = resource
        self.who = who
        self.denied_by = denied_by
        self.statement = {} if denied_by else {"Effect": "Allow", "Action": action, "Resource": resource}
        fix = f'add this statement to its policy: {{"Effect": "Allow", "Action": "{action}", "Resource": "{resource}"}}'
        super().__init__(
            f"{who} may not call {action}" + (f": explicit deny in {denied_by}" if denied_by else ""),
            "ask the administrator of the account or organization to change that policy; an Allow statement does not "
            "help"
            if denied_by
            else fix,
        )


class CloudUnreachable(CloudError):
    """AWS did not respond, or kept throttling or failing, until the retries were used up."""


class NotFound(CloudError):
    """A cluster, service, task definition, repository or log group that does not exist."""


class LeaseLost(DeployError):
    """The lease expired and another run took the lock: this one may change nothing more."""

    exit_code = Exit.SUPERSEDED

    def __init__(self, owner: str, taken_by: str = "") -> None:
        self.taken_by = taken_by
        super().__init__(
            f"release {owner} lost the lock" + (f" to release {taken_by}" if taken_by else ""),
            "check `deploytool history` and `deploytool status`; the run that has the lock recovers what was left",
        )


class SupersededBy(DeployError):
    """A newer release asked for the lock; this one keeps it until it has reverted."""

    exit_code = Exit.SUPERSEDED

    def __init__(self, owner: str, by: str) -> None:
        self.by = by
        super().__init__(f"release {owner} yields to the newer release {by}", f"follow release {by} instead")


class OptionsContradict(ConfigurationError):
    """Options that contradict each other, or of which one would be ignored."""
