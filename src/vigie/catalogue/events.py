"""Which CloudTrail events tell of a change of which resource type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from vigie.catalogue.loader import Catalogue
from vigie.catalogue.reading_only import READING_VERBS

RENAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "s3": {
        "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
        "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
        "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
        "PutBucketNotificationConfiguration": "PutBucketNotification",
    },
    "s3control": {
        "PutPublicAccessBlock": "PutAccountPublicAccessBlock",
        "DeletePublicAccessBlock": "DeleteAccountPublicAccessBlock",
    },
}
"""Service → operation → the name of its CloudTrail event, where that is another (S3 user guide, "CloudTrail events").
Lambda's events carry the date of its API besides (``CreateFunction20150331``): patterns for it end in ``*``."""

OTHER_APIS: Final[Mapping[str, tuple[str, ...]]] = {"opensearch": ("es",), "sesv2": ("ses",)}
"""Service → further services of botocore (older APIs) that change the same resources and write events of its source."""


@dataclass(frozen=True, slots=True)
class EventPattern:
    """Events of one source by name, as a shell pattern, and the type they tell of."""

    source: str
    """``s3.amazonaws.com``."""
    name: str
    type: str

    def matches(self, source: str, name: str) -> bool:
        """Whether the event tells of the type. Events of reads (trails can record them too) never do."""
        if name.startswith(READING_VERBS):
            return False
        return source == self.source and fnmatchcase(name, self.name)


def event_patterns(catalogue: Catalogue) -> tuple[EventPattern, ...]:
    """Every pattern of the catalogue."""
    return tuple(
        EventPattern(declared.event_source, name, declared.type)
        for declared in catalogue.types.values()
        for name in declared.events
    )


def types_told_of(patterns: tuple[EventPattern, ...], source: str, name: str) -> tuple[str, ...]:
    """The resource types that an event may have changed, each once, sorted."""
    return tuple(sorted({pattern.type for pattern in patterns if pattern.matches(source, name)}))
