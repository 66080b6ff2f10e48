"""What others recorded of a resource, with where it comes from: history that starts before vigie did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from vigie.model.resource import Configuration


class ImportSource(StrEnum):
    AWS_CONFIG = "aws-config"
    """Snapshots and history files that AWS Config delivers to S3, and the answers of its API."""


@dataclass(frozen=True, slots=True)
class ImportedState:
    """One state that somebody else recorded. Never mixed with vigie's own revisions: it is written another way.

    ``configuration`` has the names that the source gave, canonical and with secrets redacted.
    """

    source: ImportSource
    account: str
    region: str
    """``global`` for what has none."""
    type: str
    """CloudFormation name."""
    id: str
    """As the source identifies it."""
    captured_at: datetime
    """By the source's clock."""
    present: bool
    """False: the source recorded that it was deleted."""
    configuration: Configuration
    status: str = ""
    """In the source's words: ``OK``, ``ResourceDiscovered``, ``ResourceDeleted`` …"""
    arn: str | None = None
    name: str | None = None
    origin: str = ""
    """Name of the file that it was read from."""
    config_sha: str = ""
    pk: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedAt:
    """What others recorded of a resource at a time: the last state up to it, and when the next one began."""

    state: ImportedState
    next_at: datetime | None


@dataclass(slots=True)
class ImportReport:
    """What came of an import."""

    files: int = 0
    read: int = 0
    """States that could be read."""
    recorded: int = 0
    """Of them, those that were not recorded yet."""
    problems: list[str] = field(default_factory=list)
    """What could not be read, and why: one sentence each."""
