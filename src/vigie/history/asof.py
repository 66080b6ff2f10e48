"""How a resource was at a time, and how sure that is.

Between two looks that showed the same state, that state is taken to have held. Between the last look that showed
the old state and the one that showed the new one, either may have held. Outside of looks nothing is known: after the
last one, the last known state is given as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, Connection, bindparam, select

from vigie.history import blobs, scopes
from vigie.history.columns import CONTENTS, HEADER, RESOURCE, REVISIONS, AnyRow
from vigie.history.rows import resource_of, unreadable_from
from vigie.history.tables.archive import resource, revision
from vigie.model.canonical import instant_text
from vigie.model.change import Certainty, ChangeKind, Erased, Revision, StateAt
from vigie.model.scope import Coverage


@dataclass(frozen=True, slots=True)
class Known:
    """What is recorded around a time."""

    before: Revision | None
    """The last one observed at that time or earlier."""
    after: Revision | None
    """The first one observed later."""
    held_until: datetime | None
    """Up to when ``before`` was confirmed by later looks."""
    run: Coverage | None
    """What came of looking at the scope at that time."""
    looked_since: datetime | None
    """End of the first look that showed the whole listing of the scope."""


def read(tx: Connection, pk: int, when: datetime) -> Known | None:
    """None for a resource that is not recorded."""
    known = tx.execute(_RECORDED, {"resource": pk}).one_or_none()
    if known is None:
        return None
    before = tx.execute(_BEFORE, {"resource": pk, "moment": when}).one_or_none()
    after = tx.execute(_AFTER, {"resource": pk, "moment": when}).one_or_none()
    runs = scopes.runs(tx, known.scope_pk)
    if after is not None:
        held = after.changed_after or after.looked_before
    elif known.present and known.seen_until is not None:
        held = known.seen_until
    else:
        held = runs[-1].last_listed_began if runs else None
    return known_of(_revision(before), _revision(after), held, runs, when)


def known_of(
    before: Revision | None, after: Revision | None, held: datetime | None, runs: Sequence[Coverage], when: datetime
) -> Known:
    """What is known around a time, from the runs of the scope (oldest first) and the revisions next to that time."""
    return Known(
        before=before,
        after=after,
        held_until=held,
        run=next((run for run in reversed(runs) if run.since <= when <= run.last_looked), None),
        looked_since=next((run.since for run in runs if run.status.listed_everything), None),
    )


def state_at(known: Known, when: datetime) -> StateAt:
    """Decided purely from what is recorded around that time."""
    before, after = known.before, known.after
    if before is None:
        return _before_the_first(known, when)
    if when == before.observed_at or (known.held_until is not None and when <= known.held_until):
        return StateAt(
            when, Certainty.EXACT, before, None, f"Seen so at {_t(before.observed_at)}, and {_until(known)}."
        )
    if after is not None:
        text = (
            f"It changed after {_t(known.held_until or before.observed_at)} and was seen changed at "
            f"{_t(after.observed_at)}: this is the state before.{_gap(known)}"
        )
        return StateAt(when, Certainty.CHANGED_IN_WINDOW, before, after, text)
    seen = max(known.held_until or before.observed_at, before.observed_at)
    text = f"It was last seen at {_t(seen)}, like this: nobody has looked since, so it may have changed.{_gap(known)}"
    return StateAt(when, Certainty.UNKNOWN, before, None, text)


def revision_of(row: AnyRow, unreadable: str | None) -> Revision:
    """From the columns RESOURCE, HEADER and BODY."""
    return Revision(
        resource=resource_of(row),
        number=row.number,
        kind=ChangeKind(row.kind),
        observed_at=row.observed_at,
        configuration=blobs.configuration_from(row.body, row.dictionary),
        changed_after=row.changed_after,
        unreadable=unreadable_from(unreadable),
        config_sha=row.config_sha or "",
        durable_sha=row.durable_sha or "",
        pk=row.revision_pk,
        erased=erased_of(row),
    )


def erased_of(row: AnyRow) -> Erased | None:
    """From the columns of :data:`vigie.history.columns.ERASED`."""
    if row.erased_at is None:
        return None
    return Erased(row.erased_policy, row.erased_at, bytes(row.erased_commitment).hex())


# Put together once: SQLAlchemy takes longer to put a statement together than SQLite to run it.
_RESOURCE: BindParameter[int] = bindparam("resource")
_MOMENT: BindParameter[datetime] = bindparam("moment")
_RECORDED = select(resource.c.scope_pk, resource.c.seen_until, resource.c.present).where(resource.c.pk == _RESOURCE)
_OF = select(*RESOURCE, *HEADER, *CONTENTS).select_from(REVISIONS).where(revision.c.resource_pk == _RESOURCE).limit(1)
_BEFORE = _OF.where(revision.c.observed_at <= _MOMENT).order_by(revision.c.observed_at.desc(), revision.c.number.desc())
_AFTER = _OF.where(revision.c.observed_at > _MOMENT).order_by(revision.c.observed_at, revision.c.number)


def _revision(row: AnyRow | None) -> Revision | None:
    return revision_of(row, row.unreadable) if row is not None else None


def _before_the_first(known: Known, when: datetime) -> StateAt:
    first = known.after
    if first is None:
        return StateAt(when, Certainty.UNKNOWN, None, None, "Nothing is recorded of it.")
    held = first.changed_after
    if first.kind is ChangeKind.CREATED and held is not None and when <= held:
        looked = when == held or (known.looked_since is not None and known.looked_since <= when)
        if looked:
            text = f"It did not exist: vigie looked at {_t(held)} and it was not there."
            return StateAt(when, Certainty.EXACT, None, first, text)
        return StateAt(when, Certainty.UNKNOWN, None, None, "vigie did not look at that scope yet.")
    if first.kind is ChangeKind.CREATED and held is not None:
        text = f"It was made after {_t(held)} and seen first at {_t(first.observed_at)}.{_gap(known)}"
        return StateAt(when, Certainty.CHANGED_IN_WINDOW, None, first, text)
    text = f"vigie saw it first at {_t(first.observed_at)}: nothing is known of the time before."
    return StateAt(when, Certainty.UNKNOWN, None, None, text)


def _until(known: Known) -> str:
    if known.held_until is None or known.before is None or known.held_until <= known.before.observed_at:
        return "at no later look"
    return f"still so at {_t(known.held_until)}"


def _gap(known: Known) -> str:
    run = known.run
    if run is None or run.status.listed_everything:
        return ""
    return f" vigie could not look then ({run.status.value} since {_t(run.since)})."


def _t(when: datetime) -> str:
    return instant_text(when.replace(microsecond=0))
