"""Which scopes are calm, out of what is recorded of events and changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from cloud import Cloud, Lookout
from happenings import ACCOUNT, event
from recordings import HOUR, SCOPE, T0
from vigie.catalogue.loader import Catalogue
from vigie.history.store import History
from vigie.watch.attributor import Attributor
from vigie.watch.calm import calm, spared
from vigie.watch.schedule import Calm

DAY = timedelta(days=1)


def of(here: Lookout) -> Calm:
    return calm(here.history, 6 * HOUR, here.cloud.now)


def test_a_scope_is_calm_while_events_arrive_and_nothing_happens(history: History, catalogue: Catalogue) -> None:
    here = Lookout(history, catalogue, Cloud())
    here.cloud.make("a")
    here.sweep()
    declared, coverage = catalogue.types[SCOPE.type], history.archive.scope_coverage(SCOPE)
    assert coverage is not None
    assert not of(here).holds(declared, coverage), "no event was ever heard"

    here.hear(event("AssumeSomething", at=T0))
    assert of(here).holds(declared, coverage)
    saved = spared(history, catalogue.types, of(here), HOUR)
    assert (saved.scopes, saved.of) == (1, 1)
    assert saved.calls_a_day >= 20 * 2

    here.cloud.later(60)
    here.hear(here.cloud.set("a", VisibilityTimeout="60"))
    here.read_after(3)
    assert not of(here).holds(declared, coverage), "something changed"
    here.cloud.later(DAY.total_seconds() + 60)
    assert not of(here).holds(declared, coverage), "nothing was heard for a day"
    with history.begin() as tx:
        times = (here.cloud.now - 2 * HOUR, here.cloud.now - HOUR, here.cloud.now)
        history.events.note_logs(tx, "trail:t", ACCOUNT, SCOPE.region, *times)
    assert of(here).holds(declared, coverage), "its logs are complete until an hour ago"


def test_a_change_that_no_event_told_of_takes_the_trust_from_its_region(history: History, catalogue: Catalogue) -> None:
    here = Lookout(history, catalogue, Cloud())
    here.cloud.make("a")
    here.sweep()
    here.hear(event("AssumeSomething", at=T0))
    here.cloud.later(60)
    here.cloud.set("a", VisibilityTimeout="60")
    here.sweep()
    Attributor(history, lambda: here.cloud.now).run()
    here.cloud.later(2 * DAY.total_seconds())
    here.hear(replace(event("AssumeSomething", at=here.cloud.now)))
    coverage = history.archive.scope_coverage(SCOPE)
    assert coverage is not None
    assert not of(here).holds(catalogue.types[SCOPE.type], coverage)
    here.cloud.later(6 * DAY.total_seconds())
    here.hear(event("AssumeSomething", at=here.cloud.now))
    assert of(here).holds(catalogue.types[SCOPE.type], coverage)
