"""When parts are told, and together with what. Pure.

- An immediate event waits for nothing; those of one run with the same actor and resource go together.
- A digest's go together at its time.
- What the first look at an account shows is one summary per account, once it has been quiet for a while.
- More messages for a route than its limit in a window become one, which says how many, and shows the first few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vigie.history.outbox import Batch, PartDraft, PartKind, Topic
from vigie.notify.event import Event
from vigie.notify.routes import GroupBy, Route


@dataclass(frozen=True, slots=True)
class Hold:
    """How long a first look must have been quiet before it is told, and how long it may be put off at most."""

    quiet: timedelta = timedelta(seconds=60)
    longest: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Recent:
    """Messages of a route to a channel that were made within its window."""

    count: int = 0
    collapsed: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make of the immediate batches of one route and channel."""

    single: tuple[Batch, ...] = ()
    """Each a message of its own."""
    collapse: bool = False
    """All into one message."""


def parts_of(event: Event, routes: Sequence[Route], now: datetime) -> list[PartDraft]:
    """The parts of an event: one for each of these routes and each channel of the route."""
    return [_part(event, route, channel, now) for route in routes for channel in route.channels]


def _part(event: Event, route: Route, channel: str, now: datetime) -> PartDraft:
    if event.baseline:
        due = route.every.next_after(now) if route.every else now
        return PartDraft(route.name, channel, PartKind.SUMMARY, event.account, due)
    if route.every:
        return PartDraft(route.name, channel, PartKind.DIGEST, "", route.every.next_after(now))
    return PartDraft(route.name, channel, PartKind.IMMEDIATE, group_key(event, route.group_by), now)


def group_key(event: Event, group_by: Sequence[GroupBy]) -> str:
    """Events with the same key go together. An unknown actor is one actor; no grouping at all = all together."""
    # a refusal often hides a whole account: its scopes are told together, as one thing
    subject = event.account if event.topic is Topic.COVERAGE else event.resource_key
    values = {
        GroupBy.ACTOR: event.actor or "",
        GroupBy.RESOURCE: subject,
        GroupBy.ACCOUNT: event.account,
    }
    return "|".join(f"{by.value}={values[by]}" for by in group_by)


def summary_is_due(batch: Batch, now: datetime, hold: Hold) -> bool:
    """Whether an account's first look has been quiet long enough to be told."""
    return now - batch.last_at >= hold.quiet or now - batch.first_at >= hold.longest


def plan(batches: Sequence[Batch], recent: Recent, limit: int) -> Plan:
    """What to make of the due immediate batches of one route and channel.

    Within a window there are at most ``limit`` messages, the last of which may be the collapsed one; what comes after
    it waits until the window is over.
    """
    if recent.collapsed or recent.count >= limit:
        return Plan()
    if recent.count + len(batches) > limit:
        return Plan(collapse=True)
    return Plan(single=tuple(batches))
