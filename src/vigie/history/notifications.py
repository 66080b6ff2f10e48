"""Notifications: messages that go, went, or could not go to a channel."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, func, insert, or_, select, update

from vigie.history.tables.outbox import notification as table
from vigie.model.paging import Page, Paged


class NotificationStatus(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    """The channel took it at least once."""
    DEAD = "dead"
    """Given up: the reason is kept, and it can be sent again."""


class NotificationKind(StrEnum):
    IMMEDIATE = "immediate"
    DIGEST = "digest"
    SUMMARY = "summary"
    """Of the first look at an account."""
    COLLAPSED = "collapsed"
    """More immediate ones than the route's limit."""
    TEST = "test"


@dataclass(frozen=True, slots=True)
class NotificationDraft:
    """A notification before it is written. ``uid``: 32 hexadecimal digits, the same in every attempt."""

    uid: str
    route: str
    channel: str
    kind: NotificationKind
    group_key: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one channel. ``payload`` is the structured message (vigie.notify.message)."""

    pk: int
    uid: str
    route: str
    channel: str
    kind: NotificationKind
    group_key: str
    status: NotificationStatus
    attempts: int
    next_at: datetime
    created_at: datetime
    sent_at: datetime | None = None
    last_error: str | None = None
    receipt: str | None = None
    fence: int = 0
    payload: Mapping[str, Any] = field(default_factory=dict)


class Notifications:
    """Part of the outbox. Methods that write take the caller's transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, tx: Connection, draft: NotificationDraft, payload: Mapping[str, Any] | None = None) -> int:
        """Write one, due at once; its id."""
        row = {
            "uid": draft.uid,
            "route": draft.route,
            "channel": draft.channel,
            "kind": draft.kind.value,
            "group_key": draft.group_key,
            "payload": dict(payload or {}),
            "next_at": draft.created_at,
            "created_at": draft.created_at,
        }
        return int(tx.execute(_ADD, row).scalar_one())

    def fill(self, tx: Connection, notification_id: int, payload: Mapping[str, Any]) -> None:
        """Give one its content."""
        tx.execute(_FILL, {"of_id": notification_id, "payload": dict(payload)})

    def due_channels(self, now: datetime) -> list[str]:
        """Names of the channels that something is due for."""
        with self._engine.connect() as connection:
            found = select(table.c.channel).where(_due(now)).distinct().order_by(table.c.channel)
            return list(connection.execute(found).scalars())

    def claim(self, tx: Connection, channel: str, n: int, now: datetime, lease_until: datetime) -> list[Notification]:
        """Take up to ``n`` notifications of a channel that are due, oldest first: nobody else gets them until then."""
        wanted = and_(_due(now), table.c.channel == channel)
        picked = select(table.c.id).where(wanted).order_by(table.c.id).limit(n).with_for_update(skip_locked=True)
        ids = list(tx.execute(picked).scalars())
        if not ids:
            return []
        take = update(table).where(table.c.id.in_(ids)).values(lease_until=lease_until, fence=table.c.fence + 1)
        return sorted((_notification(r) for r in tx.execute(take.returning(table)).all()), key=lambda n: n.pk)

    def sent(self, tx: Connection, claim: Notification, now: datetime, receipt: str | None) -> bool:
        """The channel took it. False where the claim was lost meanwhile (so it may be told twice)."""
        values = {"status": "sent", "sent_at": now, "receipt": receipt, "last_error": None}
        return _settle(tx, claim, values | {"attempts": claim.attempts + 1})

    def retry(self, tx: Connection, claim: Notification, at: datetime, error: str) -> bool:
        """It failed, and is due again at ``at``. False where the claim was lost."""
        values = {"attempts": claim.attempts + 1, "next_at": at, "last_error": error_text(error)}
        return _settle(tx, claim, values)

    def release(self, tx: Connection, claim: Notification, at: datetime) -> bool:
        """It was not tried: due again at ``at``, the attempt not counted. False where the claim was lost."""
        return _settle(tx, claim, {"next_at": at})

    def bury(self, tx: Connection, claim: Notification, error: str) -> bool:
        """It will not go: a dead letter. False where the claim was lost."""
        values = {"status": "dead", "attempts": claim.attempts + 1, "last_error": error_text(error)}
        return _settle(tx, claim, values)

    def resend(self, tx: Connection, now: datetime, ids: Collection[int] | None = None) -> int:
        """Make dead letters due again, from the first attempt on; all of them where no ids are given. How many."""
        chosen = table.c.status == "dead"
        if ids is not None:
            chosen = and_(chosen, table.c.id.in_(list(ids)))
        again = {"status": "pending", "attempts": 0, "next_at": now, "lease_until": None}
        return tx.execute(update(table).where(chosen).values(again)).rowcount

    def page(
        self, page: Page, *, status: NotificationStatus | None = None, channel: str | None = None
    ) -> Paged[Notification]:
        """Notifications, newest first."""
        found = select(table).order_by(table.c.id.desc()).limit(page.limit + 1)
        if status is not None:
            found = found.where(table.c.status == status.value)
        if channel is not None:
            found = found.where(table.c.channel == channel)
        if page.after is not None and page.after.isdigit():
            found = found.where(table.c.id < int(page.after))
        with self._engine.connect() as connection:
            rows = [_notification(r) for r in connection.execute(found).all()]
        more = len(rows) > page.limit
        rows = rows[: page.limit]
        return Paged(tuple(rows), str(rows[-1].pk) if more else None)

    def get(self, notification_id: int) -> Notification | None:
        with self._engine.connect() as connection:
            row = connection.execute(select(table).where(table.c.id == notification_id)).first()
            return _notification(row) if row else None

    def counts(self) -> dict[NotificationStatus, int]:
        """How many there are of each status."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(table.c.status, func.count()).group_by(table.c.status)).all()
        found = {NotificationStatus(status): int(count) for status, count in rows}
        return {status: found.get(status, 0) for status in NotificationStatus}

    def recent(self, route: str, channel: str, since: datetime) -> tuple[int, bool]:
        """Immediate ones made after ``since``: how many, and whether one of them was collapsed."""
        kinds = (NotificationKind.IMMEDIATE.value, NotificationKind.COLLAPSED.value)
        mine = and_(
            table.c.route == route, table.c.channel == channel, table.c.created_at > since, table.c.kind.in_(kinds)
        )
        collapsed = func.count().filter(table.c.kind == NotificationKind.COLLAPSED.value)
        with self._engine.connect() as connection:
            row = connection.execute(select(func.count(), collapsed).where(mine)).one()
        return int(row[0]), bool(row[1])

    def thread(self, channel: str, group_key: str, since: datetime) -> str | None:
        """The receipt of the first notification of that group which the channel took after ``since``."""
        asked = {"channel": channel, "group_key": group_key, "since": since}
        with self._engine.connect() as connection:
            return connection.execute(_THREAD, asked).scalar_one_or_none()


def error_text(error: str) -> str:
    """A reason that both databases can keep: no control characters, at most 2,000 characters."""
    return "".join(c if c.isprintable() else " " for c in error)[:2000]


def _due(now: datetime) -> Any:
    free = or_(table.c.lease_until.is_(None), table.c.lease_until <= now)
    return and_(table.c.status == "pending", table.c.next_at <= now, free)


def _settle(tx: Connection, claim: Notification, values: Mapping[str, Any]) -> bool:
    claimed = {"of_id": claim.pk, "of_fence": claim.fence}
    return tx.execute(_SETTLE, {**claimed, "lease_until": None, **values}).rowcount == 1


def _notification(row: Any) -> Notification:
    return Notification(
        pk=row.id,
        uid=row.uid,
        route=row.route,
        channel=row.channel,
        kind=NotificationKind(row.kind),
        group_key=row.group_key,
        status=NotificationStatus(row.status),
        attempts=row.attempts,
        next_at=row.next_at,
        created_at=row.created_at,
        sent_at=row.sent_at,
        last_error=row.last_error,
        receipt=row.receipt,
        fence=row.fence,
        payload=row.payload,
    )


# Put together once: SQLAlchemy takes longer to put a statement together than SQLite to run it. What an update sets are
# the parameters that are named as columns.
_ADD = insert(table).returning(table.c.id)
_FILL = update(table).where(table.c.id == bindparam("of_id"))
_SETTLE = update(table).where(
    table.c.id == bindparam("of_id"), table.c.fence == bindparam("of_fence"), table.c.status == "pending"
)
_THREAD = (
    select(table.c.receipt)
    .where(
        table.c.channel == bindparam("channel"),
        table.c.group_key == bindparam("group_key"),
        table.c.status == "sent",
        table.c.sent_at > bindparam("since"),
        table.c.receipt.is_not(None),
    )
    .order_by(table.c.id)
    .limit(1)
)
