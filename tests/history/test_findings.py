"""Findings in a real store: written in one transaction, read back, justified, told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DatabaseError

from vigie.history.findings import FindingFilter, JudgedCounts, Score
from vigie.history.record import Recorder
from vigie.history.store import History
from vigie.history.tables import archive as tables
from vigie.history.tables.findings import finding_state, rule_text
from vigie.model.errors import UsageError
from vigie.model.finding import FindingKey, FindingStatus, Justification, Severity
from vigie.model.finding_plan import Cause, Confirmation, FindingPlan, Judged, Pattern, RuleFailure, RuleText, Step
from vigie.model.paging import Page
from vigie.model.recording import ScopeRecord
from vigie.model.scope import Outcome, Scope

NOW = datetime(2026, 1, 10, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
OPEN, JUSTIFIED = FindingStatus.OPEN, FindingStatus.JUSTIFIED
RESOLVED, UNKNOWN = FindingStatus.RESOLVED, FindingStatus.UNKNOWN
ALL = FindingFilter(statuses=tuple(FindingStatus))


def record(history: History, *ids: str, account: str = "111111111111", region: str = "eu-west-1") -> list[int]:
    """Have queues in the store; their numbers."""
    scope = Scope(account, region, "AWS::SQS::Queue")
    Recorder(history.begin).record(ScopeRecord(scope, NOW, NOW, Outcome.COMPLETE), NOW)
    with history.begin() as tx:
        scope_pk = tx.execute(select(tables.scope.c.pk).where(tables.scope.c.account == account)).scalar_one()
        rows = [
            {
                "scope_pk": scope_pk,
                "id": id_,
                "region": region,
                "arn": f"arn:aws:sqs:{region}:{account}:{id_}",
                "name": id_,
                "present": True,
                "first_seen": NOW,
                "head": 1,
            }
            for id_ in ids
        ]
        return [
            tx.execute(insert(tables.resource).values(**row).returning(tables.resource.c.pk)).scalar_one()
            for row in rows
        ]


def step(resource: int, subject: str = "", **values: Any) -> Step:
    defaults: dict[str, Any] = {
        "key": FindingKey(values.pop("rule", "r"), resource, subject),
        "pk": None,
        "cause": Cause.OPENED,
        "status": OPEN,
        "severity": Severity.HIGH,
        "message": "wrong",
        "told": True,
    }
    return Step(**{**defaults, **values})


def apply(history: History, *steps: Step, now: datetime = NOW, **more: Any) -> None:
    resources = {s.key.resource for s in steps}
    plan = FindingPlan(
        judged=more.pop("judged", [Judged(pk, 1) for pk in resources]),
        steps=steps,
        texts=[RuleText("r", "A title", "Do it.")],
        **more,
    )
    with history.begin() as tx:
        history.findings.apply(tx, plan, now)


def open_one(history: History, **values: Any) -> int:
    (resource,) = record(history, "orders")
    apply(history, step(resource, **values))
    (found,) = history.findings.query(ALL, Page()).items
    return found.pk or 0


def count(history: History, table: Any) -> int:
    with history.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def told(history: History) -> list[dict[str, Any]]:
    """What the notifier gets to read, again and again: its claims end at once."""
    with history.begin() as tx:
        rows = history.outbox.claim(tx, 1_000, NOW + timedelta(days=1_000), timedelta(0))
    return [{**row.payload, "ref": row.ref} for row in rows if row.topic == "finding"]


def test_a_finding_is_written_and_read_back(history: History) -> None:
    (resource,) = record(history, "orders")
    apply(history, step(resource, "s", evidence={"who": ["*"]}), tags={resource: {"env": "prod"}})
    (found,) = history.findings.query(FindingFilter(), Page()).items
    assert (found.rule, found.subject, found.status, found.severity) == ("r", "s", OPEN, Severity.HIGH)
    assert (found.title, found.message, found.evidence) == ("A title", "wrong", {"who": ["*"]})
    assert (found.first_seen, found.last_seen, found.since) == (NOW, NOW, NOW)
    assert (found.resource.name, found.resource.account) == ("orders", "111111111111")
    assert history.findings.get(found.pk or 0) == found
    (message,) = told(history)
    (state,) = history.findings.history(found.pk or 0)
    assert message["ref"] == state.pk
    assert (message["status"], message["previous"], message["remedy"]) == ("open", None, "Do it.")
    assert (message["tags"], message["first_seen"]) == ({"env": "prod"}, NOW.isoformat())
    assert history.findings.state(state.pk or 0) == (found, state)


def test_states_follow_each_other_and_age_stays(history: History) -> None:
    pk = open_one(history)
    found = history.findings.get(pk)
    assert found is not None
    moved = step(found.key.resource, pk=pk, cause=Cause.RESCORED, severity=Severity.LOW, previous=OPEN, told=False)
    apply(history, moved, now=LATER)
    found = history.findings.get(pk)
    assert found is not None
    assert (found.first_seen, found.last_seen, found.since, found.severity) == (NOW, LATER, NOW, Severity.LOW)
    apply(history, replace(moved, cause=Cause.RESOLVED, status=RESOLVED), now=LATER + timedelta(hours=1))
    found = history.findings.get(pk)
    assert found is not None
    assert (found.first_seen, found.last_seen, found.since) == (NOW, LATER, LATER + timedelta(hours=1))
    assert [s.cause for s in history.findings.history(pk)] == [Cause.OPENED, Cause.RESCORED, Cause.RESOLVED]
    assert len(told(history)) == 1


def test_a_confirmation_is_no_state(history: History) -> None:
    pk = open_one(history)
    apply(history, confirmed=[Confirmation(pk, "older")], now=LATER)
    found = history.findings.get(pk)
    assert found is not None
    assert (found.message, found.last_seen) == ("older", LATER)
    assert count(history, finding_state) == 1


def test_states_cannot_be_rewritten(history: History) -> None:
    open_one(history)
    for statement in ("UPDATE finding_state SET message = 'x'", "DELETE FROM finding_state"):
        with pytest.raises(DatabaseError, match="append-only"), history.engine.begin() as connection:
            connection.execute(text(statement))


def test_all_or_nothing(history: History) -> None:
    (resource,) = record(history, "orders")
    plan = FindingPlan(judged=[Judged(resource, 1)], steps=[step(resource)])

    def die_at_the_end() -> None:
        with history.begin() as tx:
            history.findings.apply(tx, plan, NOW)
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        die_at_the_end()
    assert history.findings.query(ALL, Page()).items == ()
    assert told(history) == []
    assert history.findings.judged_revisions([resource]) == {}


def test_the_texts_of_a_rule_are_stored_once(history: History) -> None:
    apply(history, *(step(pk) for pk in record(history, *(f"q{n}" for n in range(30)))))
    assert count(history, rule_text) == 1


# Reading


@pytest.fixture
def estate(history: History) -> History:
    here = record(history, "alpha", "beta")
    there = record(history, "gamma", account="222222222222", region="us-east-1")
    apply(
        history,
        step(here[0], severity=Severity.LOW),
        step(here[0], "s", severity=Severity.CRITICAL, message="100% open"),
        step(here[1], rule="other", status=RESOLVED),
        step(there[0], severity=Severity.CRITICAL, rule="other"),
        step(there[0], status=UNKNOWN, severity=Severity.HIGH),
    )
    return history


def found_by(history: History, wanted: FindingFilter) -> list[tuple[str | None, str, str]]:
    return [(f.resource.name, f.rule, f.subject) for f in history.findings.query(wanted, Page()).items]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (FindingFilter(rule="other"), [("gamma", "other", "")]),
        (FindingFilter(severity_at_least=Severity.CRITICAL), [("gamma", "other", ""), ("alpha", "r", "s")]),
        (FindingFilter(statuses=(UNKNOWN,)), [("gamma", "r", "")]),
        (FindingFilter(statuses=(RESOLVED,)), [("beta", "other", "")]),
        (FindingFilter(account="111111111111"), [("alpha", "r", "s"), ("alpha", "r", "")]),
        (FindingFilter(region="us-east-1", statuses=(OPEN,)), [("gamma", "other", "")]),
        (FindingFilter(type="AWS::S3::Bucket"), []),
        (FindingFilter(text="ALPH"), [("alpha", "r", "s"), ("alpha", "r", "")]),
        (FindingFilter(text="100%"), [("alpha", "r", "s")]),
        (FindingFilter(text="_"), []),
    ],
)
def test_findings_are_found_by(
    estate: History, wanted: FindingFilter, expected: list[tuple[str | None, str, str]]
) -> None:
    assert found_by(estate, wanted) == expected


def test_pages_give_every_finding_once_most_severe_first(estate: History) -> None:
    seen, after = [], None
    while True:
        page = estate.findings.query(ALL, Page(limit=2, after=after))
        seen += [f.severity.rank for f in page.items]
        after = page.next
        if after is None:
            break
    assert seen == [4, 4, 3, 3, 1]
    with pytest.raises(UsageError, match="cursor"):
        estate.findings.query(ALL, Page(after="nonsense"))


def test_counts_and_scores(estate: History) -> None:
    findings = estate.findings
    assert findings.counts(FindingFilter(statuses=(OPEN,))) == {"critical": 2, "low": 1}
    assert findings.counts(ALL, "status") == {"open": 3, "resolved": 1, "unknown": 1}
    assert findings.counts(ALL, "account") == {"111111111111": 3, "222222222222": 2}
    assert findings.counts(ALL, "type") == {"AWS::SQS::Queue": 5}
    assert findings.score() == Score(21, 21)
    assert findings.score(account="111111111111") == Score(11, 11)
    first = findings.query(FindingFilter(rule="r", severity_at_least=Severity.CRITICAL), Page()).items[0]
    justify(estate, first.pk or 0)
    assert findings.score(account="111111111111") == Score(11, 1)
    assert findings.score(resource=first.key.resource) == Score(11, 1)


def test_what_passes_is_counted(history: History) -> None:
    one, other = record(history, "a", "b")
    apply(history, judged=[Judged(one, 1, 5, 1, 0), Judged(other, 1, 4, 0, 2)])
    apply(history, judged=[Judged(one, 2, 6, 0, 0)])
    assert history.findings.judged_counts() == JudgedCounts(2, 10, 0, 2)
    assert history.findings.judged_revisions([one, other, 99]) == {one: 2, other: 1}


def test_failures_are_visible_until_they_are_over(history: History) -> None:
    one, other = record(history, "a", "b")
    broken = RuleFailure("r", one, "KeyError: 'x'", True)
    unread = RuleFailure("s", other, "Policy could not be read", False)
    apply(history, judged=[Judged(one, 1), Judged(other, 1)], failures=[broken, unread])
    assert history.findings.failures(only_defects=True) == [(broken, NOW)]
    apply(history, judged=[Judged(one, 1)], failures=[broken], now=LATER)
    assert history.findings.failures(only_defects=True) == [(broken, NOW)]  # since then, and not since now
    apply(history, judged=[Judged(one, 1)], now=LATER)
    assert history.findings.failures() == [(unread, NOW)]


# Justifications


def justify(history: History, pk: int, **more: Any) -> None:
    with history.begin() as tx:
        history.findings.justify(tx, pk, Justification("anna", "known", LATER, **more))


def test_a_justification_binds_the_state_it_was_given_for(history: History) -> None:
    pk = open_one(history, evidence={"who": ["*"]}, own_severity=Severity.HIGH)
    justify(history, pk)
    found = history.findings.get(pk)
    assert found is not None
    assert found.status is JUSTIFIED
    assert found.justification is not None
    assert (found.justification.author, found.justification.reason) == ("anna", "known")
    assert (found.justification.state_digest or "").startswith("sha256:")
    (stored,) = history.findings.of_resources([found.key.resource])[found.key.resource]
    assert stored.given is not None
    assert (stored.given.evidence, stored.given.severity) == ({"who": ["*"]}, Severity.HIGH)
    state = history.findings.history(pk)[-1]
    assert (state.cause, state.author, state.reason, state.at) == (Cause.JUSTIFIED, "anna", "known", LATER)


def test_a_justification_that_expires_is_looked_at_then(history: History) -> None:
    pk = open_one(history)
    assert history.work.next_due("judge") is None
    justify(history, pk, expires_at=LATER + timedelta(days=30))
    assert history.work.next_due("judge") == LATER + timedelta(days=30)


def test_a_justification_is_withdrawn_and_nothing_else_is(history: History) -> None:
    one, other = record(history, "a", "b")
    apply(history, step(one), step(other))
    pks = [f.pk or 0 for f in history.findings.query(ALL, Page()).items]
    for pk in pks:
        justify(history, pk)
    with history.begin() as tx:
        history.findings.withdraw(tx, pks[0], "bob", LATER)
    statuses = {f.pk: f.status for f in history.findings.query(ALL, Page()).items}
    assert statuses == {pks[0]: OPEN, pks[1]: JUSTIFIED}
    assert [s.cause for s in history.findings.history(pks[0])] == [Cause.OPENED, Cause.JUSTIFIED, Cause.WITHDRAWN]
    with pytest.raises(UsageError, match="no justification"), history.begin() as tx:
        history.findings.withdraw(tx, pks[0], "bob", LATER)


@pytest.mark.parametrize("status", [RESOLVED, UNKNOWN])
def test_only_what_stands_can_be_justified(history: History, status: FindingStatus) -> None:
    pk = open_one(history, status=status)
    with pytest.raises(UsageError, match=f"is {status.value}"):
        justify(history, pk)
    with pytest.raises(UsageError, match="no finding 999"):
        justify(history, 999)


def test_a_pattern_is_tried_dry_then_makes_what_it_means_due(history: History) -> None:
    here, there = record(history, "a")[0], record(history, "a", account="222222222222")[0]
    apply(history, step(here), step(there), step(there, rule="other"))
    pattern = Pattern(rule="r", account="2222*", tags={"env": "sandbox"})
    assert [f.key for f in history.findings.matching(pattern)] == [FindingKey("r", there)]
    assert history.findings.patterns() == []
    with history.begin() as tx:
        number = history.findings.justify_pattern(tx, pattern, Justification("anna", "sandbox", LATER))
    (given,) = history.findings.patterns()
    assert (given.pk, given.pattern) == (number, pattern)
    assert history.work.next_due("judge") is not None
    with history.begin() as tx:
        history.findings.withdraw_pattern(tx, number, "anna", LATER)
    assert history.findings.patterns() == []
    with pytest.raises(UsageError, match="in force"), history.begin() as tx:
        history.findings.withdraw_pattern(tx, number, "anna", LATER)


def test_coverage_that_turned_is_found_by_its_number(history: History) -> None:
    record(history, "a")
    ((number, scope),) = history.findings.turned_scopes(0)
    assert scope.type == "AWS::SQS::Queue"
    assert history.findings.turned_scopes(number) == []


def test_what_is_remembered(history: History) -> None:
    assert history.findings.remembered("basis") is None
    for value in ("a", "b"):
        with history.begin() as tx:
            history.findings.remember(tx, "basis", value)
    assert history.findings.remembered("basis") == "b"
