"""Judging a recorded estate again: rules a second. No AWS call.

Two estates: what a sweep recorded, judged as ``vigie audit`` does, and the examples of all rules over and over, of
which every one is a mistake or nearly one.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.processes import VIGIE, environment, run
from bench.swept import swept
from bench.tables import Table
from vigie.app import App
from vigie.audit.estate import EstateSettings
from vigie.audit.worker import Auditor, AuditReport
from vigie.history.store import History, open_history
from vigie.model.account import Account
from vigie.model.canonical import canonical_bytes, digests
from vigie.model.change import ChangeKind, Revision
from vigie.model.recording import Draft, ScopeRecord
from vigie.model.resource import Resource
from vigie.model.scope import Outcome, Scope
from vigie.rules.discover import RuleSet, discover
from vigie.rules.examples import read_examples
from vigie.settings import load_settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = "111111111111"
TARGET = 2.0

Row = tuple[str, ...]


def judging(resources: int) -> list[Table]:
    """Judge a swept estate, and one of examples, again and again."""
    columns = ("", "resources", "verdicts", "CPU s", "verdicts a second", "wall s")
    notes = [
        f"Target: the recorded estate again, with all rules, in less than {TARGET:.0f} s of CPU. No AWS to be asked.",
        "Examples: the first time writes and tells findings; queue: the same as due work, claimed in batches.",
    ]
    rows = [*_judged_swept(resources), *_judged_examples(resources)]
    return [Table("judging: all rules over what is recorded", columns, rows, notes)]


def _judged_swept(resources: int) -> list[Row]:
    with swept(resources) as data:
        app = App(load_settings(None, overrides={"data_dir": str(data)}))
        app.rules  # noqa: B018 - finding the rules is start-up
        rows = [_row(name, app.history, app.judge_everything) for name in ("swept", "swept, again")]
        app.close()
        audit = run([*VIGIE, "audit"], environment(VIGIE_DATA_DIR=str(data)))
    return [
        *rows,
        ("`vigie audit`, a whole process", rows[0][1], rows[0][2], f"{audit.cpu:.2f}", "", f"{audit.wall:.1f}"),
    ]


def _judged_examples(count: int) -> list[Row]:
    rules = discover(group=None)
    with TemporaryDirectory() as folder, open_history(f"sqlite:///{Path(folder) / 'bench.sqlite'}") as history:
        record(history, rules, count)
        auditor = Auditor(history, rules, EstateSettings({ACCOUNT: Account(ACCOUNT)}))

        def at(hours: int) -> Callable[[], AuditReport]:
            return lambda: auditor.judge_everything(NOW + timedelta(hours=hours))

        rows = [_row(f"examples, {name}", history, at(hours)) for name, hours in (("first", 1), ("again", 2))]
        auditor.run(NOW + timedelta(hours=4))
        with history.begin() as tx:
            history.work.put(tx, "judge", [str(n) for n in range(1, count + 1)], NOW)
        rows.append(_row("examples, queue", history, lambda: auditor.run(NOW + timedelta(hours=5))))
    return rows


def _row(name: str, history: History, judge: Callable[[], AuditReport]) -> Row:
    began, cpu = time.monotonic(), time.process_time()
    report = judge()
    cpu, wall = time.process_time() - cpu, time.monotonic() - began
    counts = history.findings.judged_counts()
    verdicts = counts.compliant + counts.non_compliant + counts.unknown
    return (name, f"{report.judged:,}", f"{verdicts:,}", f"{cpu:.2f}", f"{verdicts / cpu:,.0f}", f"{wall:.1f}")


def record(history: History, rules: RuleSet, count: int) -> None:
    """Record the examples, over and over under other ids, until there are enough."""
    examples = [e.revision for rule in rules for e in read_examples(rule, rules.samples) if not e.revision.unreadable]
    scopes: dict[Scope, list[Draft]] = defaultdict(list)
    for number, revision in enumerate(islice(cycle(examples), count)):
        scope = Scope(ACCOUNT, revision.resource.scope.region, revision.type)
        scopes[scope].append(draft(scope, revision, f"{revision.id}-{number}"))
    for scope, drafts in scopes.items():
        seen = frozenset(one.resource.id for one in drafts)
        look = ScopeRecord(scope, NOW, NOW, Outcome.COMPLETE, drafts=tuple(drafts), seen=seen)
        history.recorder.record(look, NOW)


def draft(scope: Scope, revision: Revision, id_: str) -> Draft:
    configuration = dict(revision.configuration)
    config_sha, durable_sha = digests(configuration)
    resource = Resource(scope, id_, revision.region, arn=f"{revision.arn or 'arn:aws:x:'}-{id_}", name=id_)
    canonical = canonical_bytes(configuration)
    return Draft(resource, ChangeKind.BASELINE, configuration, canonical, config_sha, durable_sha, NOW, None)
