"""Every table registered on the shared metadata. Import this before creating or comparing a schema."""

from vigie.history.tables import accounts, archive, outbox, users, work
from vigie.history.tables.base import metadata

__all__ = ["accounts", "archive", "metadata", "outbox", "users", "work"]
