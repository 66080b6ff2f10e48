"""The notifier at work, on real stores."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from vigie.history.notifications import NotificationKind, NotificationStatus
from vigie.history.store import History
from vigie.model.account import Account
from vigie.model.attribution import Attribution, Confidence, Credit
from vigie.model.change import Change, ChangeKind, DiffEntry, Revision
from vigie.model.errors import SettingsError, UsageError
from vigie.model.event import Actor, ActorKind
from vigie.model.event import Event as EventRecord
from vigie.model.paging import Page
from vigie.model.resource import Resource
from vigie.model.scope import Scope
from vigie.notify.channels.base import Channel, ChannelFailed, Receipt
from vigie.notify.message import Message
from vigie.notify.routes import parse_routes
from vigie.notify.worker import Limits, Notifier
from vigie.testing.notifications import T0

MINUTE = timedelta(minutes=1)
SCOPE = Scope("111111111111", "eu-west-1", "AWS::EC2::SecurityGroup")
FINDING = {
    "rule": "r1",
    "status": "open",
    "severity": "high",
    "title": "bad",
    "account": "111111111111",
    "region": "eu-west-1",
    "type": "AWS::SQS::Queue",
    "first_seen": T0.isoformat(),
}


def change(pk: int, kind: ChangeKind = ChangeKind.CHANGED) -> Change:
    resource = Resource(SCOPE, f"sg-{pk}", "eu-west-1", name=f"group {pk}", pk=pk)
    diff = (DiffEntry("/a", "replace", 1, 2), DiffEntry("/seen", "replace", 1, 2, ephemeral=True))
    revision = Revision(resource, 2, kind, T0, {"Tags": {"env": "prod"}}, T0 - MINUTE, pk=pk)
    return Change(revision, diff, pk)


@dataclass
class Recorder:
    """A channel that keeps what it took, and fails as it is told."""

    fails: list[Exception] = field(default_factory=list)
    took: list[Message] = field(default_factory=list)
    threads: list[str | None] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, message: Message, thread: str | None = None) -> Receipt:
        with self.lock:
            if self.fails:
                raise self.fails.pop(0)
            self.took.append(message)
            self.threads.append(thread)
            return Receipt(f"ref-{len(self.took)}")

    @property
    def titles(self) -> list[str]:
        return [message.title for message in self.took]


def down(*, permanent: bool = False, retry_after: timedelta | None = None) -> ChannelFailed:
    return ChannelFailed(permanent=permanent, reason="it is down", retry_after=retry_after)


def notifier(
    history: History,
    channels: Mapping[str, Channel],
    *routes: dict[str, Any],
    changes: Callable[[int], Change | None] = change,
    wait_for_actor: timedelta = timedelta(0),
    **limits: Any,
) -> Notifier:
    parsed = parse_routes(routes or ({"name": "all", "channels": list(channels)},))
    accounts = {"111111111111": Account("111111111111", "prod")}
    return Notifier(
        history,
        parsed,
        channels,
        clock=lambda: T0,
        accounts=lambda: accounts,
        change_of=changes,
        jitter=lambda: 0.5,
        base_url="https://vigie.example.org",
        limits=Limits(**limits),
        wait_for_actor=wait_for_actor,
    )


def put(history: History, topic: str, payload: dict[str, Any], ref: int | None = None, at: datetime = T0) -> None:
    with history.begin() as tx:
        history.outbox.put(tx, topic, ref, payload, at)


def put_changes(history: History, n: int, first: int = 0) -> None:
    for number in range(first, first + n):
        put(history, "change", {"kind": "changed"}, number)


def test_changes_and_findings_reach_every_matching_route(history: History) -> None:
    mail, chat = Recorder(), Recorder()
    told = notifier(
        history,
        {"mail": mail, "chat": chat},
        {"name": "all", "channels": ["mail"]},
        {"name": "grave", "channels": ["chat", "mail"], "severity_at_least": "high"},
    )
    put_changes(history, 1)
    put(history, "finding", FINDING, 5)
    done = told.run_once(T0)
    assert (done.routed, done.composed, done.sent, done.held) == (2, 4, 4, 0)
    assert chat.titles == ["HIGH bad: AWS::SQS::Queue in prod (111111111111)"]
    assert sorted(mail.titles) == sorted(
        ["AWS::EC2::SecurityGroup group 0 changed in prod (111111111111)", *chat.titles * 2]
    )
    (event,) = next(m for m in mail.took if m.events[0].topic == "change").events
    assert (event.account_name, event.tags, event.paths) == ("prod", {"env": "prod"}, ("/a",))
    assert [line.path for line in event.diff] == ["/a"]
    assert mail.took[0].base_url == "https://vigie.example.org"
    assert told.run_once(T0 + MINUTE) == replace(done, routed=0, composed=0, sent=0)


ALICE = Actor(ActorKind.USER, arn="arn:aws:iam::111111111111:user/alice", name="alice", address="203.0.113.7")
CALL = EventRecord("e", T0, "ec2.amazonaws.com", "RevokeX", "111111111111", "eu-west-1", False, ALICE)
EXACT = Attribution(Confidence.EXACT, (Credit(CALL, Confidence.EXACT),))


@pytest.mark.parametrize(
    ("known", "told_at", "actor"),
    [
        (EXACT, timedelta(0), "user alice"),
        (Attribution(Confidence.NONE), timedelta(0), None),
        (Attribution(Confidence.PENDING), timedelta(seconds=30), None),
        (None, timedelta(seconds=30), None),
    ],
)
def test_a_change_waits_a_little_until_it_is_known_who_made_it(
    sqlite_history: History, known: Attribution | None, told_at: timedelta, actor: str | None
) -> None:
    mail = Recorder()
    put_changes(sqlite_history, 1)
    told = notifier(
        sqlite_history,
        {"mail": mail},
        changes=lambda pk: replace(change(pk), attribution=known),
        wait_for_actor=timedelta(seconds=30),
    )
    for second in range(31):
        told.run_once(T0 + timedelta(seconds=second))
        assert bool(mail.took) is (timedelta(seconds=second) >= told_at)
    (event,) = mail.took[0].events
    assert event.actor == actor
    assert sqlite_history.outbox.dead() == []


def test_a_change_whose_event_comes_while_it_waits_is_told_with_its_actor_and_once(sqlite_history: History) -> None:
    mail, known = Recorder(), list[Attribution]()
    put_changes(sqlite_history, 1)
    told = notifier(
        sqlite_history,
        {"mail": mail},
        {"name": "alice", "channels": ["mail"], "actors": [ALICE.arn]},
        changes=lambda pk: replace(change(pk), attribution=known[0] if known else None),
        wait_for_actor=timedelta(seconds=30),
    )
    told.run_once(T0)
    known.append(EXACT)
    for second in (3, 4, 40):
        told.run_once(T0 + timedelta(seconds=second))
    (message,) = mail.took
    assert message.events[0].calls == ("RevokeX by user alice from 203.0.113.7",)


@pytest.mark.parametrize("kind", [ChangeKind.EPHEMERAL, ChangeKind.BASELINE])
def test_an_ephemeral_change_is_told_to_nobody_even_if_it_gets_into_the_outbox(
    sqlite_history: History, kind: ChangeKind
) -> None:
    mail = Recorder()
    put(sqlite_history, "change", {}, 1)
    told = notifier(sqlite_history, {"mail": mail}, changes=lambda pk: change(pk, kind))
    assert told.run_once(T0).routed == 1
    assert mail.took == [] and sqlite_history.outbox.held() == 0


def test_a_dead_channel_holds_up_no_other(history: History) -> None:
    broken, fine = Recorder(fails=[down() for _ in range(100)]), Recorder()
    put_changes(history, 6)
    done = notifier(history, {"broken": broken, "fine": fine}).run_once(T0)
    assert len(fine.took) == 6
    assert (done.sent, done.retried, done.dead) == (6, 3, 0)  # after three failures in a row it is left alone
    pending = history.outbox.notifications.page(Page(), status=NotificationStatus.PENDING).items
    assert sorted(n.attempts for n in pending) == [0, 0, 0, 1, 1, 1]
    assert all(n.next_at > T0 for n in pending)


def test_a_channel_that_hangs_holds_up_no_other(sqlite_history: History) -> None:
    fine_is_done = threading.Event()

    class Hanging(Recorder):
        def send(self, message: Message, thread: str | None = None) -> Receipt:
            assert fine_is_done.wait(20)
            return Receipt()

    class Fine(Recorder):
        def send(self, message: Message, thread: str | None = None) -> Receipt:
            fine_is_done.set()
            return Receipt()

    put_changes(sqlite_history, 1)
    assert notifier(sqlite_history, {"a": Hanging(), "b": Fine()}).run_once(T0).sent == 2


def test_attempts_are_spaced_out_until_a_notification_is_a_dead_letter(sqlite_history: History) -> None:
    mail = Recorder(fails=[down() for _ in range(8)])
    told = notifier(sqlite_history, {"mail": mail})
    put_changes(sqlite_history, 1)
    now, waits = T0, []
    for _ in range(7):
        assert told.run_once(now).retried == 1
        (waiting,) = sqlite_history.outbox.notifications.page(Page()).items
        assert told.run_once(waiting.next_at - timedelta(seconds=1)).failures == ()
        waits.append((waiting.next_at - now) // MINUTE)
        now = waiting.next_at
    assert waits == [1, 2, 4, 8, 16, 32, 64]
    assert told.run_once(now).dead == 1
    (dead,) = sqlite_history.outbox.notifications.page(Page(), status=NotificationStatus.DEAD).items
    assert (dead.attempts, dead.last_error) == (8, "it is down")
    assert told.run_once(now + timedelta(days=9)).sent == 0
    with sqlite_history.begin() as tx:
        assert sqlite_history.outbox.notifications.resend(tx, now) == 1
    assert told.run_once(now).sent == 1
    assert [message.uid for message in mail.took] == [dead.uid]


def test_a_permanent_failure_is_a_dead_letter_at_once(sqlite_history: History) -> None:
    put_changes(sqlite_history, 1)
    done = notifier(sqlite_history, {"mail": Recorder(fails=[down(permanent=True)])}).run_once(T0)
    assert (done.dead, done.failures[0].reason) == (1, "it is down")


def test_a_channel_that_asks_for_time_gets_it(sqlite_history: History) -> None:
    put_changes(sqlite_history, 1)
    notifier(sqlite_history, {"mail": Recorder(fails=[down(retry_after=timedelta(minutes=50))])}).run_once(T0)
    (waiting,) = sqlite_history.outbox.notifications.page(Page()).items
    assert waiting.next_at == T0 + timedelta(minutes=50)


def test_a_channel_with_a_defect_is_a_failure_without_its_text(sqlite_history: History) -> None:
    put_changes(sqlite_history, 1)
    done = notifier(sqlite_history, {"mail": Recorder(fails=[ZeroDivisionError("s3cret")])}).run_once(T0)
    assert done.retried == 1
    assert "ZeroDivisionError (test_worker.py:" in done.failures[0].reason
    assert "s3cret" not in done.failures[0].reason


def test_a_channel_that_left_the_settings_leaves_dead_letters(sqlite_history: History) -> None:
    put_changes(sqlite_history, 1)
    done = notifier(sqlite_history, {"mail": Recorder()}, {"channels": ["gone"]}).run_once(T0)
    assert done.dead == 1 and '"gone"' in done.failures[0].reason


def test_a_first_look_is_one_summary_an_account_when_it_is_quiet(history: History) -> None:
    mail = Recorder()
    told = notifier(history, {"mail": mail})
    for number in range(30):
        for account in ("111111111111", "222222222222"):
            kind = f"AWS::T::{number}"
            put(history, "baseline", {"account": account, "region": "eu-west-1", "type": kind, "count": 10})
            put(history, "finding", FINDING | {"account": account, "baseline": True, "id": str(number)}, number)
    first = told.run_once(T0)
    assert (first.routed, first.sent, first.held) == (120, 0, 120)
    put(history, "baseline", {"account": "222222222222", "region": "eu-west-1", "type": "late", "count": 1})
    assert told.run_once(T0 + timedelta(seconds=59)).sent == 0
    assert told.run_once(T0 + MINUTE).sent == 1  # the other is not quiet yet
    assert told.run_once(T0 + 2 * MINUTE).sent == 1
    assert mail.titles == [
        "First look at prod (111111111111): 300 resources, 30 findings",
        "First look at 222222222222: 301 resources, 30 findings",
    ]
    assert len(mail.took[0].events) == 10 and mail.took[0].left_out == 20


def test_a_program_that_ends_does_not_wait_for_quiet(sqlite_history: History) -> None:
    mail = Recorder()
    put(sqlite_history, "baseline", {"account": "111111111111", "region": "r", "type": "t", "count": 3})
    assert notifier(sqlite_history, {"mail": mail}).run_once(T0, flush=True).sent == 1


def test_a_storm_is_one_message_and_what_follows_waits(history: History) -> None:
    mail = Recorder()
    told = notifier(history, {"mail": mail}, {"name": "r", "channels": "mail", "storm_limit": 3}, batch=7)
    put_changes(history, 50)
    assert told.run_once(T0).sent == 1
    assert mail.titles == ["50 events at once on route r"]
    put_changes(history, 2, first=50)
    assert told.run_once(T0 + MINUTE).sent == 0
    assert told.run_once(T0 + timedelta(minutes=10)).sent == 2


def test_messages_one_by_one_are_a_storm_too(sqlite_history: History) -> None:
    mail = Recorder()
    told = notifier(sqlite_history, {"mail": mail}, {"name": "r", "channels": "mail", "storm_limit": 3})
    for number in range(10):
        put_changes(sqlite_history, 1, first=number)
        told.run_once(T0 + number * timedelta(seconds=1))
    assert len(mail.took) == 3
    told.run_once(T0 + timedelta(minutes=11))
    assert [message.kind for message in mail.took[3:]] == [NotificationKind.COLLAPSED]
    assert mail.took[3].total == 7


def test_a_digest_goes_out_at_its_time_with_all_of_it(history: History) -> None:
    mail = Recorder()
    told = notifier(history, {"mail": mail}, {"name": "daily", "channels": "mail", "every": "daily 13:00"})
    put_changes(history, 2)
    put(history, "finding", FINDING, 5)
    assert told.run_once(T0, flush=True).held == 3
    assert told.run_once(T0 + timedelta(minutes=59)).sent == 0
    assert told.run_once(T0 + timedelta(minutes=60)).sent == 1
    assert mail.titles == ["Digest of daily: 3 events"]


def test_events_of_one_resource_and_actor_in_a_run_go_together_and_later_ones_in_its_thread(history: History) -> None:
    chat = Recorder()
    told = notifier(history, {"chat": chat}, changes=lambda pk: change(1))
    put_changes(history, 3)
    told.run_once(T0)
    put_changes(history, 1)
    told.run_once(T0 + MINUTE)
    assert [message.total for message in chat.took] == [3, 1]
    assert chat.threads == [None, "ref-1"]


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("change", {}, "not in history"),
        ("finding", {"account": "1"}, "lacks 'status'"),
        ("finding", FINDING | {"severity": "huge"}, "is wrong"),
        ("finding", FINDING | {"tags": 7}, "is wrong"),
        ("baseline", {}, "lacks 'account'"),
        ("coverage", {"account": "1", "since": "yesterday"}, "is wrong"),
    ],
)
def test_a_row_that_cannot_be_read_holds_up_no_other_and_is_kept(
    sqlite_history: History, topic: str, payload: dict[str, Any], reason: str
) -> None:
    mail = Recorder()
    put(sqlite_history, topic, payload, 404)
    put(sqlite_history, "finding", FINDING, 1)
    told = notifier(sqlite_history, {"mail": mail}, changes=lambda pk: None, attempts=2)
    done = told.run_once(T0)
    assert (done.routed, done.sent) == (1, 1)
    assert reason in done.unreadable[0]
    told.run_once(T0 + MINUTE)
    (dead,) = sqlite_history.outbox.dead()
    assert dead.last_error and reason in dead.last_error


def test_coverage_is_told(sqlite_history: History) -> None:
    mail = Recorder()
    gap = {"account": "111111111111", "region": "eu-west-1", "type": "AWS::SNS::Topic"}
    put(sqlite_history, "coverage", gap | {"status": "denied", "missing_permission": "sns:ListTopics"})
    put(sqlite_history, "coverage", gap | {"status": "complete"})
    put(sqlite_history, "coverage", {"account": "111111111111", "notice": "12 resources disappeared"})
    notifier(sqlite_history, {"mail": mail}).run_once(T0)
    assert [event.kind for event in mail.took[0].events] == ["lost", "restored", "notice"]


def test_a_test_message(sqlite_history: History) -> None:
    mail = Recorder()
    told = notifier(sqlite_history, {"mail": mail})
    assert told.test_channel("mail").reference == "ref-1"
    assert "it works" in mail.titles[0]
    with pytest.raises(UsageError, match=r'There is no channel "pager" \(channels: mail\)'):
        told.test_channel("pager")
    mail.fails.append(down())
    with pytest.raises(SettingsError, match="did not take the test message: it is down"):
        told.test_channel("mail")


def test_links_go_to_web_addresses_only(sqlite_history: History) -> None:
    with pytest.raises(SettingsError, match="base_url"):
        Notifier(sqlite_history, (), {}, clock=lambda: T0, base_url="javascript:alert(1)", change_of=change)


def test_when_to_run_again(sqlite_history: History) -> None:
    told = notifier(sqlite_history, {"mail": Recorder()}, {"channels": "mail", "every": "1h"})
    assert told.next_run(T0) == T0 + MINUTE
    put_changes(sqlite_history, 1)
    assert told.next_run(T0) == T0 + timedelta(seconds=5)
    told.run_once(T0)
    late = T0 + timedelta(minutes=59, seconds=30)
    assert told.next_run(late) == T0 + timedelta(hours=1)
