"""Reading what is recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recordings import HOUR, MINUTE, SCOPE, T0, draft, look, queue
from vigie.history.store import History
from vigie.model.change import ChangeKind
from vigie.model.errors import UsageError
from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter, ResourceFilter
from vigie.model.resource import Resource
from vigie.model.scope import GLOBAL, Outcome, Scope

OTHER = Scope("444455556666", "eu-west-2", SCOPE.type)
BUCKETS = Scope("444455556666", GLOBAL, "AWS::S3::Bucket")
BUCKET = Resource(BUCKETS, "logs", region="eu-west-3", arn="arn:aws:s3:::logs", name="logs")


@pytest.fixture
def filled(history: History) -> History:
    """Two accounts: three queues and a bucket, of which one queue is gone and one changed three times."""

    def record(scope: Scope, at_hour: int, *drafts: object, seen: list[str] | None = None) -> None:
        at = T0 + at_hour * HOUR
        history.recorder.record(look(at, *drafts, scope=scope, seen=seen or []), at)  # type: ignore[arg-type]

    base = ChangeKind.BASELINE
    record(
        SCOPE,
        0,
        draft(queue("Orders_1"), base, T0, {"N": 0, "Tags": {"team": "pay", "x": "100%"}}),
        draft(queue("gone"), base, T0, {"N": 0}),
    )
    record(OTHER, 0, draft(queue("orders-2", OTHER), base, T0, {"N": 0, "Tags": {"team": "ops"}}))
    record(BUCKETS, 0, draft(BUCKET, base, T0, {"Name": "logs"}))
    for n in (1, 2, 3):
        at = T0 + n * HOUR
        record(SCOPE, n, draft(queue("Orders_1"), ChangeKind.CHANGED, at, {"N": n, "M": {"deep": n}}), seen=["gone"])
    record(SCOPE, 4, draft(queue("gone"), ChangeKind.DELETED, T0 + 4 * HOUR), seen=["Orders_1"])
    return history


def ids(history: History, **wanted: object) -> list[str]:
    return [r.id for r in history.archive.resources(ResourceFilter(**wanted), Page()).items]  # type: ignore[arg-type]


def pk(history: History, text: str) -> int:
    [found] = history.archive.find(text)
    assert found.pk is not None
    return found.pk


def test_resources_are_filtered(filled: History) -> None:
    assert ids(filled) == ["Orders_1", "orders-2", "logs"]
    assert ids(filled, present=None) == ["Orders_1", "gone", "orders-2", "logs"]
    assert ids(filled, present=False) == ["gone"]
    assert ids(filled, account=OTHER.account) == ["orders-2", "logs"]
    assert ids(filled, region="eu-west-3") == ["logs"]
    assert ids(filled, type=SCOPE.type) == ["Orders_1", "orders-2"]
    assert ids(filled, text="ORDERS") == ["Orders_1", "orders-2"]
    assert ids(filled, text="s_1") == ["Orders_1"]
    assert ids(filled, text="%") == []
    assert ids(filled, tag="team=ops") == ["orders-2"]
    assert ids(filled, ref="arn:aws:s3:::logs") == ["logs"]


def test_pages_of_resources_follow_each_other_without_gap_or_repeat(filled: History) -> None:
    seen: list[str] = []
    page: Page | None = Page(limit=1)
    while page is not None:
        found = filled.archive.resources(ResourceFilter(present=None), page)
        seen += [r.id for r in found.items]
        page = Page(limit=1, after=found.next) if found.next else None
    assert seen == ["Orders_1", "gone", "orders-2", "logs"]


@pytest.mark.parametrize("cursor", ["", "x", "W10", "WyJhIiwgMV0", "é"])
def test_a_cursor_that_no_page_gave_is_a_users_mistake(filled: History, cursor: str) -> None:
    with pytest.raises(UsageError, match="cursor"):
        filled.archive.resources(ResourceFilter(), Page(after=cursor))
    with pytest.raises(UsageError, match="cursor"):
        filled.archive.changes(ChangeFilter(), Page(after=cursor))


def test_facets_count_what_the_filter_leaves(filled: History) -> None:
    found = filled.archive.facets(ResourceFilter())
    assert found.accounts == {"111122223333": 1, "444455556666": 2}
    assert found.regions == {"eu-west-1": 1, "eu-west-2": 1, "eu-west-3": 1}
    assert found.types == {"AWS::S3::Bucket": 1, "AWS::SQS::Queue": 2}
    assert found.total == 3
    assert filled.archive.facets(ResourceFilter(type="AWS::S3::Bucket")).total == 1


def test_find_takes_an_arn_an_id_or_a_name_exactly(filled: History) -> None:
    assert [r.id for r in filled.archive.find("arn:aws:s3:::logs")] == ["logs"]
    assert [r.id for r in filled.archive.find("gone")] == ["gone"]
    assert filled.archive.find("Orders") == []
    assert filled.archive.resource(pk(filled, "gone")) == filled.archive.find("gone")[0]
    assert filled.archive.resource(10**9) is None


def test_the_history_of_one_is_newest_first_with_differences(filled: History) -> None:
    found = filled.archive.revisions(pk(filled, "Orders_1"), Page(limit=3))
    assert [c.revision.number for c in found.items] == [4, 3, 2]
    assert [[e.path for e in c.diff] for c in found.items] == [
        ["/M/deep", "/N"],
        ["/M/deep", "/N"],
        ["/M", "/N", "/Tags"],
    ]
    rest = filled.archive.revisions(pk(filled, "Orders_1"), Page(limit=3, after=found.next))
    assert [(c.revision.number, c.kind) for c in rest.items] == [(1, ChangeKind.BASELINE)]
    assert rest.next is None


def test_a_revision_is_named_by_its_number_or_counted_from_the_last(filled: History) -> None:
    number = pk(filled, "Orders_1")
    assert [filled.archive.revision(number, n).configuration["N"] for n in (1, 4, 0, -1)] == [0, 3, 3, 2]  # type: ignore[union-attr]
    assert filled.archive.revision(number, 5) is None
    assert filled.archive.revision(number, -9) is None


def test_changes_are_filtered_and_paged_newest_first(filled: History) -> None:
    def numbers(limit: int = 100, **wanted: object) -> list[tuple[str, int]]:
        found, after = [], None
        while True:
            page = filled.archive.changes(ChangeFilter(**wanted), Page(limit=limit, after=after))  # type: ignore[arg-type]
            found += [(c.resource.id, c.revision.number) for c in page.items]
            if (after := page.next) is None:
                return found

    told = [("gone", 2), ("Orders_1", 4), ("Orders_1", 3), ("Orders_1", 2)]
    assert numbers() == numbers(limit=1) == told
    assert numbers(limit=2, kinds=None)[:5] == [*told, ("logs", 1)]
    assert numbers(since=T0 + 3 * HOUR) == told[:2]
    assert numbers(until=T0 + 3 * HOUR) == told[2:]
    assert numbers(kinds=(ChangeKind.DELETED,)) == told[:1]
    assert numbers(kinds=(ChangeKind.DELETED, ChangeKind.BASELINE), account=BUCKETS.account) == [
        ("logs", 1),
        ("orders-2", 1),
    ]
    assert numbers(resource=pk(filled, "Orders_1")) == told[1:]
    assert numbers(path="/M/") == told[1:3]
    assert numbers(account=OTHER.account) == []
    assert numbers(kinds=tuple(ChangeKind), region="eu-west-3", type="AWS::S3::Bucket") == [("logs", 1)]
    counts = {ChangeKind.CHANGED: 3, ChangeKind.DELETED: 1, ChangeKind.BASELINE: 4}
    assert filled.archive.change_counts(ChangeFilter()) == counts


def test_the_estate_is_given_present_resources_with_their_last_state(filled: History) -> None:
    archive = filled.archive
    assert [(r.id, r.configuration["N"]) for r in archive.present_of_type(SCOPE.type)] == [
        ("Orders_1", 3),
        ("orders-2", 0),
    ]
    assert [r.id for r in archive.present_of_type(SCOPE.type, account=OTHER.account)] == ["orders-2"]
    assert [r.id for r in archive.present_of_type(BUCKETS.type, region="eu-west-3")] == ["logs"]
    found = archive.by_arn("arn:aws:s3:::logs")
    assert found is not None and found.resource.scope == BUCKETS
    assert archive.by_arn(queue("gone").arn or "") is None
    loaded = archive.load([pk(filled, "gone"), pk(filled, "logs"), 10**9])
    assert {r.id: r.kind for r in loaded.values()} == {"gone": ChangeKind.DELETED, "logs": ChangeKind.BASELINE}


def test_the_present_resources_that_name_any_of_some_tokens_are_told_by_their_numbers(filled: History) -> None:
    naming = filled.archive.naming
    types = [SCOPE.type, BUCKETS.type]
    assert naming(["tag:team", "logs", "nothing"], types) == {pk(filled, "orders-2"), pk(filled, "logs")}
    assert naming(["tag:team", "logs"], [BUCKETS.type]) == {pk(filled, "logs")}
    assert naming(["gone"], types) == naming([], types) == set()


def test_an_unknown_configuration_or_resource_is_a_key_error(history: History) -> None:
    with pytest.raises(KeyError):
        history.archive.configuration("sha256:" + "0" * 64)
    with pytest.raises(KeyError):
        history.archive.state_at(1, T0)
    assert history.archive.latest(1) is None
    assert history.archive.change(1) is None
    assert history.archive.scope_coverage(SCOPE) is None


def test_what_is_read_at_once_is_what_is_read_alone(filled: History) -> None:
    archive = filled.archive
    changes = archive.changes(ChangeFilter(), Page()).items
    numbers = [change.pk or 0 for change in changes]
    assert archive.changes_of([*numbers, 10_000]) == {number: archive.change(number) for number in numbers}
    assert [archive.revision(c.resource.pk or 0, c.revision.number) for c in changes] == [c.revision for c in changes]
    shas = [change.revision.config_sha for change in changes if change.kind is not ChangeKind.DELETED]
    assert len(shas) == 3
    assert archive.configurations([*shas, "sha256:" + "0" * 64]) == {sha: archive.configuration(sha) for sha in shas}


def test_statistics_count_the_store(filled: History) -> None:
    found = filled.archive.statistics()
    assert (found.accounts, found.regions, found.types) == (2, 3, 2)
    assert (found.resources, found.resources_ever, found.revisions) == (3, 4, 8)
    assert found.configurations == 7
    assert found.stored_bytes > 0
    assert found.scopes == {Outcome.COMPLETE: 3}
    assert found.last_looked == T0 + 4 * HOUR + MINUTE


def test_statistics_of_an_empty_store_are_zeros(history: History) -> None:
    found = history.archive.statistics()
    assert (found.resources, found.stored_bytes, found.last_looked) == (0, 0, None)


def test_times_keep_their_microseconds(history: History) -> None:
    at = T0 + timedelta(microseconds=123_456)
    [change] = history.recorder.record(look(at, draft(queue("a"), ChangeKind.BASELINE, at, {})), at)
    latest = history.archive.latest(change.resource.pk or 0)
    assert latest is not None and latest.observed_at == at
