"""What one ``vigie sweep`` came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vigie.model import documents
from vigie.model.scope import Coverage


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the notifications went."""

    sent: int = 0
    waiting: int = 0
    """To be sent later: digests, retries."""
    dead: int = 0
    """Given up on; `vigie notifications list --status dead` says why."""


@dataclass(frozen=True, slots=True)
class SweepReport:
    """Counts of one sweep, of the audit and of the notifications that followed it."""

    accounts: tuple[str, ...]
    resources: int
    """Present in the swept accounts, as recorded."""
    changes: Mapping[str, int]
    """Kind of change → how many this sweep recorded."""
    scopes: int
    scopes_whole: int
    gaps: tuple[Coverage, ...]
    """Scopes of this sweep that could not be seen whole."""
    calls: int
    seconds: float
    failed_accounts: Mapping[str, str] = field(default_factory=dict)
    """Account → why it could not be read at all."""
    open_findings: Mapping[str, int] = field(default_factory=dict)
    """Severity → open findings of the whole store."""
    widened: int = 0
    """Changes that gave somebody more than before."""
    opened: int = 0
    resolved: int = 0
    unknown: int = 0
    notifications: Delivery | None = None
    notices: tuple[str, ...] = ()
    """What else is worth knowing of how it was looked, in sentences."""

    def document(self) -> documents.Document:
        """As ``vigie sweep --json`` prints it."""
        return {
            "accounts": list(self.accounts),
            "resources": self.resources,
            "changes": dict(self.changes),
            "widened": self.widened,
            "findings": {
                "open": dict(self.open_findings),
                "opened": self.opened,
                "resolved": self.resolved,
                "unknown": self.unknown,
            },
            "coverage": {
                "scopes": self.scopes,
                "whole": self.scopes_whole,
                "gaps": [documents.coverage_document(row) for row in self.gaps],
                "failed_accounts": dict(self.failed_accounts),
                "notices": list(self.notices),
            },
            "notifications": documents.plain(self.notifications),
            "calls": self.calls,
            "seconds": round(self.seconds, 3),
        }
