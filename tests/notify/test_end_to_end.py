"""What the recorder writes is what the notifier understands: from a look at AWS to the text of a message."""

from __future__ import annotations

from datetime import timedelta

from recordings import DENIED, HOUR, MINUTE, SCOPE, T0, draft, look, queue
from vigie.history.store import History
from vigie.model.account import Account
from vigie.model.change import ChangeKind
from vigie.model.scope import Outcome
from vigie.notify.channels.local import ConsoleChannel
from vigie.notify.routes import parse_routes
from vigie.notify.worker import Notifier


def test_from_a_look_to_a_message(history: History) -> None:
    shown: list[str] = []
    history.accounts.put(Account(SCOPE.account, "prod"), T0)
    routes = parse_routes([{"name": "all", "channels": ["here"]}])
    told = Notifier(history, routes, {"here": ConsoleChannel(shown.append)}, clock=lambda: T0)

    def record(hours: int, kind: ChangeKind, delay: int) -> None:
        at = T0 + hours * HOUR
        after = None if kind is ChangeKind.BASELINE else at - HOUR
        one = draft(queue("orders"), kind, at, {"Delay": delay, "Tags": {"env": "prod"}}, changed_after=after)
        history.recorder.record(look(at, one), at)

    record(0, ChangeKind.BASELINE, 0)
    assert told.run_once(T0).sent == 0
    assert told.run_once(T0 + MINUTE).sent == 1
    assert shown.pop().startswith(f"First look at prod ({SCOPE.account}): 1 resource, 0 findings")

    record(1, ChangeKind.EPHEMERAL, 0)
    assert told.run_once(T0 + HOUR) == told.run_once(T0 + HOUR)  # nothing at all
    assert shown == []

    record(2, ChangeKind.CHANGED, 30)
    assert told.run_once(T0 + 2 * HOUR).sent == 0  # it waits for its verdict, for no more than a minute
    assert told.run_once(T0 + 2 * HOUR + MINUTE).sent == 1
    text = shown.pop()
    assert f"AWS::SQS::Queue orders changed in prod ({SCOPE.account})" in text
    assert "~ /Delay: 0 → 30" in text
    assert "between 2026-01-02 04:04:05 UTC and 2026-01-02 05:04:05 UTC" in text

    at = T0 + 3 * HOUR
    denied = look(at, seen=["orders"], outcome=Outcome.DENIED, problems=(DENIED,))
    history.recorder.record(denied, at)
    assert told.run_once(at + timedelta(seconds=1)).sent == 1
    text = shown.pop()
    assert "vigie cannot see AWS::SQS::Queue in eu-west-1 (denied)" in text
    assert "Missing permission: sqs:GetQueueAttributes" in text
