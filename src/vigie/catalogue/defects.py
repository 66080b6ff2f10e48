"""What the verifier finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CHECKS: Final[Mapping[str, str]] = {
    "operation": "The service and the operation exist in the installed botocore.",
    "reads": "The operation only reads: by its verb, and by the access level of its IAM action.",
    "withheld": "The operation hands out no credentials and no contents.",
    "parameters": "Parameters exist, required ones are given, literals have a type, value and size that they may have, "
    "and bound members the type of their parameter.",
    "codes": "Error codes are those of the operation, where it declares any, and mean one thing.",
    "pages": "Of a paged operation it is known how further pages are asked for.",
    "narrow": "The listing can be narrowed as it is said.",
    "hook": "The hook exists.",
    "expression": "Expressions can be parsed, and every member that they name is in what they are read over.",
    "list": "What must be a list (or a structure) is one.",
    "identity": "Id, name, ARN and region are texts.",
    "join": "What is compared can be equal.",
    "decode": "What is decoded is a text.",
    "path": "Every path of a treatment hits something.",
    "sensitive": "What AWS calls sensitive is redacted, dropped or acknowledged.",
    "ephemeral": "Counters and times that look ephemeral are declared so, or acknowledged as stable.",
    "events": "Every pattern of events matches an event that exists.",
}
"""Every check of the verifier, and what it sees to."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong with a declaration."""

    type: str
    """``AWS::S3::Bucket``."""
    where: str
    """The word of the declaration: ``detail.Policy.take``."""
    check: str
    """Which of the ``CHECKS`` found it."""
    message: str

    def __str__(self) -> str:
        return f"{self.type} {self.where}: {self.message} [{self.check}]"
