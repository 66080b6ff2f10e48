"""Every table registered on the shared metadata. Import this before creating or comparing a schema."""

from vigie.history.tables import accounts, archive, events, findings, imported, log, outbox, users, verdicts, work
from vigie.history.tables.base import metadata

__all__ = [
    "accounts",
    "archive",
    "events",
    "findings",
    "imported",
    "log",
    "metadata",
    "outbox",
    "users",
    "verdicts",
    "work",
]
