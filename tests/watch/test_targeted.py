"""What events say changed is read at once, and nothing is concluded that was not seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloud import Cloud, Killed, Lookout, arn, url
from happenings import ALICE, BOB, event
from recordings import SCOPE
from vigie.catalogue.loader import Catalogue
from vigie.history.store import History
from vigie.model.event import EventOutcome, KnownBy
from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter
from vigie.model.resource import Resource
from vigie.watch.intake import LIST, READ


@pytest.fixture
def here(sqlite_history: History, catalogue: Catalogue) -> Lookout:
    """Queues ``a`` and ``b``, swept once; a minute passed."""
    found = Lookout(sqlite_history, catalogue, Cloud())
    found.cloud.make("a", VisibilityTimeout="30")
    found.cloud.make("b")
    found.sweep()
    found.cloud.later(60)
    return found


def who(here: Lookout) -> list[tuple[str, str, list[str]]]:
    """(queue, kind, authors) of all changes, newest first."""
    changes = here.history.archive.changes(ChangeFilter(), Page(limit=100)).items
    return [
        (
            change.resource.id.rpartition("/")[2],
            change.kind.value,
            [actor.name or "" for actor in change.attribution.actors] if change.attribution else [],
        )
        for change in changes
    ]


def test_a_change_is_recorded_three_seconds_after_its_event_with_who_made_it(here: Lookout) -> None:
    here.hear(here.cloud.set("a", by=BOB, VisibilityTimeout="60"))
    assert here.read_after(2).resources == 0
    assert here.read_after(1).resources == 1
    assert who(here) == [("a", "changed", ["bob"])]
    assert here.history.work.waiting(READ) == 0, "its effect was seen: no further look is due"


def test_events_on_one_resource_within_seconds_share_a_look(here: Lookout) -> None:
    for timeout in ("40", "50", "60"):
        here.hear(here.cloud.set("a", VisibilityTimeout=timeout))
        here.cloud.later(0.5)
    before = here.cloud.calls
    assert here.read_after(2).resources == 1
    assert here.cloud.calls - before == 2 * 3, "listed, attributes and tags, and once more to confirm"
    assert who(here) == [("a", "changed", ["alice"])]


def test_two_changes_within_one_second_are_credited_to_the_one_whose_state_was_seen(here: Lookout) -> None:
    here.hear(
        here.cloud.set("a", by=ALICE, VisibilityTimeout="50"), here.cloud.set("a", by=BOB, VisibilityTimeout="60")
    )
    here.read_after(3)
    assert who(here) == [("a", "changed", ["bob"])]


def test_a_stale_read_after_an_event_is_followed_by_another(here: Lookout) -> None:
    told = here.cloud.set("a", VisibilityTimeout="60")
    here.cloud.stale = 1
    here.hear(told)
    here.read_after(3)
    assert who(here) == []
    assert here.history.work.waiting(READ) == 2
    here.read_after(27)
    assert who(here) == [("a", "changed", ["alice"])]
    assert here.history.work.waiting(READ) == 0


def test_a_torn_read_is_looked_at_again_and_only_what_holds_is_recorded(here: Lookout) -> None:
    told = here.cloud.set("a", VisibilityTimeout="60")
    here.hear(told)
    here.cloud.during["GetQueueAttributes"] = lambda: here.cloud.set("a", VisibilityTimeout="90")
    here.read_after(3)
    (change,) = here.history.archive.changes(ChangeFilter(), Page(limit=9)).items
    assert change.revision.configuration["Attributes"]["VisibilityTimeout"] == "90"


def test_a_new_resource_is_recorded_by_its_event(here: Lookout) -> None:
    here.hear(here.cloud.make("new", by=BOB))
    here.read_after(3)
    assert who(here) == [("new", "created", ["bob"])]


def test_not_found_after_a_create_is_no_deletion_and_it_is_looked_for_again(here: Lookout) -> None:
    told = here.cloud.make("new")
    here.cloud.stale = 1
    here.hear(told)
    here.read_after(3)
    assert here.kinds("new") == []
    here.read_after(27)
    assert here.kinds("new") == ["created"]


def test_a_deletion_needs_the_call_that_ended_it_and_two_looks(here: Lookout) -> None:
    here.hear(here.cloud.end("a", by=BOB))
    here.read_after(3)
    assert who(here) == [("a", "deleted", ["bob"])]
    assert here.kinds("b") == ["baseline"]


def test_absence_without_a_call_that_ended_it_has_the_scope_listed_and_only_that_concludes(here: Lookout) -> None:
    told = here.cloud.set("a", VisibilityTimeout="60")
    here.cloud.end("a")
    here.hear(told)
    here.cloud.later(3)
    summary = here.read()
    assert (summary.resources, here.kinds("a")) == (1, ["baseline"])
    assert here.read().scopes_listed == 1
    assert here.kinds("a") == ["baseline", "deleted"]


def test_an_event_of_an_unknown_name_never_deletes(here: Lookout) -> None:
    about = Resource(SCOPE, url("a"), SCOPE.region, arn("a"))
    here.hear(event("ObliterateQueueForGood", about, at=here.cloud.now))
    here.cloud.stale = 0
    here.read_after(3)
    here.read_after(27)
    here.read_after(270)
    assert here.kinds("a") == ["baseline"]


def test_deleted_and_made_again_under_the_same_name_is_another_one(here: Lookout) -> None:
    ended = here.cloud.end("a")
    here.cloud.later(1)
    here.hear(ended, here.cloud.make("a", by=BOB))
    here.read_after(3)
    (change,) = here.history.archive.changes(ChangeFilter(), Page(limit=9)).items
    assert change.kind.value == "recreated"
    assert [actor.name for actor in change.attribution.actors] == ["alice", "bob"] if change.attribution else False


def test_absence_after_it_was_made_again_is_no_deletion_before_the_second_look(here: Lookout) -> None:
    ended = here.cloud.end("a")
    here.cloud.later(1)
    made = here.cloud.make("a")
    here.hear(ended, made)
    here.cloud.stale = 2
    here.read_after(3)
    assert here.kinds("a") == ["baseline"]
    here.cloud.stale = 0
    here.read_after(27)
    assert here.kinds("a") == ["baseline", "recreated"]


def test_a_failed_call_has_nothing_read(here: Lookout) -> None:
    told = replace(here.cloud.set("a", VisibilityTimeout="60"), failed=True, subjects=(), outcome=EventOutcome.NONE)
    here.hear(told)
    assert here.history.work.waiting(READ) == 0


def test_a_resource_that_the_event_only_names_is_found_by_its_name_or_its_scope_listed(here: Lookout) -> None:
    named = event("SetQueueAttributes", at=here.cloud.now)
    (told,) = named.subjects
    here.cloud.set("a", VisibilityTimeout="60")
    known = replace(told, id=arn("a"), arn=arn("a"), known_by=KnownBy.ARN)
    here.hear(replace(named, subjects=(known,)))
    here.read_after(3)
    assert here.kinds("a") == ["baseline", "changed"]
    here.hear(replace(named, id="other", subjects=(replace(known, id=arn("new"), arn=arn("new")),)))
    assert here.history.work.waiting(LIST) == 1


def test_a_service_that_acts_for_a_user_is_named_beside_them(here: Lookout) -> None:
    through = replace(ALICE, invoked_by="cloudformation.amazonaws.com")
    here.hear(here.cloud.set("a", by=through, VisibilityTimeout="60"))
    here.read_after(3)
    (change,) = here.history.archive.changes(ChangeFilter(), Page(limit=9)).items
    assert change.attribution is not None
    assert change.attribution.words == "user alice through cloudformation.amazonaws.com"


def test_an_account_that_is_not_watched_is_never_called(here: Lookout) -> None:
    foreign = replace(event("SetQueueAttributes", at=here.cloud.now), account="999988887777")
    (told,) = foreign.subjects
    here.hear(replace(foreign, subjects=(replace(told, account="999988887777"),)))
    before = here.cloud.calls
    here.read_after(300)
    assert here.cloud.calls == before
    assert here.history.work.waiting(READ) == 0


def test_a_read_that_fails_concludes_nothing_and_is_tried_again(here: Lookout) -> None:
    here.hear(here.cloud.end("a"))
    here.cloud.failing = 1
    assert here.read_after(3).failed == 1
    assert here.kinds("a") == ["baseline"]
    here.read_after(60)
    assert here.kinds("a") == ["baseline", "deleted"]


@pytest.mark.parametrize("call", [0, 1, 2, 3, 4, 5])
def test_a_process_that_dies_in_a_read_leaves_it_due(here: Lookout, call: int) -> None:
    here.hear(here.cloud.set("a", VisibilityTimeout="60"))
    here.cloud.dies_at = call
    with pytest.raises(Killed):
        here.read_after(3)
    here.read_after(301)
    assert who(here) == [("a", "changed", ["alice"])]


def test_a_sweep_that_read_it_before_it_was_deleted_does_not_bring_it_back(here: Lookout) -> None:
    def deleted_meanwhile() -> None:
        told = here.cloud.end("a")
        here.hear(told)
        here.cloud.later(3)
        here.read()
        here.cloud.later(1)

    here.cloud.later(1)
    # at the last call of the sweep, which reads the other queue
    here.cloud.during["ListQueueTags"] = lambda: here.cloud.during.update(ListQueueTags=deleted_meanwhile)
    here.sweep()
    assert here.kinds("a") == ["baseline", "deleted"]


def test_a_look_at_one_resource_says_nothing_of_the_others_nor_of_the_coverage(here: Lookout) -> None:
    before = here.history.archive.scope_coverage(SCOPE)
    here.hear(here.cloud.set("a", VisibilityTimeout="60"))
    here.cloud.end("b")
    here.read_after(3)
    assert here.kinds("b") == ["baseline"]
    assert here.history.archive.scope_coverage(SCOPE) == before


def test_an_event_from_before_the_last_look_has_nothing_read(here: Lookout) -> None:
    told = here.cloud.set("a", VisibilityTimeout="60")
    here.cloud.later(90)
    here.sweep()
    here.hear(told)
    assert here.history.work.waiting(READ) == 0
