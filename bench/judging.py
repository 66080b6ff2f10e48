"""Judging a recorded estate again: rules a second.

    python bench/judging.py [RESOURCES]

Records the examples of all rules as an estate of that many resources (default 2,000) in a fresh SQLite store, then
judges all
of it: the first time (findings are written and told), again (nothing changes), and through the queue of due work. No
AWS call.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

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

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = "111111111111"


def main(count: int) -> None:
    rules = discover(group=None)
    with tempfile.TemporaryDirectory() as folder, open_history(f"sqlite:///{Path(folder) / 'bench.sqlite'}") as history:
        types = record(history, rules, count)
        auditor = Auditor(history, rules, EstateSettings({ACCOUNT: Account(ACCOUNT)}))
        print(f"{count:,} resources of {types} types, {len(rules)} rules")
        for name, hours in (("first", 1), ("again", 2), ("again", 3)):
            began, cpu = time.perf_counter(), time.process_time()
            report = auditor.judge_everything(NOW + timedelta(hours=hours))
            show(name, report, time.perf_counter() - began, time.process_time() - cpu)
        counts = history.findings.judged_counts()
        pairs = counts.compliant + counts.non_compliant + counts.unknown
        print(f"{pairs:,} verdicts each time")
        auditor.run(NOW + timedelta(hours=4))
        with history.begin() as tx:
            history.work.put(tx, "judge", [str(n) for n in range(1, count + 1)], NOW)
        began, cpu = time.perf_counter(), time.process_time()
        report = auditor.run(NOW + timedelta(hours=5))
        show("queue", report, time.perf_counter() - began, time.process_time() - cpu)


def show(name: str, report: AuditReport, wall: float, cpu: float) -> None:
    print(f"{name:6} {wall:6.2f} s wall {cpu:6.2f} s CPU   {report}")


def record(history: History, rules: RuleSet, count: int) -> int:
    """Record the examples, over and over under other ids, until there are enough. How many types there are."""
    examples = [e.revision for rule in rules for e in read_examples(rule, rules.samples) if not e.revision.unreadable]
    scopes: dict[Scope, list[Draft]] = defaultdict(list)
    for number, revision in enumerate(islice(cycle(examples), count)):
        scope = Scope(ACCOUNT, revision.resource.scope.region, revision.type)
        scopes[scope].append(draft(scope, revision, f"{revision.id}-{number}"))
    for scope, drafts in scopes.items():
        seen = frozenset(one.resource.id for one in drafts)
        look = ScopeRecord(scope, NOW, NOW, Outcome.COMPLETE, drafts=tuple(drafts), seen=seen)
        history.recorder.record(look, NOW)
    return len({scope.type for scope in scopes})


def draft(scope: Scope, revision: Revision, id_: str) -> Draft:
    configuration = dict(revision.configuration)
    config_sha, durable_sha = digests(configuration)
    resource = Resource(scope, id_, revision.region, arn=f"{revision.arn or 'arn:aws:x:'}-{id_}", name=id_)
    canonical = canonical_bytes(configuration)
    return Draft(resource, ChangeKind.BASELINE, configuration, canonical, config_sha, durable_sha, NOW, None)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
