"""kill -9 of real processes at several moments: the next start finishes the work; nothing is lost or never told.

The next start is made minutes later by its clock, so that no lease has to be waited for.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from vigie.app import App
from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter
from vigie.settings import load_settings
from vigie.testing.command import Command
from vigie.testing.local_aws import REGION, LocalAccount

pytestmark = pytest.mark.slow

BLOCKING_RULE = '''
import time
from pathlib import Path
from vigie.rules import Severity, Violation, rule

@rule("acme-stuck", title="Stuck", applies_to="AWS::SQS::Queue", severity=Severity.LOW, remedy="None.")
def stuck(queue, estate):
    """Waits for its death where it is told to."""
    here = Path(__file__).parent
    while (here / "block").exists():
        (here / "judging").touch()
        time.sleep(0.05)
    yield Violation("always")
'''


class Sink:
    """Takes notifications; where told to, it kills the sender as soon as one arrives."""

    def __init__(self, server: HTTPServer) -> None:
        self.victim: subprocess.Popen[str] | None = None
        self.bodies: list[Any] = []
        server.expect_request("/hook").respond_with_handler(self._take)

    def _take(self, request: Request) -> Response:
        if self.victim is not None:
            self.victim.kill()
            self.victim.wait()
            return Response(status=503)
        self.bodies.append(json.loads(request.get_data()))
        return Response()

    @property
    def told(self) -> Counter[tuple[str, str]]:
        """(kind of the change, or rule of the finding; name of the resource) → how often."""
        events = [event for body in self.bodies for group in body["groups"] for event in group["events"]]
        return Counter((event["rule"] or event["kind"], event["name"]) for event in events)


@pytest.fixture
def sink(httpserver: HTTPServer) -> Sink:
    return Sink(httpserver)


@pytest.fixture
def vigie(account: LocalAccount, tmp_path: Path, sink: Sink, hook: str) -> Command:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "stuck.py").write_text(BLOCKING_RULE)
    settings = f"""
        regions = ["{REGION}"]
        types = ["AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Logs::LogGroup", "AWS::ECR::Repository"]
        rules_paths = ["{tmp_path / "rules"}"]
        [sweep]
        threads = 1
        {hook}
        """
    return Command(tmp_path, account.environment, settings)


@pytest.fixture
def later(vigie: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """The program, started anew ten minutes after."""
    for name, value in vigie.environment.items():
        monkeypatch.setenv(name, value)
    app = App(load_settings(environ=vigie.environment), clock=lambda: datetime.now(UTC) + timedelta(minutes=10))
    yield app
    app.close()


def count(vigie: Command, query: str) -> int:
    with sqlite3.connect(f"file:{vigie.folder / 'data' / 'vigie.sqlite'}?mode=ro", uri=True) as store:
        found: int = store.execute(query).fetchone()[0]
    return found


def recording(vigie: Command, _: subprocess.Popen[str]) -> Callable[[], bool]:
    before = count(vigie, "SELECT count(*) FROM revision")
    return lambda: count(vigie, "SELECT count(*) FROM revision") > before


def judging(vigie: Command, _: subprocess.Popen[str]) -> Callable[[], bool]:
    return (vigie.folder / "rules" / "judging").exists


def entering(_: Command, process: subprocess.Popen[str]) -> Callable[[], bool]:
    began = time.monotonic()
    return lambda: time.monotonic() - began > 0.5


def kill_when(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert process.poll() is None, f"it ended by itself: {process.communicate()}"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    process.communicate()


def change(account: LocalAccount) -> None:
    sqs = account("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="old")["QueueUrl"])
    sqs.create_queue(QueueName="new")
    account("sns").create_topic(Name="news")


CHANGES = {("deleted", "old"), ("created", "new"), ("created", "news")}


def begin(account: LocalAccount, vigie: Command) -> None:
    account("sqs").create_queue(QueueName="old")
    account("sqs").create_queue(QueueName="same")
    assert vigie("sweep").code == 0


def assert_all_is_there_once(app: App, sink: Sink) -> None:
    done = app.history.archive.changes(ChangeFilter(), Page(100)).items
    assert Counter((c.kind.value, c.resource.name) for c in done) == Counter(CHANGES)
    assert all(
        [r.revision.number for r in history(app, c.resource.pk)] == [*range(len(history(app, c.resource.pk)), 0, -1)]
        for c in done
    )
    findings = {(row.rule, row.resource.name) for row in app.history.findings.query(_stuck(), Page(100)).items}
    assert findings == {("acme-stuck", "same"), ("acme-stuck", "new")}
    assert set(sink.told) >= CHANGES, sink.told
    assert ("acme-stuck", "new") in sink.told


def history(app: App, pk: int | None) -> Any:
    return app.history.archive.revisions(pk or 0, Page(100)).items


def _stuck() -> Any:
    from vigie.history.findings import FindingFilter
    from vigie.model.finding import FindingStatus

    return FindingFilter(rule="acme-stuck", statuses=(FindingStatus.OPEN,))


@pytest.mark.parametrize("moment", [entering, recording, judging])
def test_a_killed_sweep_is_finished_by_the_next(
    account: LocalAccount, vigie: Command, later: App, sink: Sink, moment: Callable[..., Callable[[], bool]]
) -> None:
    begin(account, vigie)
    change(account)
    (vigie.folder / "rules" / "block").touch()
    process = vigie.start("sweep")
    kill_when(process, moment(vigie, process))
    (vigie.folder / "rules" / "block").unlink()
    assert ("acme-stuck", "new") not in sink.told
    later.tell(later.sweep(progress=lambda done, total, what: None))
    assert_all_is_there_once(later, sink)


def test_a_sweep_right_after_a_killed_one_judges_what_that_one_held(
    account: LocalAccount, vigie: Command, sink: Sink
) -> None:
    begin(account, vigie)
    change(account)
    (vigie.folder / "rules" / "block").touch()
    process = vigie.start("sweep")
    kill_when(process, judging(vigie, process))
    (vigie.folder / "rules" / "block").unlink()
    assert vigie("sweep").code == 0
    assert {row["name"] for row in vigie.items("findings", "--rule", "acme-stuck")} == {"same", "new"}
    assert ("acme-stuck", "new") in sink.told


def test_a_delivery_that_was_killed_is_made_by_the_next_start(
    account: LocalAccount, vigie: Command, later: App, sink: Sink
) -> None:
    begin(account, vigie)
    change(account)
    sink.victim = vigie.start("sweep")
    assert sink.victim.wait(60) == -9
    sink.victim = None
    assert not CHANGES & set(sink.told)
    later.tell(later.sweep(progress=lambda done, total, what: None))
    assert_all_is_there_once(later, sink)


def test_a_killed_audit_of_everything_is_simply_made_again(account: LocalAccount, vigie: Command, sink: Sink) -> None:
    begin(account, vigie)
    (vigie.folder / "rules" / "block").touch()
    process = vigie.start("audit")
    kill_when(process, judging(vigie, process))
    (vigie.folder / "rules" / "block").unlink()
    assert vigie.json("audit")["judged"] > 0
    assert sorted(row["name"] for row in vigie.items("findings", "--rule", "acme-stuck")) == ["old", "same"]


def test_an_account_that_a_killed_vigie_was_sweeping_is_swept_again_minutes_later(
    account: LocalAccount, vigie: Command, later: App
) -> None:
    begin(account, vigie)
    now = datetime.now(UTC)
    with later.history.begin() as tx:
        later.history.work.put(tx, "sweep", [account.id], now)
    claims = later.history.work.claim("sweep", 1, now + timedelta(minutes=8), timedelta(minutes=3))
    assert [claim.key for claim in claims] == [account.id]
    account("sqs").create_queue(QueueName="seen-again")
    watcher = next(loop for loop in later.loops(sweep=True) if loop.name == "watcher")
    watcher.step()
    assert not later.history.archive.find("seen-again"), "whoever claimed it may still be at it"
    claims = later.history.work.claim("sweep", 1, now + timedelta(minutes=12), timedelta(0))
    assert [claim.key for claim in claims] == [account.id], "after the lease it is free for anyone"
