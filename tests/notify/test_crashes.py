"""Whatever dies when: everything is told at least once, and a repeat has the same id."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigie.history.store import History, Transaction, open_history
from vigie.notify.channels.base import ChannelFailed, Receipt
from vigie.notify.message import Message
from vigie.notify.routes import parse_routes
from vigie.notify.worker import Limits, Notifier

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEVERITIES = ("low", "medium", "high", "critical")


class Crash(BaseException):
    """The process dies here: nothing catches it, nothing is put in order."""


class Fate:
    """Counts the instants at which a process can die, and kills it at those that were chosen."""

    def __init__(self, deaths: frozenset[int]) -> None:
        self.deaths = deaths
        self.instant = 0

    def step(self) -> None:
        self.instant += 1
        if self.instant in self.deaths:
            raise Crash


class MortalHistory(History):
    """Can die before a transaction, in it, and after it."""

    fate: Fate

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        self.fate.step()
        with super().begin() as tx:
            yield tx
            self.fate.step()
        self.fate.step()


class MortalChannel:
    """Can die before and after a message was taken; fails where ``failures`` says."""

    def __init__(self, fate: Fate, failures: list[bool]) -> None:
        self.fate = fate
        self.failures = failures
        self.took: list[Message] = []

    def send(self, message: Message, thread: str | None = None) -> Receipt:
        self.fate.step()
        if self.failures and self.failures.pop():
            raise ChannelFailed(permanent=False, reason="down")
        self.took.append(message)
        self.fate.step()
        return Receipt()


ROUTES = parse_routes(
    [
        {"name": "all", "channels": ["c"]},
        {"name": "grave", "channels": ["c"], "severity_at_least": "high", "storm_limit": 2},
        {"name": "later", "channels": ["c"], "every": "1h", "not_rules": ["rule-0"]},
    ]
)


def wanted_by(number: int) -> set[str]:
    """Which routes tell event ``number``, said without the code under test."""
    found = {"all"}
    if SEVERITIES[number % 4] in ("high", "critical"):
        found.add("grave")
    if number % 3:
        found.add("later")
    return found


def put(history: History, n: int, first: int = 0) -> None:
    with history.begin() as tx:
        for number in range(first, first + n):
            payload = {
                "rule": f"rule-{number % 3}",
                "status": "open",
                "severity": SEVERITIES[number % 4],
                "account": f"11111111111{number % 2}",
                "type": "AWS::SQS::Queue",
                "id": f"q{number}",
                "baseline": number % 5 == 0,
            }
            history.outbox.put(tx, "finding", number, payload, T0)


@given(
    events=st.integers(1, 12),
    deaths=st.frozensets(st.integers(1, 60), max_size=8),
    failures=st.lists(st.booleans(), max_size=6),
)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_every_event_reaches_every_matching_route_whatever_dies_when(
    sqlite_template: Path, events: int, deaths: frozenset[int], failures: list[bool]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "vigie.sqlite"
        shutil.copy(sqlite_template, path)
        fate = Fate(deaths)
        channel = MortalChannel(fate, failures)
        with open_history(f"sqlite:///{path}") as opened:
            put(opened, events)
            mortal = MortalHistory(opened.engine)
            mortal.fate = fate
            now = T0
            while opened.outbox.next_due() is not None:
                moment = now
                told = Notifier(
                    mortal,
                    ROUTES,
                    {"c": channel},
                    clock=lambda moment=moment: moment,  # type: ignore[misc]
                    accounts=dict,
                    change_of=lambda pk: None,
                    limits=Limits(batch=5, attempts=100),
                )
                with suppress(Crash):
                    told.run_once(now)
                now += timedelta(minutes=20)  # longer than every lease
                assert now < T0 + timedelta(days=7)
        _check(channel.took, events)


def _check(took: list[Message], events: int) -> None:
    first: dict[str, Message] = {}
    for message in took:
        assert first.setdefault(message.uid, message) == message  # a repeat says the same
    told: dict[str, list[str]] = defaultdict(list)
    for message in first.values():
        told[message.route] += [event.id for event in message.events]
        assert message.left_out == 0 or message.total > len(message.events)
    for route in ("all", "grave", "later"):
        expected = sorted(f"q{n}" for n in range(events) if route in wanted_by(n))
        counted = sum(message.total for message in first.values() if message.route == route)
        assert counted == len(expected)  # exactly once, but for repeats of a whole message
        assert set(told[route]) <= set(expected)
        if all(m.left_out == 0 for m in first.values() if m.route == route):
            assert sorted(told[route]) == expected


CHILD = """
import json, os, sys, time
from datetime import datetime, timezone
from vigie.history.store import open_history
from vigie.notify.channels.base import Receipt
from vigie.notify.routes import parse_routes
from vigie.notify.worker import Limits, Notifier

url, out, when = sys.argv[1:4]
T0 = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)

class Channel:
    def __init__(self):
        self.sent = 0
    def send(self, message, thread=None):
        if self.sent == 2 and when == "before":
            self.wait()
        with open(out, "a") as file:
            file.write(json.dumps([message.uid, [event.id for event in message.events]]) + "\\n")
        if self.sent == 2 and when == "after":
            self.wait()
        self.sent += 1
        return Receipt()
    def wait(self):
        print("delivering", flush=True)
        time.sleep(600)

with open_history(url) as history:
    routes = parse_routes([{"name": "all", "channels": ["c"]}])
    told = Notifier(history, routes, {"c": Channel()}, clock=lambda: T0, change_of=lambda pk: None)
    told.run_once(T0, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_during_a_delivery_nothing_is_lost(
    history: History, history_url: str, tmp_path: Path, when: str
) -> None:
    put(history, 5, first=1)
    out = tmp_path / "out"
    child = subprocess.Popen([sys.executable, "-c", CHILD, history_url, str(out), when], stdout=subprocess.PIPE)
    try:
        assert child.stdout and child.stdout.readline() == b"delivering\n"
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait(30) == -signal.SIGKILL
    finally:
        child.kill()
        child.wait(30)
        if child.stdout:
            child.stdout.close()

    class Channel:
        def send(self, message: Message, thread: str | None = None) -> Receipt:
            with out.open("a") as file:
                file.write(json.dumps([message.uid, [event.id for event in message.events]]) + "\n")
            return Receipt()

    def run(now: datetime) -> int:
        routes = parse_routes([{"name": "all", "channels": ["c"]}])
        told = Notifier(history, routes, {"c": Channel()}, clock=lambda: now, change_of=lambda pk: None)
        return told.run_once(now).sent

    assert run(T0 + timedelta(minutes=4)) == 0  # the lease of the dead one still holds
    assert run(T0 + timedelta(minutes=5)) == 3
    lines: list[Any] = [json.loads(line) for line in out.read_text().splitlines()]
    assert sorted({event for _, events in lines for event in events}) == ["q1", "q2", "q3", "q4", "q5"]
    assert len(lines) == (5 if when == "before" else 6)  # the message that may have been taken is repeated
    assert len({uid for uid, _ in lines}) == 5
    assert run(T0 + timedelta(days=1)) == 0
