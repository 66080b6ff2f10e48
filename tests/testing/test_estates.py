"""An estate is as large as asked, the same each time, and changes as a test says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vigie.history.store import History
from vigie.model.change import ChangeKind
from vigie.model.scope import Outcome
from vigie.testing.endpoint import Endpoint
from vigie.testing.estates import Estate, sizes_for
from vigie.testing.observatory import Observatory
from vigie.testing.watchtower import Watchtower

GROUPS, QUEUES, BUCKETS = "AWS::EC2::SecurityGroup", "AWS::SQS::Queue", "AWS::S3::Bucket"


@pytest.fixture
def estate() -> Estate:
    return Estate(resources=200, page_size=5)


@pytest.fixture
def tower(estate: Estate, sqlite_history: History) -> Iterator[Watchtower]:
    with Observatory(Endpoint(estate.answers), catalogue=estate.catalogue) as here:
        yield Watchtower(here, sqlite_history)


def test_an_estate_has_about_as_many_resources_as_were_asked_for(estate: Estate) -> None:
    sizes = sizes_for(tuple(estate.catalogue.types.values()), 2_000)
    joined = {str(join.call) for declared in estate.catalogue.types.values() for join in declared.joins}

    assert 1_900 < sum(size for name, size in sizes.items() if name.split("/")[0] not in joined) < 2_300
    assert len(estate.listed(GROUPS)) == 16


def test_an_estate_is_the_same_each_time(estate: Estate) -> None:
    assert Estate(resources=200).listed(GROUPS) == estate.listed(GROUPS)
    assert Estate(resources=200, account="222222222222").listed(GROUPS) != estate.listed(GROUPS)


def test_an_estate_that_does_not_change_records_nothing_the_second_time(tower: Watchtower, estate: Estate) -> None:
    for type in (GROUPS, QUEUES, BUCKETS):
        assert tower.watch(type).outcome is Outcome.COMPLETE
        assert tower.watch(type).changes == ()
        estate.shuffle(seed=3)
        assert tower.watch(type).changes == ()


def test_changes_and_deletions_are_seen_one_by_one(tower: Watchtower, estate: Estate) -> None:
    for type in (GROUPS, QUEUES):
        tower.watch(type)
    estate.change(GROUPS, 3, Description="open to all")
    estate.delete(QUEUES, 0)

    (changed,) = tower.watch(GROUPS).changes
    (deleted,) = tower.watch(QUEUES).changes

    assert changed.kind is ChangeKind.CHANGED
    assert [(entry.path, entry.new) for entry in changed.diff] == [("/Description", "open to all")]
    assert deleted.kind is ChangeKind.DELETED
