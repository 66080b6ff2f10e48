"""Whatever the order of changes, events (late, twice, not at all), sweeps, stale and failing reads and deaths: history
replays to what is there, nothing is deleted that was there, order is by observation, no failed or read call is
credited.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cloud import Cloud, Killed, Lookout, url
from happenings import ALICE, BOB, DEPLOYER
from recordings import SCOPE
from vigie.catalogue.loader import Catalogue, load
from vigie.history.store import open_history
from vigie.model.change import Change, ChangeKind
from vigie.model.event import Event
from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter
from vigie.watch.attributor import Attributor

NAMES = ("a", "b", "c")
ACTORS = (ALICE, BOB, DEPLOYER)
pytestmark = pytest.mark.slow
_loaded: list[Catalogue] = []
_template: list[Path] = []


def _catalogue() -> Catalogue:
    if not _loaded:
        _loaded.append(load())
    return _loaded[0]


class Happenings(RuleBasedStateMachine):
    """One estate and its lookout."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="vigie-happenings-"))
        store = self.folder / "vigie.sqlite"
        if not _template:
            _template.append(Path(tempfile.mkdtemp(prefix="vigie-template-")) / "vigie.sqlite")
            open_history(f"sqlite:///{_template[0]}").close()
        shutil.copy(_template[0], store)
        self.history = open_history(f"sqlite:///{store}")
        self.here = Lookout(self.history, _catalogue(), Cloud())
        self.withheld: list[Event] = []
        self.value = 100

    def teardown(self) -> None:
        self._settle()
        self.history.close()
        shutil.rmtree(self.folder)

    @initialize()
    def a_first_look(self) -> None:
        self.here.cloud.make("a")
        self.here.sweep()
        self.here.cloud.later(30)

    # what people do

    def _told(self, event: Event, heard: bool) -> None:
        if heard:
            self.here.hear(event)
        else:
            self.withheld.append(event)

    @rule(name=st.sampled_from(NAMES), by=st.sampled_from(ACTORS), heard=st.booleans())
    def somebody_makes_sets_or_ends(self, name: str, by: Any, heard: bool) -> None:
        cloud = self.here.cloud
        self.value += 1
        if url(name) not in cloud.queues:
            self._told(cloud.make(name, by), heard)
        elif self.value % 3:
            self._told(cloud.set(name, by, VisibilityTimeout=str(self.value)), heard)
        else:
            self._told(cloud.end(name, by), heard)

    @rule(name=st.sampled_from(NAMES), spoilt=st.sampled_from(["failed", "read_only"]))
    def somebody_fails_or_only_reads(self, name: str, spoilt: str) -> None:
        cloud = self.here.cloud
        if url(name) not in cloud.queues:
            return
        held = dict(cloud.queues)
        event = cloud.set(name, VisibilityTimeout=str(self.value))
        cloud.queues = held
        cloud.past.pop()
        self.here.hear(replace(event, failed=spoilt == "failed", read_only=spoilt == "read_only"))

    @precondition(lambda self: self.withheld)
    @rule(data=st.data(), twice=st.booleans())
    def late_events_come_in_any_order(self, data: st.DataObject, twice: bool) -> None:
        count = data.draw(st.integers(1, len(self.withheld)))
        chosen = data.draw(st.permutations(self.withheld))[:count]
        self.here.hear(*chosen, *(chosen if twice else ()))
        self.withheld = [one for one in self.withheld if one not in chosen]

    @rule(seconds=st.sampled_from([0.5, 3, 27, 61, 301, 4000]))
    def time_passes(self, seconds: float) -> None:
        self.here.cloud.later(seconds)

    # what the lookout does

    @rule(stale=st.booleans(), failing=st.integers(0, 2))
    def what_is_due_is_read(self, stale: bool, failing: int) -> None:
        self.here.cloud.stale = int(stale)
        self.here.cloud.failing = failing
        self.here.read()
        self.here.cloud.stale = self.here.cloud.failing = 0

    @rule(failing=st.integers(0, 3))
    def a_sweep(self, failing: int) -> None:
        self.here.cloud.failing = failing
        self.here.sweep()
        self.here.cloud.failing = 0

    @rule(at=st.integers(0, 8), sweeping=st.booleans())
    def the_process_dies(self, at: int, sweeping: bool) -> None:
        self.here.cloud.dies_at = at
        with suppress(Killed):
            self.here.sweep() if sweeping else self.here.read()
        self.here.cloud.dies_at = None

    # what must hold

    @invariant()
    def nothing_is_deleted_that_was_there(self) -> None:
        for change in self._changes():
            if change.kind is ChangeKind.DELETED:
                name = change.resource.id.rpartition("/")[2]
                assert self.here.cloud.was_absent(name, change.revision.observed_at), str(change.revision)

    @invariant()
    def order_is_by_observation(self) -> None:
        seen: dict[str, list[Change]] = {}
        for change in reversed(self._changes()):
            seen.setdefault(change.resource.id, []).append(change)
        for revisions in seen.values():
            times = [change.revision.observed_at for change in revisions]
            assert times == sorted(times)
            assert [change.revision.number for change in revisions] == list(range(1, len(revisions) + 1))
            for change in revisions:
                after = change.revision.changed_after
                assert after is None or after <= change.revision.observed_at

    @invariant()
    def no_failed_or_read_call_is_credited_and_none_outside_the_window(self) -> None:
        for change in self._changes():
            for credit in change.attribution.credits if change.attribution else ():
                assert not credit.event.failed
                assert not credit.event.read_only
                assert credit.event.at <= change.revision.observed_at + timedelta(seconds=2)

    def _changes(self) -> tuple[Change, ...]:
        return self.history.archive.changes(ChangeFilter(kinds=tuple(ChangeKind)), Page(limit=1000)).items

    def _settle(self) -> None:
        """Everything comes in, nothing fails any more: then history says what is there, and how it came to be."""
        here = self.here
        here.cloud.stale = here.cloud.failing = 0
        here.hear(*self.withheld)
        for _ in range(3):
            here.read_after(400)
        here.sweep()
        Attributor(self.history, lambda: here.cloud.now).run()
        heads = self.history.archive.heads(SCOPE)
        assert set(heads) == set(here.cloud.queues)
        for id, head in heads.items():
            shown = self.history.archive.configuration(head.config_sha)
            assert shown["Attributes"] == here.cloud.queues[id]
            latest = self.history.archive.state_at(head.resource.pk or 0, here.cloud.now)
            assert latest.revision is not None
            assert latest.revision.number == head.number
        self.nothing_is_deleted_that_was_there()
        self.no_failed_or_read_call_is_credited_and_none_outside_the_window()


Happenings.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
test_whatever_happens_in_whatever_order = Happenings.TestCase
