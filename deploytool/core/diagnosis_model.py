"""What a diagnosis says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """Why something failed, in plain words.

    ``code`` is stable and kebab-case, for outputs and tests. ``fatal`` says that trying again cannot help: the engine
    reports it at the first task instead of waiting for the circuit breaker. ``log`` holds the last lines of the
    container's output, oldest first.
    """

    code: str
    cause: str
    fix: str
    fatal: bool = False
    retriable: bool = False
    subject: str = ""
    """The service, task or container it is about."""
    quote: str = ""
    """Words of ``quoted``, unshortened but for the request id."""
    quoted: str = "AWS"
    """Whose words the quote are."""
    log: tuple[str, ...] = ()

    @property
    def more(self) -> str:
        """The quote, where the cause does not hold it already."""
        return "" if self.quote in self.cause else self.quote
