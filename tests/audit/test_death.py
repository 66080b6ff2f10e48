"""kill -9 of an auditor, and several at once: nothing is lost, nothing is told twice or never."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vigie.audit.estate import EstateSettings
from vigie.audit.worker import LEASE, AuditReport
from vigie.history.findings import FindingFilter
from vigie.history.store import History, open_history
from vigie.model.change import Revision
from vigie.model.finding import FindingStatus, Violation
from vigie.model.paging import Page
from vigie.rules.estate import Estate
from vigie.testing.recorded import World, make_rule

QUEUE = "AWS::SQS::Queue"
CHILD = """
import sys, time
from datetime import datetime
from pathlib import Path
from vigie.history.store import open_history
from vigie.model.finding import Violation
from vigie.testing.recorded import World, make_rule

url, now, mark, where = sys.argv[1:]

def judge(queue, estate):
    yield Violation("always")
    if where == "while judging":
        Path(mark).touch()
        time.sleep(600)

history = open_history(url)
if where == "before the commit":
    apply = history.findings.apply
    def dying(tx, plan, at):
        apply(tx, plan, at)
        Path(mark).touch()
        time.sleep(600)
    history.findings.apply = dying
world = World(history, {"always": make_rule("always", "AWS::SQS::Queue", judge)}, now=datetime.fromisoformat(now))
world.judge()
"""


def always(queue: Revision, estate: Estate) -> Iterator[Violation]:
    yield Violation("always")


@pytest.mark.parametrize("where", ["while judging", "before the commit"])
def test_what_a_killed_auditor_had_begun_is_finished(
    history: History, history_url: str, tmp_path: Path, where: str
) -> None:
    world = World(history, {"always": make_rule("always", QUEUE, always)})
    for n in range(5):
        world.see(QUEUE, f"q{n}", {})
    mark = tmp_path / "mark"
    child = subprocess.Popen([sys.executable, "-c", CHILD, history_url, world.now.isoformat(), str(mark), where])
    try:
        deadline = time.monotonic() + 60
        while not mark.exists():
            assert child.poll() is None, "the auditor ended by itself"
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert world.findings() == []
    assert world.judge() == AuditReport(), "the lease still holds"
    world.now += LEASE
    assert world.judge() == AuditReport(judged=5, opened=5)
    assert sorted(world.told()) == [("always", "open", False)] * 5


def test_several_auditors_share_the_work(history: History, history_url: str) -> None:
    world = World(history, {"always": make_rule("always", QUEUE, always)}, settings=EstateSettings())
    for n in range(40):
        world.see(QUEUE, f"q{n}", {})
    auditor = world.auditor()
    auditor.notice(world.now)

    def work() -> None:
        with open_history(history_url) as store:
            other = World(store, world.rules, now=world.now).auditor()
            other.run(world.now)
            other.judge_everything(world.now)

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(work) for _ in range(3)]:
            done.result()
    found = history.findings.query(FindingFilter(statuses=tuple(FindingStatus)), Page(1000)).items
    assert len(found) == 40
    assert all(len(history.findings.history(f.pk or 0)) == 1 for f in found)
    assert len(world.told()) == 40
