"""The outbox: what is to be told to people, written in the same transaction as what happened.

What goes in (``put``), by topic:

``change``
    ref = the revision's pk. The notifier reads the change, with its verdict, from the archive; the payload needs only
    ``{"kind": change.kind}``. With ``"late"`` it was told before its verdict was there: only routes that ask for
    verdicts get it then.
``finding``
    ref = the finding state's pk. Payload: :func:`finding_step`; who claims the row gets :func:`finding_payload`.
``baseline``
    One a scope, at its first complete look. Payload: ``{"account", "region", "type", "count"}`` (count of
    resources seen).
``coverage``
    A scope whose coverage got worse or is whole again, or a notice for the administrators. Payload:
    ``{"account", "region", "type", "status", "previous", "since", "error", "missing_permission", "notice"}``,
    all but account optional, times as RFC 3339.

A row becomes *parts*, one for each route and channel that it matches; parts that belong together become a
*notification* (history/notifications.py). Every step is one transaction, guarded by a lease and a fencing token: a
process that dies at any instant loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, delete, func, insert, or_, select, tuple_, update

from vigie.history.blobs import batches
from vigie.history.finding_rows import findings_told
from vigie.history.notifications import NotificationDraft, Notifications, error_text
from vigie.history.tables.outbox import notification, notification_part, outbox
from vigie.model.change import ChangeKind
from vigie.model.finding import Finding, FindingStatus

_IN_LIST = 500


class Topic(StrEnum):
    """What an outbox row tells of."""

    CHANGE = "change"
    FINDING = "finding"
    BASELINE = "baseline"
    COVERAGE = "coverage"


class PartKind(StrEnum):
    """When a part is told: at once, with others at a fixed time, or in the summary of an account's first look."""

    IMMEDIATE = "immediate"
    DIGEST = "digest"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row that was claimed for routing. ``fence`` is the token that the claim holds."""

    id: int
    topic: Topic
    ref: int | None
    payload: Mapping[str, Any]
    created_at: datetime
    attempts: int
    fence: int
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class PartDraft:
    """One row as one route tells it to one channel."""

    route: str
    channel: str
    kind: PartKind
    group_key: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """Parts of one route, channel, kind and group that no notification tells yet."""

    route: str
    channel: str
    kind: PartKind
    group_key: str
    count: int
    first_at: datetime
    last_at: datetime


def put(tx: Connection, topic: str, ref: int | None, payload: Mapping[str, Any], created_at: datetime) -> int | None:
    """Write one row, in the caller's transaction; its id, or None for what is never told (an ephemeral change).

    The payload must be plain JSON. Raises ``ValueError`` for an unknown topic.
    """
    row = _new(topic, ref, payload, created_at)
    return int(tx.execute(insert(outbox).returning(outbox.c.id), row).scalar_one()) if row else None


def put_all(
    tx: Connection,
    topic: str,
    told: Iterable[tuple[int | None, Mapping[str, Any]]],
    created_at: datetime,
    hold: timedelta = timedelta(),
) -> None:
    """Write many rows of one topic, each given as (ref, payload), as :func:`put` writes one; due after ``hold``."""
    due = {"next_at": created_at + hold}
    rows = [{**row, **due} for ref, payload in told if (row := _new(topic, ref, payload, created_at))]
    if rows:
        tx.execute(insert(outbox), rows)


def _new(topic: str, ref: int | None, payload: Mapping[str, Any], created_at: datetime) -> dict[str, Any] | None:
    known = Topic(topic)
    kind = payload.get("kind")
    if known is Topic.CHANGE and kind is not None and not ChangeKind(kind).durable:
        return None
    told = {"topic": known.value, "ref": ref, "payload": dict(payload)}
    return {**told, "created_at": created_at, "next_at": created_at}


def finding_step(previous: FindingStatus | None, baseline: bool, tags: Mapping[str, str] | None) -> dict[str, Any]:
    """What is kept in a row of topic ``finding``: the rest is read back from the finding's state when it is claimed.

    A first look writes thousands of them, of which most are told to nobody.
    """
    step = {"previous": previous.value if previous else None, "baseline": baseline, "tags": dict(tags or {})}
    return {name: value for name, value in step.items() if value}


def finding_payload(
    finding: Finding,
    *,
    previous: FindingStatus | None,
    baseline: bool,
    remedy: str = "",
    tags: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The payload of topic ``finding`` as it is read: the finding as it stands after this state.

    ``previous`` is its status before (None: it is new). ``baseline``: it was found at the first look at the
    resource (the revision judged is of kind baseline), so that it goes into the account's summary instead of a
    message of its own.
    """
    resource = finding.resource
    return {
        "rule": finding.rule,
        "subject": finding.subject,
        "status": finding.status.value,
        "previous": previous.value if previous else None,
        "severity": finding.severity.value,
        "title": finding.title,
        "message": finding.message,
        "remedy": remedy,
        "first_seen": finding.first_seen.isoformat(),
        "baseline": baseline,
        "finding": finding.pk,
        "resource": resource.pk,
        "account": resource.account,
        "region": resource.region,
        "type": resource.type,
        "id": resource.id,
        "arn": resource.arn,
        "name": resource.name,
        "tags": dict(tags or {}),
    }


class Outbox:
    """The part of a :class:`~vigie.history.store.History` that the notifier works on. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.notifications = Notifications(engine)

    def put(
        self, tx: Connection, topic: str, ref: int | None, payload: Mapping[str, Any], created_at: datetime
    ) -> int | None:
        """See :func:`put`."""
        return put(tx, topic, ref, payload, created_at)

    # --- routing: rows → parts

    def claim(self, tx: Connection, n: int, now: datetime, lease: timedelta) -> list[OutboxRow]:
        """Take up to ``n`` due rows, oldest first, for ``lease``: nobody else gets them until then."""
        free = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= now)
        due = and_(outbox.c.status == "pending", outbox.c.next_at <= now, free)
        picked = select(outbox.c.id).where(due).order_by(outbox.c.id).limit(n).with_for_update(skip_locked=True)
        ids = list(tx.execute(picked).scalars())
        if not ids:
            return []
        take = update(outbox).where(outbox.c.id.in_(ids)).values(lease_until=now + lease, fence=outbox.c.fence + 1)
        rows = sorted((_row(r) for r in tx.execute(take.returning(*_ROW)).all()), key=lambda row: row.id)
        return _with_findings(tx, rows)

    def route(
        self, tx: Connection, row: OutboxRow, event: Mapping[str, Any], parts: Sequence[PartDraft], now: datetime
    ) -> bool:
        """Mark a claimed row routed and write its parts. False, and nothing written, where the claim was lost."""
        done = self._settle(tx, row, status="routed", event=dict(event), routed_at=now, last_error=None)
        if done and parts:
            values = [
                {
                    "outbox_id": row.id,
                    "route": part.route,
                    "channel": part.channel,
                    "kind": part.kind.value,
                    "group_key": part.group_key,
                    "created_at": now,
                    "due_at": part.due_at,
                }
                for part in parts
            ]
            tx.execute(_TELL, values)
        return done

    def route_to_nobody(self, tx: Connection, rows: Sequence[OutboxRow], now: datetime) -> int:
        """Mark claimed rows routed that match no route; how many claims still held. What they told is not kept: it is
        in the archive and in the findings.
        """
        claimed = tuple_(outbox.c.id, outbox.c.fence)
        routed = {"status": "routed", "payload": {}, "routed_at": now, "last_error": None, "lease_until": None}
        count = 0
        for batch in batches(rows, _IN_LIST):
            held = and_(claimed.in_([(row.id, row.fence) for row in batch]), outbox.c.status == "pending")
            count += tx.execute(update(outbox).where(held).values(routed)).rowcount
        return count

    def put_back(self, tx: Connection, row: OutboxRow, at: datetime, error: str) -> bool:
        """A claimed row could not be routed: due again at ``at``. False where the claim was lost."""
        return self._settle(tx, row, next_at=at, attempts=row.attempts + 1, last_error=error_text(error))

    def defer(self, tx: Connection, row: OutboxRow, at: datetime) -> bool:
        """A claimed row is to be routed later: no failure. False where the claim was lost."""
        return self._settle(tx, row, next_at=at)

    def give_up(self, tx: Connection, row: OutboxRow, error: str) -> bool:
        """A claimed row cannot be routed: kept as dead, to be retried on demand. False where the claim was lost."""
        return self._settle(tx, row, status="dead", attempts=row.attempts + 1, last_error=error_text(error))

    def dead(self, limit: int = 1000) -> list[OutboxRow]:
        """Rows that could not be routed, oldest first."""
        with self._engine.connect() as connection:
            found = select(*_ROW).where(outbox.c.status == "dead").order_by(outbox.c.id).limit(limit)
            return [_row(r) for r in connection.execute(found).all()]

    def route_again(self, tx: Connection, now: datetime) -> int:
        """Make every dead row due again; how many."""
        again = {"status": "pending", "attempts": 0, "next_at": now, "lease_until": None}
        return tx.execute(update(outbox).where(outbox.c.status == "dead").values(again)).rowcount

    def waiting(self) -> int:
        """How many rows are not routed yet."""
        with self._engine.connect() as connection:
            count = select(func.count()).select_from(outbox).where(outbox.c.status == "pending")
            return int(connection.execute(count).scalar_one())

    # --- composing: parts → notifications

    def batches(self, now: datetime) -> list[Batch]:
        """Parts that are due and not told yet, by route, channel, kind and group, oldest first."""
        part = notification_part.c
        key = (part.route, part.channel, part.kind, part.group_key)
        found = (
            select(*key, func.count(), func.min(part.created_at), func.max(part.created_at))
            .where(part.notification_id.is_(None), part.due_at <= now)
            .group_by(*key)
            .order_by(func.min(part.id))
        )
        with self._engine.connect() as connection:
            rows = connection.execute(found).all()
        return [Batch(r[0], r[1], PartKind(r[2]), r[3], r[4], r[5], r[6]) for r in rows]

    def held(self) -> int:
        """How many parts wait for their time (a digest, the end of a first look)."""
        with self._engine.connect() as connection:
            part = notification_part.c
            return int(
                connection.execute(select(func.count(part.id)).where(part.notification_id.is_(None))).scalar_one()
            )

    def gather(
        self, tx: Connection, draft: NotificationDraft, kind: PartKind, group_key: str | None, now: datetime
    ) -> tuple[int, int]:
        """Write a notification without content and tie to it all due parts of its route, channel and kind.

        ``group_key`` None = of every group. Gives its id and the number of parts, 0 where another notifier was
        faster (then roll back). Fill in the content, made of :meth:`events_of`, in the same transaction.
        """
        made = self.notifications.add(tx, draft)
        mine = {"of_route": draft.route, "of_channel": draft.channel, "of_kind": kind.value, "until": now}
        if group_key is None:
            tied = tx.execute(_TIE, {**mine, "notification_id": made})
        else:
            tied = tx.execute(_TIE_GROUP, {**mine, "of_group": group_key, "notification_id": made})
        return made, tied.rowcount

    def events_of(self, tx: Connection, notification_id: int) -> Iterator[dict[str, Any]]:
        """The events that a notification tells, oldest first, a few at a time: there may be a hundred thousand."""
        yield from tx.execute(_EVENTS, {"of_id": notification_id}, execution_options={"yield_per": 500}).scalars()

    def next_due(self) -> datetime | None:
        """When there is something to do next: a row to route, a part to compose, a notification to deliver."""
        part = notification_part.c
        asked = (
            select(func.min(outbox.c.next_at)).where(outbox.c.status == "pending"),
            select(func.min(part.due_at)).where(part.notification_id.is_(None)),
            select(func.min(notification.c.next_at)).where(notification.c.status == "pending"),
        )
        with self._engine.connect() as connection:
            times = [connection.execute(query).scalar_one() for query in asked]
        return min((t for t in times if t is not None), default=None)

    def forget(self, tx: Connection, before: datetime) -> int:
        """Remove what was told before that time, and what no route wanted; how many rows. Dead letters stay."""
        part, row = notification_part.c, outbox.c
        gone = select(notification.c.id).where(notification.c.status == "sent", notification.c.sent_at < before)
        removed = tx.execute(delete(notification_part).where(part.notification_id.in_(gone))).rowcount
        removed += tx.execute(
            delete(notification).where(notification.c.status == "sent", notification.c.sent_at < before)
        ).rowcount
        kept = select(part.outbox_id).where(part.outbox_id == row.id).exists()
        old = delete(outbox).where(row.status == "routed", row.routed_at < before, ~kept)
        return removed + tx.execute(old).rowcount

    def _settle(self, tx: Connection, row: OutboxRow, **values: Any) -> bool:
        claimed = {"of_id": row.id, "of_fence": row.fence}
        return tx.execute(_SETTLE, {**claimed, "lease_until": None, **values}).rowcount == 1


_ROW = (
    outbox.c.id,
    outbox.c.topic,
    outbox.c.ref,
    outbox.c.payload,
    outbox.c.created_at,
    outbox.c.attempts,
    outbox.c.fence,
    outbox.c.last_error,
)


def _row(found: Any) -> OutboxRow:
    return OutboxRow(
        found.id,
        Topic(found.topic),
        found.ref,
        found.payload,
        found.created_at,
        found.attempts,
        found.fence,
        found.last_error,
    )


def _with_findings(tx: Connection, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    """The rows, those of findings with what their states say. One whose state is gone says too little to be routed."""
    asked = {row.ref for row in rows if row.topic is Topic.FINDING and row.ref and "rule" not in row.payload}
    told = findings_told(tx, asked)
    return [
        replace(row, payload=_filled(row.payload, *told[row.ref]))
        if row.topic is Topic.FINDING and row.ref in told
        else row
        for row in rows
    ]


def _filled(step: Mapping[str, Any], finding: Finding, remedy: str) -> dict[str, Any]:
    previous = FindingStatus(step["previous"]) if step.get("previous") else None
    return finding_payload(
        finding, previous=previous, baseline=bool(step.get("baseline")), remedy=remedy, tags=step.get("tags")
    )


# Put together once: SQLAlchemy takes longer to put a statement together than SQLite to run it. What an update sets are
# the parameters that are named as columns.
_part = notification_part.c
_TELL = insert(notification_part)
_SETTLE = update(outbox).where(
    outbox.c.id == bindparam("of_id"), outbox.c.fence == bindparam("of_fence"), outbox.c.status == "pending"
)
_TIE = update(notification_part).where(
    _part.notification_id.is_(None),
    _part.route == bindparam("of_route"),
    _part.channel == bindparam("of_channel"),
    _part.kind == bindparam("of_kind"),
    _part.due_at <= bindparam("until"),
)
_TIE_GROUP = _TIE.where(_part.group_key == bindparam("of_group"))
_EVENTS = (
    select(outbox.c.event)
    .join(notification_part, _part.outbox_id == outbox.c.id)
    .where(_part.notification_id == bindparam("of_id"))
    .order_by(_part.id)
)
