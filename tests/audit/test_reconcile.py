"""Findings through time, decided purely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie.audit.evaluate import Judgement
from vigie.audit.reconcile import no_worse, reconcile
from vigie.model.change import ChangeKind, Revision
from vigie.model.finding import Compliance, Finding, FindingKey, FindingStatus, Justification, Severity, Violation
from vigie.model.finding_plan import Cause, FindingPlan, GivenJustification, Pattern, Step, StoredFinding
from vigie.model.resource import Resource
from vigie.model.scope import Scope
from vigie.rules.declare import rule
from vigie.rules.estate import Estate
from vigie.rules.judging import Verdict

NOW = datetime(2026, 1, 10, tzinfo=UTC)
EARLIER = NOW - timedelta(days=3)
OPEN, JUSTIFIED = FindingStatus.OPEN, FindingStatus.JUSTIFIED
RESOLVED, UNKNOWN = FindingStatus.RESOLVED, FindingStatus.UNKNOWN


@rule("r", title="Title", applies_to="AWS::SQS::Queue", severity=Severity.HIGH, remedy="Do it.")
def judged_by(queue: Revision, estate: Estate) -> Iterator[Violation]:
    """Why."""
    yield Violation("x")


def revision(number: int = 2, kind: ChangeKind = ChangeKind.CHANGED, present: bool = True, **tags: str) -> Revision:
    scope = Scope("111111111111", "eu-west-1", "AWS::SQS::Queue")
    resource = Resource(scope, "orders", "eu-west-1", name="orders", pk=7, present=present)
    return Revision(resource, number, kind, NOW, {"Tags": tags})


def violation(
    subject: str = "", evidence: Any = None, severity: Severity = Severity.HIGH, message: str = "m"
) -> Violation:
    return Violation(message, subject, evidence, severity)


def verdict(
    *violations: Violation, error: str | None = None, failed: bool = False, graded: Sequence[str] = ()
) -> Verdict:
    if error is not None:
        compliance = Compliance.UNKNOWN
    else:
        compliance = Compliance.NON_COMPLIANT if violations else Compliance.COMPLIANT
    return Verdict("r", compliance, violations, None, error, failed, frozenset(graded))


def stored(
    status: FindingStatus = OPEN,
    subject: str = "",
    evidence: Any = None,
    *,
    held: FindingStatus | None = None,
    given: GivenJustification | None = None,
    rule_id: str = "r",
    severity: Severity = Severity.HIGH,
) -> StoredFinding:
    found = Finding(
        FindingKey(rule_id, 7, subject),
        revision().resource,
        status,
        severity,
        "Title",
        "m",
        EARLIER,
        EARLIER,
        EARLIER,
        evidence,
        pk=1,
    )
    return StoredFinding(found, held, None, given)


def justification(
    evidence: Any = None, expires_at: datetime | None = None, severity: Severity | None = None
) -> GivenJustification:
    return GivenJustification(3, Justification("anna", "accepted", EARLIER, expires_at), None, evidence, severity)


def plan(
    says: Verdict | None,
    *known: StoredFinding,
    patterns: Sequence[GivenJustification] = (),
    of: Revision | None = None,
) -> FindingPlan:
    judgement = Judgement(of or revision(), (says,) if says else ())
    return reconcile([judgement], {7: known}, patterns, {"r": judged_by}, NOW)


def only(made: FindingPlan) -> Step:
    (step,) = made.steps
    return step


def test_a_violation_opens_a_finding_and_is_told() -> None:
    step = only(plan(verdict(violation("s", {"a": 1}))))
    assert (step.cause, step.status, step.told, step.baseline) == (Cause.OPENED, OPEN, True, False)
    assert step.key == FindingKey("r", 7, "s")


def test_at_the_first_look_it_goes_into_the_summary() -> None:
    step = only(plan(verdict(violation()), of=revision(1, ChangeKind.BASELINE)))
    assert step.told
    assert step.baseline


def test_the_same_again_is_no_new_state_and_is_not_told() -> None:
    made = plan(verdict(violation(message="91 days old")), stored())
    assert made.steps == []
    assert [c.message for c in made.confirmed] == ["91 days old"]


def test_what_is_not_there_any_more_is_resolved_and_told() -> None:
    step = only(plan(verdict(), stored()))
    assert (step.cause, step.status, step.told, step.previous) == (Cause.RESOLVED, RESOLVED, True, OPEN)


def test_a_resolved_finding_that_comes_back_is_reopened() -> None:
    step = only(plan(verdict(violation()), stored(RESOLVED)))
    assert (step.cause, step.status, step.told, step.pk) == (Cause.REOPENED, OPEN, True, 1)


def test_rescoring_keeps_the_finding_and_its_justification() -> None:
    rescored = verdict(violation(severity=Severity.CRITICAL))
    step = only(plan(rescored, stored()))
    assert (step.cause, step.pk, step.told, step.severity) == (Cause.RESCORED, 1, False, Severity.CRITICAL)
    step = only(plan(rescored, stored(JUSTIFIED, given=justification())))
    assert (step.cause, step.status, step.justified_by) == (Cause.RESCORED, JUSTIFIED, 3)


def test_a_new_rule_on_a_resource_with_a_justified_finding_opens_a_finding_of_its_own() -> None:
    made = plan(verdict(violation("new")), stored(JUSTIFIED, "old", given=justification()))
    assert [(s.key.subject, s.status) for s in made.steps] == [("new", OPEN), ("old", RESOLVED)]


# Justification


@pytest.mark.parametrize(
    ("then", "now", "holds"),
    [
        (None, None, True),
        ({"a": 1}, {"a": 1}, True),
        ({"actions": ["x", "y"]}, {"actions": ["x"]}, True),
        ({"actions": ["x"]}, {"actions": ["x", "y"]}, False),
        ({"who": "a"}, {"who": "b"}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (None, {"a": 1}, False),
    ],
)
def test_a_justification_holds_until_it_gets_worse(then: Any, now: Any, holds: bool) -> None:
    made = plan(verdict(violation(evidence=now)), stored(JUSTIFIED, evidence=then, given=justification(then)))
    if holds:
        assert all(step.status is JUSTIFIED and not step.told for step in made.steps)
        return
    step = only(made)
    assert (step.cause, step.status, step.told) == (Cause.JUSTIFICATION_BROKEN, OPEN, True)
    assert step.ends_justification == 3


def test_it_is_worse_when_the_rule_itself_weighs_it_higher() -> None:
    heavy = verdict(violation(severity=Severity.CRITICAL), graded=[""])
    light = justification(severity=Severity.MEDIUM)
    assert only(plan(heavy, stored(JUSTIFIED, given=light))).cause is Cause.JUSTIFICATION_BROKEN


def test_a_justification_expires() -> None:
    step = only(plan(verdict(violation()), stored(JUSTIFIED, given=justification(expires_at=NOW))))
    assert (step.cause, step.status, step.told) == (Cause.JUSTIFICATION_EXPIRED, OPEN, True)


def test_a_reopened_finding_keeps_its_justification() -> None:
    step = only(plan(verdict(violation()), stored(RESOLVED, given=justification())))
    assert (step.cause, step.status, step.told) == (Cause.REOPENED, JUSTIFIED, False)


def pattern(expires_at: datetime | None = None, **said: Any) -> GivenJustification:
    return GivenJustification(9, Justification("bob", "sandbox", EARLIER, expires_at), Pattern(**said))


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        ({"tags": {"env": "sand*"}}, True),
        ({"tags": {"env": "prod"}}, False),
        ({"tags": {"team": "*"}}, False),
        ({"rule": "r", "account": "1111*", "name": "ord*", "type": "AWS::SQS::*"}, True),
        ({"rule": "s"}, False),
        ({"account": "222222222222"}, False),
    ],
)
def test_a_justification_by_pattern_is_for_what_fits_and_for_nothing_else(said: dict[str, Any], fits: bool) -> None:
    step = only(plan(verdict(violation()), patterns=[pattern(**said)], of=revision(env="sandbox")))
    assert step.status is (JUSTIFIED if fits else OPEN)
    assert step.told is not fits
    assert step.justified_by == (9 if fits else None)


def test_an_expired_pattern_justifies_nothing_and_is_told_when_it_did() -> None:
    made = plan(verdict(violation()), stored(JUSTIFIED), patterns=[pattern(NOW, rule="r")])
    step = only(made)
    assert (step.cause, step.status, step.told) == (Cause.JUSTIFICATION_EXPIRED, OPEN, True)


# Nobody can tell


def test_a_rule_that_fails_makes_its_findings_unknown_and_never_resolved() -> None:
    made = plan(verdict(error="ZeroDivisionError: division by zero", failed=True), stored())
    step = only(made)
    assert (step.status, step.held, step.told) == (UNKNOWN, OPEN, False)
    (failure,) = made.failures
    assert (failure.rule, failure.resource, failure.failed) == ("r", 7, True)


def test_where_nothing_was_found_before_the_failure_is_visible_all_the_same() -> None:
    step = only(plan(verdict(error="Policy could not be read")))
    assert (step.status, step.key.subject, step.told, step.severity) == (UNKNOWN, "", False, Severity.HIGH)
    assert "Policy could not be read" in step.message


def test_what_was_found_before_the_failure_stands() -> None:
    made = plan(verdict(violation("sure"), error="the rest could not be read"), stored(subject="unsure"))
    assert [(s.key.subject, s.status) for s in made.steps] == [("sure", OPEN), ("unsure", UNKNOWN)]


@pytest.mark.parametrize(
    ("held", "cause", "status", "told"),
    [
        (OPEN, Cause.CONFIRMED, OPEN, False),
        (None, Cause.OPENED, OPEN, True),
        (RESOLVED, Cause.REOPENED, OPEN, True),
    ],
)
def test_known_again_and_it_is_there(
    held: FindingStatus | None, cause: Cause, status: FindingStatus, told: bool
) -> None:
    step = only(plan(verdict(violation()), stored(UNKNOWN, held=held)))
    assert (step.cause, step.status, step.told) == (cause, status, told)


@pytest.mark.parametrize(("held", "told"), [(OPEN, True), (JUSTIFIED, True), (None, False), (RESOLVED, False)])
def test_known_again_and_it_is_not_there(held: FindingStatus | None, told: bool) -> None:
    step = only(plan(verdict(), stored(UNKNOWN, held=held)))
    assert (step.status, step.told) == (RESOLVED, told)


def test_still_unknown_is_no_new_state() -> None:
    assert plan(verdict(error="again"), stored(UNKNOWN, held=OPEN)).steps == []


def test_a_justified_finding_is_justified_again_after_it_was_unknown() -> None:
    step = only(plan(verdict(violation()), stored(UNKNOWN, held=JUSTIFIED, given=justification())))
    assert (step.cause, step.status, step.told) == (Cause.CONFIRMED, JUSTIFIED, False)


# Gone


def test_the_findings_of_a_deleted_resource_are_resolved_and_its_justifications_end() -> None:
    gone = revision(3, ChangeKind.DELETED, present=False)
    step = only(plan(None, stored(JUSTIFIED, given=justification()), of=gone))
    assert (step.cause, step.status, step.told, step.ends_justification) == (Cause.DELETED, RESOLVED, True, 3)


def test_findings_of_a_rule_that_is_off_are_resolved_and_nobody_is_told() -> None:
    step = only(plan(None, stored(rule_id="no-more")))
    assert (step.cause, step.status, step.told) == (Cause.NOT_JUDGED, RESOLVED, False)


# Invariants

STATES: Mapping[str, FindingStatus | None] = {"none": None, "open": OPEN, "justified": JUSTIFIED, "resolved": RESOLVED}
VIOLATIONS = st.lists(
    st.builds(violation, st.sampled_from("abc"), st.sampled_from([None, {"x": ["1"]}, {"x": ["1", "2"]}])),
    unique_by=lambda v: v.subject,
    max_size=3,
)


@settings(max_examples=300)
@given(
    VIOLATIONS,
    st.dictionaries(st.sampled_from("abc"), st.sampled_from([OPEN, JUSTIFIED, RESOLVED, UNKNOWN]), max_size=3),
    st.sampled_from([None, "broken"]),
)
def test_an_error_never_resolves_and_every_violation_is_a_finding_that_stands(
    violations: list[Violation], statuses: dict[str, FindingStatus], error: str | None
) -> None:
    known = [
        StoredFinding(
            replace(stored(s, subject).finding, pk=n),
            OPEN if s is UNKNOWN else None,
            None,
            justification() if s is JUSTIFIED else None,
        )
        for n, (subject, s) in enumerate(statuses.items(), 1)
    ]
    made = plan(verdict(*violations, error=error), *known)
    after = {**statuses, **{step.key.subject: step.status for step in made.steps}}
    for found in violations:
        assert after[found.subject] in (OPEN, JUSTIFIED)
    if error is not None:
        assert all(step.status is not RESOLVED for step in made.steps)
        assert any(status is not RESOLVED for status in after.values())
    else:
        expected = {v.subject for v in violations}
        assert {s for s, status in after.items() if status in (OPEN, JUSTIFIED)} == expected
        assert UNKNOWN not in after.values()
    again = reconcile(
        [Judgement(revision(), (verdict(*violations, error=error),))],
        {
            7: [_after(step, known) for step in made.steps]
            + [k for k in known if k.finding.subject not in {s.key.subject for s in made.steps}]
        },
        [],
        {"r": judged_by},
        NOW,
    )
    assert again.steps == []  # the same verdict twice makes no state


def _after(step: Step, known: list[StoredFinding]) -> StoredFinding:
    base = stored(step.status, step.key.subject, step.evidence, held=step.held, severity=step.severity)
    given = next((k.given for k in known if k.finding.subject == step.key.subject), None)
    ended = given is not None and step.ends_justification == given.pk
    return replace(base, given=None if ended else given)


@given(
    st.recursive(
        st.none() | st.text(max_size=3),
        lambda i: st.lists(i, max_size=3) | st.dictionaries(st.text(max_size=2), i, max_size=3),
    )
)
def test_nothing_is_worse_than_itself(evidence: Any) -> None:
    assert no_worse(evidence, evidence)
