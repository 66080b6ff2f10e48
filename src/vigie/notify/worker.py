"""The notifier: takes what happened from the outbox, routes it, composes what is due, delivers it.

Three steps, each in transactions of its own, none of which leaves anything half done: a process that dies at any
instant loses nothing, and another one goes on where it was. Delivery is at least once: one that died after the channel
took a message and before that was recorded is repeated, with the same id.
"""

from __future__ import annotations

import random
import traceback
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import structlog

from vigie.history.notifications import Notification, NotificationDraft, NotificationKind
from vigie.history.outbox import Batch, OutboxRow, PartKind, Topic
from vigie.history.store import History, Transaction
from vigie.model.account import Account
from vigie.model.change import Change
from vigie.model.errors import SettingsError, UsageError
from vigie.notify.channels.base import Channel, ChannelFailed, Receipt
from vigie.notify.digest import Hold, Recent, parts_of, plan, summary_is_due
from vigie.notify.event import Event, from_document, to_document
from vigie.notify.message import compose, message_document, message_of, test_message
from vigie.notify.reading import ChangeOf, UnreadableRow, read_row
from vigie.notify.routes import Route, matching

log = structlog.get_logger(__name__)


_LOOK_FOR_ACTOR = timedelta(seconds=2)
"""A change that waits for its actor is looked at so often."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How the notifier paces itself."""

    attempts: int = 8
    """After so many failures a notification is a dead letter."""
    first_retry: timedelta = timedelta(minutes=1)
    """Doubled with each further attempt, and spread by a quarter to both sides."""
    longest_retry: timedelta = timedelta(hours=6)
    lease: timedelta = timedelta(minutes=5)
    """Longer than one attempt may take: after it, others take over."""
    failures_in_a_row: int = 3
    """A channel that failed so often in a run is left alone until the next."""
    batch: int = 200
    """Rows routed in one transaction."""
    hold: Hold = field(default_factory=Hold)
    thread_age: timedelta = timedelta(days=7)
    """How old a message may be for others on the same resource to go into its thread."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt that failed."""

    notification: int
    channel: str
    reason: str
    dead: bool


@dataclass(frozen=True, slots=True)
class NotifierSummary:
    """What one run did. ``held``: parts that wait for a digest, the end of a first look, or of a storm."""

    routed: int = 0
    composed: int = 0
    sent: int = 0
    retried: int = 0
    dead: int = 0
    held: int = 0
    failures: tuple[Failure, ...] = ()
    unreadable: tuple[str, ...] = ()
    """Why rows of the outbox could not be routed."""


@dataclass
class _Tally:
    sent: int = 0
    failures: list[Failure] = field(default_factory=list)


class _Taken(Exception):  # noqa: N818 - it is no error
    """Another notifier composed these parts first."""


class Notifier:
    """Tells people. Several may run at once on one store.

    Args:
        history: the store.
        routes: of ``parse_routes``.
        channels: by name, of ``build_channels``. Each is called from one thread at a time; different ones at once.
        clock: gives the time while messages are being delivered.
        base_url: where people reach vigie, for links.
        accounts: what is known of accounts now; None = those of the store.
        change_of: reads a change by its revision's pk; None = the archive's.
        jitter: gives numbers from 0 to 1.
        wait_for_actor: how long a change may wait to be told until it is known who made it (none: events of CloudTrail
            are not fetched).

    Raises:
        SettingsError: ``base_url`` is not an http address.
    """

    def __init__(
        self,
        history: History,
        routes: Sequence[Route],
        channels: Mapping[str, Channel],
        *,
        clock: Callable[[], datetime],
        base_url: str | None = None,
        limits: Limits | None = None,
        accounts: Callable[[], Mapping[str, Account]] | None = None,
        change_of: ChangeOf | None = None,
        jitter: Callable[[], float] = random.random,
        wait_for_actor: timedelta = timedelta(0),
    ) -> None:
        if base_url is not None and not base_url.startswith(("https://", "http://")):
            raise SettingsError(f"web.base_url cannot be {base_url!r}: begin it with https:// or http://.")
        self._history = history
        self._outbox = history.outbox
        self._routes = tuple(routes)
        self._channels = dict(channels)
        self._clock = clock
        self._base_url = base_url
        self._limits = limits or Limits()
        self._accounts = accounts or (lambda: {account.id: account for account in history.accounts.all()})
        self._change_of = change_of
        self._jitter = jitter
        self._wait_for_actor = wait_for_actor

    def run_once(self, now: datetime, *, flush: bool = False) -> NotifierSummary:
        """Route, compose and deliver all that is due. With ``flush`` first looks are told without waiting for quiet
        (for programs that end after one sweep); digests still wait for their time.

        Raises:
            StoreError: the store cannot be reached; nothing is lost.
        """
        routed, unreadable = self._route(now, flush)
        composed = self._compose(now, flush)
        tally = self._deliver(now)
        dead = sum(failure.dead for failure in tally.failures)
        return NotifierSummary(
            routed=routed,
            composed=composed,
            sent=tally.sent,
            retried=len(tally.failures) - dead,
            dead=dead,
            held=self._outbox.held(),
            failures=tuple(tally.failures),
            unreadable=tuple(unreadable),
        )

    def next_run(self, now: datetime) -> datetime:
        """When to call ``run_once`` again: when something gets due, from 5 s to a minute from now."""
        due = self._outbox.next_due() or now + timedelta(minutes=1)
        return min(max(due, now + timedelta(seconds=5)), now + timedelta(minutes=1))

    def test_channel(self, name: str) -> Receipt:
        """Send a test message through a channel, now.

        Raises:
            UsageError: there is no such channel.
            SettingsError: it was not taken; says why.
        """
        channel = self._channels.get(name)
        if channel is None:
            there = ", ".join(sorted(self._channels)) or "none is defined"
            raise UsageError(f'There is no channel "{name}" (channels: {there}).')
        try:
            return channel.send(test_message(name, uuid.uuid4().hex, self._clock()))
        except ChannelFailed as error:
            raise SettingsError(f'Channel "{name}" did not take the test message: {error.reason}.') from None

    # --- rows → parts

    def _route(self, now: datetime, flush: bool) -> tuple[int, list[str]]:
        accounts = self._accounts()
        routed, unreadable = 0, list[str]()
        while True:
            with self._history.begin() as tx:
                rows = self._outbox.claim(tx, self._limits.batch, now, self._limits.lease)
            if not rows:
                return routed, unreadable
            change_of = self._change_of or self._changes_of(rows).get
            read = [(row, _read(row, change_of, accounts)) for row in rows]
            with self._history.begin() as tx:
                ready = read if flush else self._ready(tx, read, now)
                routed += self._route_read(tx, ready, now)
            unreadable += [event for _, event in read if isinstance(event, str)]

    def _ready(
        self, tx: Transaction, read: Sequence[tuple[OutboxRow, Event | str]], now: datetime
    ) -> list[tuple[OutboxRow, Event | str]]:
        """Those that are told now. A change of which it is not known who made it waits a little for its event."""
        ready = []
        for row, event in read:
            until = row.created_at + self._wait_for_actor
            if isinstance(event, Event) and event.lacks_actor and now < until:
                self._outbox.defer(tx, row, min(now + _LOOK_FOR_ACTOR, until))
            else:
                ready.append((row, event))
        return ready

    def _route_read(self, tx: Transaction, read: Sequence[tuple[OutboxRow, Event | str]], now: datetime) -> int:
        routed, unwanted = 0, list[OutboxRow]()
        for row, event in read:
            if isinstance(event, Event):
                parts = parts_of(event, matching(event, self._routes), now)
                if parts:
                    routed += self._outbox.route(tx, row, to_document(event), parts, now)
                else:
                    unwanted.append(row)
            elif row.attempts + 1 >= self._limits.attempts:
                self._outbox.give_up(tx, row, event)
            else:
                self._outbox.put_back(tx, row, now + self._delay(row.attempts), event)
        return routed + self._outbox.route_to_nobody(tx, unwanted, now)

    def _changes_of(self, rows: Sequence[OutboxRow]) -> dict[int, Change]:
        """The changes that rows tell of, read at once: after the claim, for what is known of them grows."""
        told = [row.ref for row in rows if row.topic is Topic.CHANGE and row.ref is not None]
        return self._history.archive.changes_of(told)

    # --- parts → notifications

    def _compose(self, now: datetime, flush: bool) -> int:
        made = 0
        batches = sorted(self._outbox.batches(now), key=lambda b: (b.route, b.channel))  # stable: oldest first within
        for _, group in groupby(batches, key=lambda b: (b.route, b.channel)):
            mine = list(group)
            made += self._compose_immediate([b for b in mine if b.kind is PartKind.IMMEDIATE], now)
            for batch in mine:
                if batch.kind is PartKind.DIGEST:
                    made += self._make(NotificationKind.DIGEST, batch, batch.group_key, now)
                elif batch.kind is PartKind.SUMMARY and (flush or summary_is_due(batch, now, self._limits.hold)):
                    made += self._make(NotificationKind.SUMMARY, batch, batch.group_key, now)
        return made

    def _compose_immediate(self, batches: Sequence[Batch], now: datetime) -> int:
        if not batches:
            return 0
        first = batches[0]
        route = next((r for r in self._routes if r.name == first.route), Route(first.route, (first.channel,)))
        count, collapsed = self._outbox.notifications.recent(first.route, first.channel, now - route.storm_window)
        planned = plan(batches, Recent(count, collapsed), route.storm_limit)
        if planned.collapse:
            return self._make(NotificationKind.COLLAPSED, first, None, now)
        return sum(self._make(NotificationKind.IMMEDIATE, batch, batch.group_key, now) for batch in planned.single)

    def _make(self, kind: NotificationKind, batch: Batch, group_key: str | None, now: datetime) -> int:
        uid = uuid.uuid4().hex
        draft = NotificationDraft(uid, batch.route, batch.channel, kind, group_key or "", now)
        try:
            with self._history.begin() as tx:
                made, tied = self._outbox.gather(tx, draft, batch.kind, group_key, now)
                if not tied:
                    raise _Taken
                events = (from_document(document) for document in self._outbox.events_of(tx, made))
                message = compose(kind, batch.route, uid, now, events)
                self._outbox.notifications.fill(tx, made, message_document(message))
        except _Taken:
            return 0
        return 1

    # --- notifications → people

    def _deliver(self, now: datetime) -> _Tally:
        """Each channel in a thread of its own: one that hangs holds up no other."""
        names = self._outbox.notifications.due_channels(now)
        total = _Tally()
        if not names:
            return total
        with ThreadPoolExecutor(max_workers=min(16, len(names)), thread_name_prefix="notify") as pool:
            for tally in pool.map(lambda name: self._deliver_by(name, now), names):
                total.sent += tally.sent
                total.failures += tally.failures
        return total

    def _deliver_by(self, name: str, now: datetime) -> _Tally:
        tally = _Tally()
        failed_in_a_row = 0
        while failed_in_a_row < self._limits.failures_in_a_row:
            claimed_at = self._clock()
            with self._history.begin() as tx:
                claims = self._outbox.notifications.claim(tx, name, 20, now, claimed_at + self._limits.lease)
            if not claims:
                break
            for claim in claims:
                late = self._clock() - claimed_at > self._limits.lease / 2
                if late or failed_in_a_row >= self._limits.failures_in_a_row:
                    self._release(claim, now if late else now + self._limits.first_retry)
                    continue
                failure = self._attempt(claim, now)
                failed_in_a_row = failed_in_a_row + 1 if failure else 0
                tally.sent += failure is None
                tally.failures += [failure] if failure else []
        return tally

    def _release(self, claim: Notification, at: datetime) -> None:
        with self._history.begin() as tx:
            self._outbox.notifications.release(tx, claim, at)

    def _attempt(self, claim: Notification, now: datetime) -> Failure | None:
        try:
            receipt = self._send(claim)
        except ChannelFailed as error:
            return self._failed(claim, error, now)
        with self._history.begin() as tx:
            self._outbox.notifications.sent(tx, claim, self._clock(), receipt.reference)
        if receipt.note:
            log.info("a notification was taken", channel=claim.channel, note=receipt.note)
        return None

    def _send(self, claim: Notification) -> Receipt:
        channel = self._channels.get(claim.channel)
        if channel is None:
            raise ChannelFailed(
                permanent=True, reason=f'there is no channel "{claim.channel}" in the settings any more'
            )
        try:
            message = message_of(claim.payload, self._base_url)
        except (KeyError, ValueError, TypeError) as error:
            raise ChannelFailed(permanent=True, reason=f"its content cannot be read: {error}") from error
        try:
            return channel.send(message, self._thread(claim))
        except ChannelFailed:
            raise
        except Exception as error:
            # its text may hold a secret (an address with a token), so only its kind and place are told
            reason = f"the channel raised {type(error).__name__} ({_place(error)}), a defect of it"
            raise ChannelFailed(permanent=False, reason=reason) from error

    def _thread(self, claim: Notification) -> str | None:
        if claim.kind is not NotificationKind.IMMEDIATE or "resource=" not in claim.group_key:
            return None
        since = self._clock() - self._limits.thread_age
        return self._outbox.notifications.thread(claim.channel, claim.group_key, since)

    def _failed(self, claim: Notification, error: ChannelFailed, now: datetime) -> Failure:
        dead = error.permanent or claim.attempts + 1 >= self._limits.attempts
        with self._history.begin() as tx:
            if dead:
                self._outbox.notifications.bury(tx, claim, error.reason)
            else:
                delay = max(self._delay(claim.attempts), error.retry_after or timedelta())
                self._outbox.notifications.retry(tx, claim, max(now, self._clock()) + delay, error.reason)
        log.warning("a notification failed", channel=claim.channel, id=claim.pk, reason=error.reason, dead=dead)
        return Failure(claim.pk, claim.channel, error.reason, dead)

    def _delay(self, attempts: int) -> timedelta:
        """Before the attempt after ``attempts`` + 1 failed ones."""
        delay: timedelta = min(self._limits.first_retry * 2 ** min(attempts, 30), self._limits.longest_retry)
        return delay * (0.75 + 0.5 * self._jitter())


def _read(row: OutboxRow, change_of: ChangeOf, accounts: Mapping[str, Account]) -> Event | str:
    try:
        return read_row(row, change_of, accounts)
    except UnreadableRow as error:
        log.warning("an outbox row cannot be routed", reason=str(error))
        return str(error)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown place"
