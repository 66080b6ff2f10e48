"""States recorded by hand in a real store, a clock, and an auditor over it: to try rules through time, without AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from vigie.audit.estate import EstateSettings
from vigie.audit.worker import Auditor, AuditReport
from vigie.history.findings import FindingFilter
from vigie.history.store import History
from vigie.model.canonical import canonical_bytes, digests
from vigie.model.change import ChangeKind
from vigie.model.finding import Finding, FindingStatus, Severity
from vigie.model.paging import Page
from vigie.model.recording import Draft, ScopeRecord
from vigie.model.resource import Resource
from vigie.model.scope import Outcome, Problem, Scope
from vigie.model.treatment import Treatment
from vigie.rules.declare import Rule, rule
from vigie.rules.discover import RuleSet
from vigie.rules.overrides import Overrides

START = datetime(2026, 1, 10, tzinfo=UTC)
OWN = "111111111111"


@dataclass
class World:
    """A store, a clock, and an auditor with its rules."""

    history: History
    rules: dict[str, Rule] = field(default_factory=dict)
    settings: EstateSettings = field(default_factory=EstateSettings)
    overrides: Overrides = field(default_factory=Overrides)
    now: datetime = START
    treatment: Treatment = field(default_factory=Treatment)

    def auditor(self) -> Auditor:
        digest = ",".join(f"{r.id}:{id(r.judge)}" for r in self.rules.values())
        return Auditor(self.history, RuleSet(dict(self.rules), digest=digest), self.settings, self.overrides)

    def judge(self) -> AuditReport:
        return self.auditor().run(self.now)

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def see(
        self,
        type_: str,
        id_: str,
        configuration: Mapping[str, Any] | None,
        *,
        account: str = OWN,
        region: str = "eu-west-1",
        first: ChangeKind = ChangeKind.CREATED,
        unreadable: Mapping[str, str] | None = None,
        again: ChangeKind = ChangeKind.CHANGED,
    ) -> int:
        """Record a state (None: it is gone). Its number."""
        self.later(minutes=1)
        scope = Scope(account, region, type_)
        resource = Resource(scope, id_, region, arn=f"arn:aws:x:{region}:{account}:{id_}", name=id_)
        content = configuration or {}
        config_sha, durable_sha = digests(content, self.treatment)
        problems = {
            k: Problem(Outcome.DENIED, "x:Read", "AccessDenied", why, k) for k, why in (unreadable or {}).items()
        }
        known = self.history.archive.heads(scope).get(id_)
        kind = ChangeKind.DELETED if configuration is None else again if known else first
        draft = Draft(
            known.resource if known else resource,
            kind,
            content,
            canonical_bytes(content),
            config_sha,
            durable_sha,
            self.now,
            None,
            problems,
        )
        self.look(scope, draft)
        return next(r.pk or 0 for r in self.history.archive.find(id_) if r.type == type_ and r.account == account)

    def look(self, scope: Scope, *drafts: Draft, outcome: Outcome = Outcome.COMPLETE) -> None:
        """Record a look at a scope. What it does not speak of was seen as it was."""
        seen = frozenset(self.history.archive.heads(scope)) | {d.resource.id for d in drafts}
        look = ScopeRecord(scope, self.now, self.now, outcome, drafts=drafts, seen=seen, treatment=self.treatment)
        self.history.recorder.record(look, self.now)

    def findings(self, *statuses: FindingStatus) -> list[Finding]:
        wanted = FindingFilter(statuses=statuses or tuple(FindingStatus))
        return list(self.history.findings.query(wanted, Page(1000)).items)

    def statuses(self) -> dict[tuple[str, str], str]:
        """(rule, name of the resource and subject) → status."""
        return {(f.rule, "/".join(filter(None, (f.resource.name, f.subject)))): f.status.value for f in self.findings()}

    def told(self) -> list[tuple[str, str, bool]]:
        """(rule, status, baseline) of what was told since the last call."""
        self.later(hours=1)
        with self.history.begin() as tx:
            rows = self.history.outbox.claim(tx, 1000, self.now, timedelta(days=9999))
        return [
            (r.payload["rule"], r.payload["status"], r.payload["baseline"]) for r in rows if r.topic.value == "finding"
        ]


def make_rule(
    id_: str, type_: str, judge: Callable[..., Any], *depends_on: str, severity: Severity = Severity.HIGH
) -> Rule:
    declared = rule(id_, title=id_, applies_to=type_, severity=severity, remedy="Do it.", depends_on=depends_on)
    return declared(judge)
