"""What is said, before it has a form: plain values, kept in the store, rendered when they are sent."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vigie.history.notifications import NotificationKind
from vigie.history.outbox import Topic
from vigie.model.documents import instant
from vigie.model.finding import FindingStatus, Severity
from vigie.notify.event import Event, from_document, time_of, to_document
from vigie.notify.phrases import headline, plural

MAX_SHOWN: Mapping[NotificationKind, int] = {
    NotificationKind.IMMEDIATE: 20,
    NotificationKind.DIGEST: 50,
    NotificationKind.SUMMARY: 10,
    NotificationKind.COLLAPSED: 5,
    NotificationKind.TEST: 1,
}
"""How many events a message shows; the others are counted."""


@dataclass(frozen=True, slots=True)
class Group:
    """Events that are told under one heading."""

    heading: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many events of a topic are of a kind (changes), a severity (findings), a type (resources of a first look)."""

    topic: str
    word: str
    count: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``total`` counts all its events, shown or not."""

    uid: str
    kind: NotificationKind
    route: str
    created_at: datetime
    title: str
    groups: tuple[Group, ...] = ()
    total: int = 0
    counts: tuple[Count, ...] = ()
    severity: Severity | None = None
    """The worst among its open findings, and among what its changes opened."""
    base_url: str | None = None
    """Where people reach vigie: for links."""

    @property
    def events(self) -> tuple[Event, ...]:
        return tuple(event for group in self.groups for event in group.events)

    @property
    def left_out(self) -> int:
        """How many events are counted and not shown."""
        return max(0, self.total - len(self.events))


class Tally:
    """Takes in any number of events, and keeps the counts and the few to be shown."""

    def __init__(self, shown: int, *, findings_only: bool = False) -> None:
        self.total = 0
        self.counter: Counter[tuple[str, str]] = Counter()
        self.worst: Severity | None = None
        self.account = ""
        self._shown = shown
        self._findings_only = findings_only

    def take(self, events: Iterable[Event]) -> tuple[Event, ...]:
        """The events to show: the gravest, and among equals the first, in the order in which they came."""
        ranked = ((_weight(event), -number, event) for number, event in self._counted(events))
        best = heapq.nlargest(self._shown, ranked, key=lambda entry: entry[:2])
        return tuple(event for _, _, event in sorted(best, key=lambda entry: -entry[1]))

    def counts(self) -> tuple[Count, ...]:
        """Gravest and most frequent first."""
        order = {severity.value: -severity.rank for severity in Severity}
        topics = list(Topic)
        found = sorted(
            self.counter.items(), key=lambda i: (topics.index(Topic(i[0][0])), order.get(i[0][1], 0), -i[1], i[0][1])
        )
        return tuple(Count(topic, word, count) for (topic, word), count in found)

    def _counted(self, events: Iterable[Event]) -> Iterator[tuple[int, Event]]:
        for number, event in enumerate(events):
            self.total += 1
            self.account = event.account_label
            topic, word, count = _counting(event)
            self.counter[topic, word] += count
            if event.severity and _is_bad(event):
                self.worst = max(self.worst or event.severity, event.severity, key=lambda s: s.rank)
            if event.topic is Topic.FINDING or not self._findings_only:
                yield number, event


def compose(kind: NotificationKind, route: str, uid: str, created_at: datetime, events: Iterable[Event]) -> Message:
    """The message that tells those events, which may be many: they are read once."""
    tally = Tally(MAX_SHOWN[kind], findings_only=kind is NotificationKind.SUMMARY)
    shown = tally.take(events)
    total = tally.total if kind is not NotificationKind.SUMMARY else _findings_in(tally)
    return Message(
        uid=uid,
        kind=kind,
        route=route,
        created_at=created_at,
        title=_title(kind, route, shown, tally),
        groups=_grouped(shown),
        total=total,
        counts=tally.counts(),
        severity=tally.worst,
    )


def test_message(route: str, uid: str, created_at: datetime) -> Message:
    """What ``vigie routes test`` sends."""
    return Message(uid, NotificationKind.TEST, route, created_at, f'Test of vigie\'s channel "{route}": it works')


test_message.__test__ = False  # type: ignore[attr-defined]  # pytest: it is no test


def _weight(event: Event) -> int:
    return event.severity.rank + 1 if event.severity and _is_bad(event) else 0


def _is_bad(event: Event) -> bool:
    """An open finding, or a change that gave somebody more than before."""
    return event.status is FindingStatus.OPEN or event.widened


def _counting(event: Event) -> tuple[str, str, int]:
    if event.topic is Topic.FINDING and event.severity and event.status is FindingStatus.OPEN:
        return event.topic.value, event.severity.value, 1
    if event.topic is Topic.BASELINE:
        return event.topic.value, event.type, event.count
    return event.topic.value, event.kind, 1


def _findings_in(tally: Tally) -> int:
    return sum(count for (topic, _), count in tally.counter.items() if topic == Topic.FINDING.value)


def _grouped(events: tuple[Event, ...]) -> tuple[Group, ...]:
    """One group for each resource and actor, in the order in which they come first."""
    groups: dict[str, list[Event]] = {}
    for event in events:
        groups.setdefault(group_heading(event), []).append(event)
    return tuple(Group(heading, tuple(members)) for heading, members in groups.items())


def group_heading(event: Event) -> str:
    """Resource, account and region, and who did it."""
    where = ", ".join(part for part in (event.account_label, event.region) if part)
    what = f"{event.type} {event.label} in " if event.id or event.name else ""
    return f"{what}{where}" + (f", by {event.actor}" if event.actor else "")


def _title(kind: NotificationKind, route: str, shown: tuple[Event, ...], tally: Tally) -> str:
    if kind is NotificationKind.SUMMARY:
        resources = sum(count for (topic, _), count in tally.counter.items() if topic == Topic.BASELINE.value)
        seen = plural(resources, "resource") + ", " if resources else ""
        return f"First look at {tally.account}: {seen}{plural(_findings_in(tally), 'finding')}"
    if kind is NotificationKind.DIGEST:
        return f"Digest of {route}: {plural(tally.total, 'event')}"
    if kind is NotificationKind.COLLAPSED:
        return f"{plural(tally.total, 'event')} at once on route {route}"
    if tally.total == 1 and shown:
        return f"{headline(shown[0])} in {shown[0].account_label}"
    first = shown[0]
    same = all(event.resource_key == first.resource_key for event in shown)
    about = f"{first.type} {first.label} in {first.account_label}" if same else f"route {route}"
    if all(event.topic is Topic.COVERAGE and event.account == first.account for event in shown):
        about = f"the coverage of {first.account_label}"
    return f"{plural(tally.total, 'event')} on {about}"


def message_document(message: Message) -> dict[str, Any]:
    """The message as plain JSON: as it is kept, and as the webhook sends it (docs/reference/webhook.md)."""
    return {
        "version": 1,
        "id": message.uid,
        "kind": message.kind.value,
        "route": message.route,
        "created_at": instant(message.created_at),
        "title": message.title,
        "severity": message.severity.value if message.severity else None,
        "total": message.total,
        "counts": [{"topic": c.topic, "word": c.word, "count": c.count} for c in message.counts],
        "groups": [
            {"heading": group.heading, "events": [to_document(event) for event in group.events]}
            for group in message.groups
        ],
    }


def message_of(document: Mapping[str, Any], base_url: str | None = None) -> Message:
    """The message of :func:`message_document`.

    Raises:
        KeyError, ValueError, TypeError: it is not one.
    """
    created_at = time_of(document["created_at"])
    if created_at is None:
        raise ValueError("a message without a time")
    return Message(
        uid=document["id"],
        kind=NotificationKind(document["kind"]),
        route=document["route"],
        created_at=created_at,
        title=document["title"],
        groups=tuple(Group(g["heading"], tuple(from_document(e) for e in g["events"])) for g in document["groups"]),
        total=document["total"],
        counts=tuple(Count(**count) for count in document["counts"]),
        severity=Severity(document["severity"]) if document["severity"] else None,
        base_url=base_url,
    )
