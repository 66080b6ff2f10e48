"""What CloudTrail told: events are stored once each, whatever order and however often they come.

An event that arrives puts two kinds of work in the queue, in the transaction that stores it: the revisions that it may
explain are attributed anew (topic ``attribute``), and the watcher is told what to read (by its own topics).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from vigie.history import attributions, session_chain, work
from vigie.history.blobs import batches
from vigie.history.columns import RESOURCE, RESOURCES
from vigie.history.cursors import decode, encode
from vigie.history.event_rows import (
    EVENT,
    EVENTS,
    RECORD,
    actor_digest,
    actor_row,
    event_of,
    event_row,
    subject_of,
    subject_rows,
)
from vigie.history.rows import resource_of
from vigie.history.tables.archive import resource, revision, scope
from vigie.history.tables.events import (
    actor,
    attribution,
    delivery,
    event,
    event_key,
    event_resource,
    log_coverage,
    malformed,
)
from vigie.model.attribution import CLOCK, LATE, Confidence
from vigie.model.event import Actor, Event, Malformed, Subject
from vigie.model.paging import Page, Paged
from vigie.model.resource import Resource

MOST_MALFORMED: Final = 1_000
"""So many are kept aside, the latest; all are counted."""
_IN_LIST = 500


@dataclass(frozen=True, slots=True)
class Stored:
    """What came of a batch."""

    new: tuple[tuple[int, Event], ...]
    """Number in the store, and the event: those that were not known before."""
    duplicates: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one source of events is doing."""

    source: str
    position: str | None
    last_ok_at: datetime | None
    last_event_at: datetime | None
    error: str | None
    error_at: datetime | None
    events: int
    malformed: int


class Events:
    """Part of :class:`~vigie.history.store.History`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # --- writing

    def record(self, tx: Connection, events: Sequence[Event], now: datetime) -> Stored:
        """Store the events that are not stored yet, in the caller's transaction, and have the revisions attributed anew
        that they may explain."""
        once = {one.id: one for one in events}
        known = _known(tx, once)
        fresh = [one for id, one in once.items() if id not in known]
        if not fresh:
            return Stored((), len(events))
        actors = _keep_actors(tx, [one.actor for one in fresh])
        rows = [event_row(one, actors[actor_digest(one.actor)]) | {"recorded_at": now} for one in fresh]
        statement = _new(tx, event).on_conflict_do_nothing(index_elements=["id"]).returning(event.c.id, event.c.pk)
        made = {row.id: row.pk for row in tx.execute(statement, rows)}
        new = tuple((made[one.id], one) for one in fresh if one.id in made)
        touched = [row for pk, one in new for row in subject_rows(one, pk)]
        if touched:
            tx.execute(insert(event_resource), touched)
        keys = [{"access_key": key, "event_pk": pk} for pk, one in new for key in dict.fromkeys(one.made_keys)]
        if keys:
            tx.execute(_new(tx, event_key).on_conflict_do_nothing(), keys)
        explained = _may_explain(tx, [one for _, one in new])
        work.put(tx, attributions.ATTRIBUTE, [str(pk) for pk in explained], now)
        return Stored(new, len(events) - len(new))

    def keep_aside(self, tx: Connection, source: str, found: Sequence[Malformed], now: datetime) -> None:
        """Count what came where a record should be; keep the digests of the latest."""
        for one in found:
            statement = _new(tx, malformed).values(
                digest=one.digest,
                source=source,
                error=one.error,
                size=one.size,
                count=1,
                first_at=now,
                last_at=now,
            )
            counted = {"count": malformed.c.count + 1, "last_at": now}
            tx.execute(statement.on_conflict_do_update(index_elements=["digest"], set_=counted))
        if not found:
            return
        kept = select(malformed.c.digest).order_by(malformed.c.last_at.desc(), malformed.c.digest).limit(MOST_MALFORMED)
        tx.execute(delete(malformed).where(malformed.c.digest.not_in(kept)))

    def note_delivery(
        self,
        tx: Connection,
        source: str,
        now: datetime,
        *,
        events: int = 0,
        malformed: int = 0,
        position: str | None = None,
    ) -> None:
        """A source was read; ``position``: where reading goes on (None: as it was)."""
        values: dict[str, Any] = {"last_ok_at": now, "error": None, "error_at": None}
        if events:
            values["last_event_at"] = now
        if position is not None:
            values["position"] = position
        statement = _new(tx, delivery).values(source=source, events=events, malformed=malformed, **values)
        counted = {"events": delivery.c.events + events, "malformed": delivery.c.malformed + malformed}
        tx.execute(statement.on_conflict_do_update(index_elements=["source"], set_=values | counted))

    def note_delivery_failed(self, tx: Connection, source: str, error: str, now: datetime) -> None:
        """A source could not be read."""
        values = {"error": error[:2_000], "error_at": now}
        statement = _new(tx, delivery).values(source=source, events=0, malformed=0, **values)
        tx.execute(statement.on_conflict_do_update(index_elements=["source"], set_=values))

    def note_logs(
        self, tx: Connection, source: str, account: str, region: str, since: datetime, until: datetime, now: datetime
    ) -> None:
        """All events of (``since``, ``until``] of that account and region are known to have been read.

        Lengthens the run that it follows without a hole. What waited for the logs is attributed anew.
        """
        same = and_(log_coverage.c.source == source, log_coverage.c.account == account, log_coverage.c.region == region)
        follows = and_(same, log_coverage.c.since <= since, log_coverage.c.until >= since)
        query = select(log_coverage.c.pk, log_coverage.c.until).where(follows)
        run = tx.execute(query.order_by(log_coverage.c.until.desc()).limit(1)).one_or_none()
        if run is None:
            row = {"source": source, "account": account, "region": region, "since": since, "until": until}
            tx.execute(insert(log_coverage).values(row))
        elif run.until < until:
            tx.execute(update(log_coverage).where(log_coverage.c.pk == run.pk).values(until=until))
        else:
            return
        waiting = attributions.waiting_for_logs(tx, account, until)
        work.put(tx, attributions.ATTRIBUTE, [str(pk) for pk in waiting], now)

    # --- reading

    def event(self, id: str) -> Event | None:
        """The event of that id, with its record."""
        with self._engine.connect() as tx:
            row = tx.execute(select(*EVENT, *RECORD).select_from(EVENTS).where(event.c.id == id)).one_or_none()
            if row is None:
                return None
            return event_of(row, _subjects(tx, [row.event_pk]).get(row.event_pk), record=True)

    def copies(self, shared_id: str) -> list[Event]:
        """All copies of one cross-account call, each as its account got it."""
        query = select(*EVENT).select_from(EVENTS).where(event.c.shared_id == shared_id).order_by(event.c.pk)
        with self._engine.connect() as tx:
            return [event_of(row) for row in tx.execute(query)]

    def of_actor(self, who: str, since: datetime | None, until: datetime | None, page: Page) -> Paged[Event]:
        """What somebody did, through sessions of assumed roles too, newest first, failed calls included.

        ``who``: an ARN (of a user, a role, a session), the id of an access key, a name, a source identity.
        """
        with self._engine.connect() as tx:
            return _page(tx, [event.c.actor_pk.in_(numbers_of(who))], since, until, page)

    def of_resource(self, one: Resource, since: datetime | None, until: datetime | None, page: Page) -> Paged[Event]:
        """What was done (or tried) with a resource, newest first."""
        with self._engine.connect() as tx:
            return _page(tx, [event.c.pk.in_(_TOUCHING)], since, until, page, _names_of(one))

    def events(self, since: datetime | None, until: datetime | None, page: Page) -> Paged[Event]:
        """All, newest first."""
        with self._engine.connect() as tx:
            return _page(tx, [], since, until, page)

    def candidates(self, one: Resource, after: datetime, until: datetime) -> list[tuple[int, Event]]:
        """The events that may have changed a resource in that time, oldest first, with their records and numbers in the
        store. Never a read or a failed call."""
        with self._engine.connect() as tx:
            rows = tx.execute(_CANDIDATES, _names_of(one) | {"since": after, "until": until}).all()
            subjects = _subjects(tx, [row.event_pk for row in rows])
        return [(row.event_pk, event_of(row, subjects.get(row.event_pk), record=True)) for row in rows]

    def behind(self, who: Actor) -> list[Event]:
        """The calls that made the session, nearest first: AssumeRole by whom, and who made *that* session."""
        with self._engine.connect() as tx:
            return list(session_chain.behind(tx, [who.access_key]).get(who.access_key or "", ()))

    def recorded_since(self, one: Resource, since: datetime) -> list[tuple[int, Event, datetime]]:
        """Number, event, and when it was recorded: of changes to a resource that vigie heard of since then."""
        with self._engine.connect() as tx:
            rows = tx.execute(_RECORDED_SINCE, _names_of(one) | {"since": since}).all()
            return [(row.event_pk, event_of(row), row.event_recorded_at) for row in rows]

    def resource_of(self, subject: Subject) -> Resource | None:
        """The recorded resource that an event speaks of; None where none is, or where several could be meant."""
        with self._engine.connect() as tx:
            found = _resources_of(tx, [subject])
        matching = [one for one in found if _is_meant(subject, one)]
        present = [one for one in matching if one.present] or matching
        return present[0] if len(present) == 1 else None

    def any_of(self, account: str) -> bool:
        """Whether an event of that account was ever recorded."""
        with self._engine.connect() as tx:
            return tx.execute(_ANY_OF, {"account": account}).first() is not None

    def logs_complete(self, account: str, regions: Iterable[str], since: datetime, until: datetime) -> bool:
        """Whether all events of that time are known to have been read, in each of the regions."""
        with self._engine.connect() as tx:
            return all(_complete(tx, account, region, since, until) for region in regions)

    def heard(self, since: datetime) -> set[tuple[str, str]]:
        """(account, region) of which an event since then is recorded."""
        query = select(event.c.account, event.c.region).where(event.c.at >= since).distinct()
        with self._engine.connect() as tx:
            return {(row[0], row[1]) for row in tx.execute(query)}

    def told_until(self) -> dict[tuple[str, str], datetime]:
        """(account, region) → until when its logs are known to be complete."""
        query = select(log_coverage.c.account, log_coverage.c.region, func.max(log_coverage.c.until))
        with self._engine.connect() as tx:
            rows = tx.execute(query.group_by(log_coverage.c.account, log_coverage.c.region)).all()
        return {(row[0], row[1]): row[2] for row in rows}

    def untold(self, since: datetime) -> set[tuple[str, str]]:
        """(account, region of the resource) of changes observed since then that no event explains."""
        joined = attribution.join(revision, attribution.c.revision_pk == revision.c.pk)
        joined = joined.join(resource, revision.c.resource_pk == resource.c.pk)
        joined = joined.join(scope, resource.c.scope_pk == scope.c.pk)
        unexplained = attribution.c.confidence.in_((Confidence.PENDING.value, Confidence.NONE.value))
        query = select(scope.c.account, resource.c.region, scope.c.region).select_from(joined).distinct()
        query = query.where(unexplained, attributions.is_latest(), revision.c.observed_at >= since)
        with self._engine.connect() as tx:
            rows = tx.execute(query).all()
        return {(row[0], region) for row in rows for region in (row[1], row[2])}

    def deliveries(self) -> list[Delivery]:
        """How each source is doing."""
        with self._engine.connect() as tx:
            rows = tx.execute(select(delivery).order_by(delivery.c.source)).all()
        return [Delivery(**row._mapping) for row in rows]

    def position(self, source: str) -> str | None:
        """Where reading of a source goes on."""
        with self._engine.connect() as tx:
            query = select(delivery.c.position).where(delivery.c.source == source)
            found: str | None = tx.execute(query).scalar_one_or_none()
        return found

    def malformed(self) -> int:
        """How many things came that were no records."""
        with self._engine.connect() as tx:
            return int(tx.execute(select(func.coalesce(func.sum(delivery.c.malformed), 0))).scalar_one())

    def count(self) -> int:
        with self._engine.connect() as tx:
            return int(tx.execute(select(func.count(event.c.pk))).scalar_one())


def numbers_of(who: str) -> Select[tuple[int]]:
    """The numbers of all actors that somebody is: in sessions of roles that they assumed, too.

    A role may have been used in more sessions than a statement may have parameters: so this is part of the statement.
    """
    named = ("arn", "issuer", "access_key", "principal_id", "name", "session", "source_identity", "invoked_by")
    wanted = or_(*(actor.c[column] == who for column in named))
    known = select(actor.c.pk).where(wanted).cte("known", recursive=True)
    made = event_key.join(event, event_key.c.event_pk == event.c.pk).join(known, event.c.actor_pk == known.c.pk)
    through = select(actor.c.pk).select_from(made.join(actor, actor.c.access_key == event_key.c.access_key))
    everyone = known.union(through)
    return select(everyone.c.pk)


def _page(
    tx: Connection,
    conditions: list[ColumnElement[bool]],
    since: datetime | None,
    until: datetime | None,
    page: Page,
    parameters: Mapping[str, Any] | None = None,
) -> Paged[Event]:
    query = select(*EVENT).select_from(EVENTS).where(*conditions)
    if since is not None:
        query = query.where(event.c.at >= since)
    if until is not None:
        query = query.where(event.c.at < until)
    if page.after is not None:
        at, pk = decode(page.after, datetime, int)
        query = query.where(or_(event.c.at < at, and_(event.c.at == at, event.c.pk < pk)))
    limit = max(1, min(page.limit, 1_000))
    rows = tx.execute(query.order_by(event.c.at.desc(), event.c.pk.desc()).limit(limit + 1), parameters).all()
    kept = rows[:limit]
    subjects = _subjects(tx, [row.event_pk for row in kept])
    following = encode(kept[-1].event_at, kept[-1].event_pk) if len(rows) > limit else None
    return Paged(tuple(event_of(row, subjects.get(row.event_pk)) for row in kept), following)


def _names_of(one: Resource) -> dict[str, Any]:
    """The parameters of :data:`_TOUCHING` and of what is made of it."""
    return {
        "names": [text for text in dict.fromkeys((one.id, one.arn, one.name)) if text],
        "arn": one.arn or None,
        "arn_or_none": one.arn or "",
        "type": one.type,
        "account": one.account,
        "places": sorted({one.region, one.scope.region, "global"}),
    }


def _is_meant(subject: Subject, one: Resource) -> bool:
    if subject.arn and one.arn and subject.arn == one.arn:
        return True
    named = subject.id in (one.id, one.arn) or (subject.known_by.value != "id" and subject.id == one.name)
    here = subject.region in (one.region, one.scope.region, "global") or one.scope.region == "global"
    return named and here


def _resources_of(tx: Connection, subjects: Sequence[Subject]) -> list[Resource]:
    """Candidates: recorded resources of those types and accounts under those ids, names or ARNs."""
    names = sorted({text for subject in subjects for text in (subject.id, subject.arn) if text})
    types = sorted({subject.type for subject in subjects})
    accounts = sorted({subject.account for subject in subjects})
    found: dict[int, Resource] = {}
    for batch in batches(names, _IN_LIST):
        named = or_(resource.c.id.in_(batch), resource.c.arn.in_(batch), resource.c.name.in_(batch))
        query = select(*RESOURCE).select_from(RESOURCES).where(named, scope.c.type.in_(types))
        for row in tx.execute(query.where(scope.c.account.in_(accounts))):
            found[row.resource_pk] = resource_of(row)
    return list(found.values())


def _may_explain(tx: Connection, events: Sequence[Event]) -> set[int]:
    """The revisions in whose window of change one of the events lies."""
    changing = [one for one in events if not one.failed and not one.read_only]
    spoken_of: dict[Subject, list[datetime]] = {}
    for told in changing:
        for subject in (*told.subjects, *told.implied):
            spoken_of.setdefault(subject, []).append(told.at)
    if not spoken_of:
        return set()
    times: dict[int, list[datetime]] = {}
    for one in _resources_of(tx, list(spoken_of)):
        for subject, told_at in spoken_of.items():
            if subject.type == one.type and subject.account == one.account and _is_meant(subject, one):
                times.setdefault(one.pk or 0, []).extend(told_at)
    found: set[int] = set()
    for batch in batches(sorted(times), _IN_LIST):
        query = select(revision.c.pk, revision.c.resource_pk, revision.c.changed_after, revision.c.observed_at)
        earliest = min(min(times[pk]) for pk in batch) - CLOCK
        for row in tx.execute(
            query.where(revision.c.resource_pk.in_(batch), revision.c.observed_at >= earliest, revision.c.durable)
        ):
            after = row.changed_after
            if any(
                at <= row.observed_at + CLOCK and (after is None or at >= after - LATE) for at in times[row.resource_pk]
            ):
                found.add(row.pk)
    return found


def _subjects(tx: Connection, pks: Sequence[int]) -> dict[int, dict[str, tuple[Subject, ...]]]:
    found: dict[int, dict[str, tuple[Subject, ...]]] = {}
    for batch in batches(list(pks), _IN_LIST):
        for row in tx.execute(_SUBJECTS, {"pks": batch}):
            roles = found.setdefault(row.event_pk, {})
            roles[row.role] = (*roles.get(row.role, ()), subject_of(row))
    return found


def _known(tx: Connection, ids: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for batch in batches(list(ids), _IN_LIST):
        found.update(tx.execute(select(event.c.id).where(event.c.id.in_(batch))).scalars())
    return found


def _keep_actors(tx: Connection, actors: Sequence[Actor]) -> dict[bytes, int]:
    """Store those that are not stored yet; the number of each, by digest."""
    rows = {row["digest"]: row for row in map(actor_row, dict.fromkeys(actors))}
    known = _actor_numbers(tx, rows)
    missing = sorted(rows.keys() - known.keys())  # one order of locks
    if missing:
        statement = _new(tx, actor).on_conflict_do_nothing(index_elements=["digest"])
        tx.execute(statement, [rows[digest] for digest in missing])
        known |= _actor_numbers(tx, missing)
    return known


def _actor_numbers(tx: Connection, digests: Iterable[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for batch in batches(list(digests), _IN_LIST):
        for row in tx.execute(select(actor.c.digest, actor.c.pk).where(actor.c.digest.in_(batch))):
            found[bytes(row.digest)] = row.pk
    return found


def _complete(tx: Connection, account: str, region: str, since: datetime, until: datetime) -> bool:
    asked = {"account": account, "region": region, "since": since, "until": until}
    return tx.execute(_COMPLETE, asked).first() is not None


def _new(tx: Connection, table: Any) -> Any:
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


# --- put together once: SQLAlchemy takes longer to put a statement together than SQLite to run it


def _several(name: str) -> BindParameter[Any]:
    return bindparam(name, expanding=True)


_TOUCHING = select(event_resource.c.event_pk).where(
    or_(event_resource.c.id.in_(_several("names")), event_resource.c.arn == bindparam("arn")),
    event_resource.c.type == bindparam("type"),
    event_resource.c.account == bindparam("account"),
    or_(event_resource.c.region.in_(_several("places")), event_resource.c.arn == bindparam("arn_or_none")),
)
"""Events that speak of a resource: by id, ARN, or the name that the event has instead."""
_CHANGING = and_(
    event.c.pk.in_(_TOUCHING.where(event_resource.c.role.in_(("subject", "implied")))),
    ~event.c.failed,
    ~event.c.read_only,
)
_CANDIDATES = (
    select(*EVENT, *RECORD)
    .select_from(EVENTS)
    .where(_CHANGING, event.c.at >= bindparam("since"), event.c.at <= bindparam("until"))
    .order_by(event.c.at, event.c.pk)
)
_RECORDED_SINCE = (
    select(*EVENT)
    .select_from(EVENTS)
    .where(_CHANGING, event.c.recorded_at >= bindparam("since"))
    .order_by(event.c.at, event.c.pk)
)
_ANY_OF = select(event.c.pk).where(event.c.account == bindparam("account")).limit(1)
_SUBJECTS = select(event_resource).where(event_resource.c.event_pk.in_(_several("pks"))).order_by(event_resource.c.pk)
_COMPLETE = (
    select(log_coverage.c.pk)
    .where(
        log_coverage.c.account == bindparam("account"),
        log_coverage.c.region == bindparam("region"),
        log_coverage.c.since <= bindparam("since"),
        log_coverage.c.until >= bindparam("until"),
    )
    .limit(1)
)
