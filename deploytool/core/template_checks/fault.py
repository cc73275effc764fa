"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TemplateFault:
    """One fault in one resource of one stack."""

    stack: str
    resource: str
    """Logical id."""
    cause: str
    fix: str

    def __str__(self) -> str:
        return f"{self.stack}.{self.resource}: {self.cause}; {self.fix}"
