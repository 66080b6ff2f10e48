"""Who stands behind a session: the calls that handed out the keys that it was used with."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from vigie.history.event_rows import EVENT, EVENTS, event_of
from vigie.history.tables.events import event, event_key
from vigie.model.event import Event

LONGEST = 8
"""AWS allows chains of roles of any length; each lasts an hour at most."""


def behind(tx: Connection, access_keys: Iterable[str | None]) -> dict[str, tuple[Event, ...]]:
    """Key → the calls that led to it, nearest first: AssumeRole by whom, and who made *that* session."""
    made_by: dict[str, Event | None] = {}

    def maker(key: str) -> Event | None:
        if key not in made_by:
            made = select(event_key.c.event_pk).where(event_key.c.access_key == key)
            query = select(*EVENT).select_from(EVENTS).where(event.c.pk.in_(made)).order_by(event.c.pk).limit(1)
            row = tx.execute(query).one_or_none()
            made_by[key] = event_of(row) if row is not None else None
        return made_by[key]

    found: dict[str, tuple[Event, ...]] = {}
    for start in dict.fromkeys(key for key in access_keys if key):
        chain: list[Event] = []
        key: str | None = start
        seen = set[str]()
        while key is not None and key not in seen and len(chain) < LONGEST:
            seen.add(key)
            call = maker(key)
            if call is None:
                break
            chain.append(call)
            key = call.actor.access_key
        if chain:
            found[start] = tuple(chain)
    return found
