"""What the verifier finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong with a declaration."""

    type: str
    """``AWS::S3::Bucket``."""
    where: str
    """The word of the declaration: ``detail.Policy.take``."""
    check: str
    """Which check found it (docs/reference/catalogue/checks.md)."""
    message: str

    def __str__(self) -> str:
        return f"{self.type} {self.where}: {self.message} [{self.check}]"
