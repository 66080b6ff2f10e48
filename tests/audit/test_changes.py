"""Verdicts on recorded changes: decided, stored, superseded, and told once, whatever comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from vigie.audit.changes import ChangeJudge
from vigie.audit.estate import EstateSettings
from vigie.history.store import History
from vigie.history.tables.verdicts import verdict as verdict_table
from vigie.model.account import Account, Relation
from vigie.model.change import ChangeKind, Revision
from vigie.model.errors import StoreError
from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter
from vigie.model.scope import Scope
from vigie.model.verdict import ChangeVerdict, Direction
from vigie.notify.channels.base import Receipt
from vigie.notify.message import Message
from vigie.notify.routes import parse_routes
from vigie.notify.worker import Notifier
from vigie.rules.estate import ACCOUNT_BLOCK
from vigie.testing.recorded import World

OWN, FOREIGN = "111111111111", "999999999999"
QUEUE, BUCKET, ALARM = "AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::CloudWatch::Alarm"
BLOCKED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


def queue(*principals: Any) -> Mapping[str, Any]:
    rows = [{"Effect": "Allow", "Principal": p, "Action": "sqs:SendMessage", "Resource": "*"} for p in principals]
    return {"Attributes": {"Policy": {"Statement": rows}}}


def public_bucket(name: str) -> Mapping[str, Any]:
    resource = f"arn:aws:x:eu-west-1:{OWN}:{name}/*"
    row = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource}
    return {"Policy": {"Version": "2012-10-17", "Statement": [row]}}


@dataclass
class Inbox:
    took: list[Message] = field(default_factory=list)

    def send(self, message: Message, thread: str | None = None) -> Receipt:
        self.took.append(message)
        return Receipt()


@dataclass
class Watchtower:
    """A recorded world, a notifier with two routes, and what came of it."""

    world: World
    all: Inbox = field(default_factory=Inbox)
    widened: Inbox = field(default_factory=Inbox)

    def tell(self, after: timedelta = timedelta()) -> tuple[list[str], list[str]]:
        """The titles that the route of everything got, and those that the route of what widened got, since the last."""
        self.world.now += after
        routes = parse_routes(
            [
                {"name": "all", "topic": "change", "channels": ["all"]},
                {"name": "opened", "verdict": "widened", "severity_at_least": "critical", "channels": ["widened"]},
            ]
        )
        channels = {"all": self.all, "widened": self.widened}
        Notifier(self.world.history, routes, channels, clock=lambda: self.world.now).run_once(self.world.now)
        told = ([m.title for m in self.all.took], [m.title for m in self.widened.took])
        self.all.took.clear()
        self.widened.took.clear()
        return told


@pytest.fixture
def world(sqlite_history: History) -> World:
    return World(sqlite_history, settings=EstateSettings({OWN: Account(OWN)}))


@pytest.fixture
def both(history: History) -> World:
    """The same on SQLite and on PostgreSQL."""
    return World(history, settings=EstateSettings({OWN: Account(OWN)}))


def verdicts(world: World, id_: str = "q") -> list[ChangeVerdict | None]:
    """Of all revisions of a resource, oldest first."""
    found = next(r for r in world.history.archive.find(id_))
    return [c.verdict for c in reversed(world.history.archive.revisions(found.pk or 0, Page(100)).items)]


def directions(world: World, id_: str = "q") -> list[str | None]:
    return [v.direction.value if v else None for v in verdicts(world, id_)]


def test_every_kind_of_change_has_its_verdict(both: World) -> None:
    both.see(QUEUE, "q", queue(), first=ChangeKind.BASELINE)
    both.see(QUEUE, "q", queue("*"))
    both.see(QUEUE, "q", queue({"AWS": FOREIGN}))
    both.see(QUEUE, "q", {**queue({"AWS": FOREIGN}), "Delay": 3})
    both.see(QUEUE, "q", queue("*"), unreadable={"Attributes": "denied"})
    both.see(QUEUE, "q", None)
    both.see(ALARM, "a", {"Threshold": 1})
    both.see(ALARM, "a", {"Threshold": 2})
    report = both.judge()

    assert directions(both) == [None, "widened", "narrowed", "neutral", "widened", "narrowed"]
    assert directions(both, "a") == [None, None], "nothing of it can be shared"
    assert (report.changes, report.widened) == (5, 2)
    assert both.history.work.waiting("verdict") == 0


def test_a_part_that_could_not_be_read_is_unknown_and_never_neutral(world: World) -> None:
    world.see(QUEUE, "q", {})
    world.see(QUEUE, "q", {"Delay": 1}, unreadable={"Attributes": "denied"})
    world.judge()

    (_, found) = verdicts(world)
    assert found is not None
    assert found.direction is Direction.UNKNOWN
    assert "Attributes could not be read" in found.problems[0]


def test_a_change_waits_for_its_verdict_and_is_told_with_it(both: World) -> None:
    tower = Watchtower(both)
    both.see(QUEUE, "q", queue(), first=ChangeKind.BASELINE)
    both.see(QUEUE, "q", queue("*"))
    assert tower.tell() == ([], [])
    both.judge()

    everything, opened = tower.tell()
    assert everything == opened
    assert opened[0].startswith("widened: anyone on the internet may now sqs:SendMessage on ")
    assert tower.tell(timedelta(hours=1)) == ([], [])


def test_without_the_auditor_it_is_told_after_a_minute_and_the_verdict_follows_to_those_who_ask(both: World) -> None:
    tower = Watchtower(both)
    both.see(QUEUE, "q", queue(), first=ChangeKind.BASELINE)
    both.see(QUEUE, "q", queue("*"))
    assert tower.tell(timedelta(seconds=59)) == ([], [])
    assert tower.tell(timedelta(seconds=1)) == ([f"AWS::SQS::Queue q changed in {OWN}"], [])
    both.judge()

    everything, opened = tower.tell()
    assert everything == [], "it was told there already"
    assert len(opened) == 1
    assert opened[0].startswith("widened: ")
    assert tower.tell(timedelta(hours=1)) == ([], [])


def test_a_notifier_that_read_the_change_without_its_verdict_loses_it(both: World) -> None:
    both.see(QUEUE, "q", queue(), first=ChangeKind.BASELINE)
    both.see(QUEUE, "q", queue("*"))
    both.later(minutes=2)
    outbox = both.history.outbox
    with both.history.begin() as tx:
        (claimed,) = [r for r in outbox.claim(tx, 10, both.now, timedelta(minutes=5)) if r.topic.value == "change"]
    both.judge()
    with both.history.begin() as tx:
        assert outbox.route(tx, claimed, {}, (), both.now) is False

    assert len(Watchtower(both).tell()[1]) == 1


def test_what_is_known_now_supersedes_what_was_thought_and_nobody_is_told_again(both: World) -> None:
    tower = Watchtower(both)
    both.see(QUEUE, "q", queue(), first=ChangeKind.BASELINE)
    both.see(QUEUE, "q", queue({"AWS": FOREIGN}))
    both.judge()
    tower.tell()
    assert both.auditor().judge_all_changes(both.now).changes == 1
    (change,) = both.history.archive.changes(ChangeFilter(), Page(10)).items
    assert len(both.history.verdicts.past(change.pk or 0)) == 1, "the same again is not written"

    both.settings = EstateSettings({OWN: Account(OWN), FOREIGN: Account(FOREIGN, relation=Relation.THIRD_PARTY)})
    both.auditor().judge_all_changes(both.now)
    thought = [v.gained[0].words for _, v in both.history.verdicts.past(change.pk or 0)]
    assert [words.split(" may ")[0] for words in thought] == [
        f"the unknown account {FOREIGN}",
        f"the third-party account {FOREIGN}",
    ]
    assert verdicts(both)[-1] == both.history.verdicts.past(change.pk or 0)[-1][1]
    assert tower.tell(timedelta(hours=1)) == ([], [])


def test_verdicts_are_only_added_to(both: World) -> None:
    both.see(QUEUE, "q", queue("*"))
    both.judge()
    for statement in (verdict_table.delete(), verdict_table.update().values(direction="neutral")):
        with pytest.raises((DBAPIError, StoreError)), both.history.begin() as tx:
            tx.execute(statement)


def test_changes_are_found_by_the_verdict_that_holds(both: World) -> None:
    for name, principal in (("open", "*"), ("shut", None)):
        both.see(QUEUE, name, queue())
        both.see(QUEUE, name, queue(principal) if principal else {**queue(), "Delay": 1})
    both.judge()

    def found(*wanted: Direction) -> set[str]:
        page = both.history.archive.changes(ChangeFilter(verdicts=wanted), Page(10))
        return {f"{c.resource.id} {c.revision.number}" for c in page.items}

    assert found(Direction.WIDENED) == {"open 2"}
    assert found(Direction.NEUTRAL) == {"open 1", "shut 1", "shut 2"}
    assert found(Direction.NARROWED, Direction.UNKNOWN) == set()


def test_the_block_of_the_account_gives_and_takes_what_buckets_offer(world: World) -> None:
    world.see(ACCOUNT_BLOCK, OWN, BLOCKED, first=ChangeKind.BASELINE)
    world.see(BUCKET, "b", {}, first=ChangeKind.BASELINE)
    world.see(BUCKET, "b", public_bucket("b"))
    world.later(minutes=1)
    world.look(Scope(OWN, "eu-west-1", ACCOUNT_BLOCK))
    world.see(ACCOUNT_BLOCK, OWN, {**BLOCKED, "RestrictPublicBuckets": False})
    world.see(ACCOUNT_BLOCK, OWN, BLOCKED)
    world.judge()

    assert directions(world, "b") == [None, "neutral"], "it was made public behind the block"
    assert directions(world, OWN) == [None, "widened", "narrowed"]
    opened = verdicts(world, OWN)[1]
    assert opened is not None
    assert opened.gained[0].words.startswith("anyone on the internet may now s3:GetObject on ")
    assert opened.gained[0].witness is not None

    world.auditor().judge_all_changes(world.now + timedelta(days=1))
    assert directions(world, OWN) == [None, "widened", "narrowed"], "it is judged by the state of that time"


def test_a_bucket_that_is_opened_while_the_block_may_be_gone_already_is_told(world: World) -> None:
    world.see(ACCOUNT_BLOCK, OWN, BLOCKED, first=ChangeKind.BASELINE)
    world.see(BUCKET, "b", {}, first=ChangeKind.BASELINE)
    world.see(BUCKET, "b", {"Tags": {"a": "b"}})
    world.see(BUCKET, "b", public_bucket("b"))
    world.see(ACCOUNT_BLOCK, OWN, {})
    world.judge()

    assert directions(world, "b") == [None, "neutral", "widened"], "nobody looked at the block in between"


def test_a_defect_in_judging_one_change_is_unknown_and_stops_no_other(world: World) -> None:
    class Broken(ChangeJudge):
        def _access(self, before: Revision | None, after: Revision) -> ChangeVerdict | None:
            if after.id == "odd":
                raise KeyError("a defect")
            return super()._access(before, after)

    for name in ("odd", "even"):
        world.see(QUEUE, name, queue("*"))
    judge = Broken.over(world.history, world.settings, world.now)
    pks = {c.resource.id: c.pk or 0 for c in world.history.archive.changes(ChangeFilter(), Page(10)).items}

    odd, even = judge.verdict(pks["odd"]), judge.verdict(pks["even"])
    assert odd is not None
    assert odd.direction is Direction.UNKNOWN
    assert odd.problems == ("vigie failed in judging it (KeyError): this is a defect",)
    assert even is not None
    assert even.direction is Direction.WIDENED
