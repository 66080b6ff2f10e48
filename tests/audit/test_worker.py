"""The auditor on a real store: what is due is judged, what follows is written, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from vigie.audit.estate import EstateSettings
from vigie.audit.worker import LEASE, AuditReport
from vigie.history.store import History
from vigie.model.account import Account, Network, Relation
from vigie.model.change import ChangeKind, Revision
from vigie.model.finding import FindingStatus, Justification, Severity, Violation
from vigie.model.finding_plan import Cause, Pattern
from vigie.model.scope import Outcome, Scope
from vigie.model.treatment import Treatment
from vigie.rules.declare import LookAgain
from vigie.rules.estate import Estate
from vigie.rules.overrides import read_overrides
from vigie.testing.recorded import START, World, make_rule

FOREIGN = "999999999999"
EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
OPEN_QUEUE: Mapping[str, Any] = {"Attributes": {"Policy": {"Statement": [EVERYBODY]}}}
CLOSED_QUEUE: Mapping[str, Any] = {"Attributes": {"Policy": {"Statement": []}}}
VPCE, VPC = "AWS::EC2::VPCEndpoint", "AWS::EC2::VPC"
OWN, PEER = "111111111111", "222222222222"
QUEUE, BUCKET, TRAIL, ACCOUNT = "AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::CloudTrail::Trail", "AWS::::Account"


@pytest.fixture
def world(sqlite_history: History) -> World:
    return World(sqlite_history, settings=EstateSettings({OWN: Account(OWN), PEER: Account(PEER)}))


@pytest.fixture
def both(history: History) -> World:
    """The same on SQLite and on PostgreSQL."""
    return World(history, settings=EstateSettings({OWN: Account(OWN), PEER: Account(PEER)}))


def queue_open(queue: Revision, estate: Estate) -> Iterator[Violation]:
    """Uses the access analysis, as shipped rules do."""
    for grant in estate.access(queue).public():
        yield Violation("anyone", grant.subject, grant)


def always(revision: Revision, estate: Estate) -> Iterator[Violation]:
    yield Violation("always")


def test_a_recorded_state_becomes_a_finding_that_is_told_and_resolved(both: World) -> None:
    both.rules["open"] = make_rule("open", QUEUE, queue_open)
    both.see(QUEUE, "orders", CLOSED_QUEUE)
    assert both.judge() == AuditReport(judged=1, changes=1)
    both.see(QUEUE, "orders", OPEN_QUEUE)
    assert both.judge() == AuditReport(judged=1, opened=1, changes=1, widened=1)
    assert both.told() == [("open", "open", False)]
    both.see(QUEUE, "orders", CLOSED_QUEUE)
    assert both.judge() == AuditReport(judged=1, resolved=1, changes=1)
    assert both.told() == [("open", "resolved", False)]
    assert both.judge() == AuditReport()
    both.see(QUEUE, "orders", OPEN_QUEUE)
    both.judge()
    (found,) = both.findings()
    assert found.first_seen < found.since  # the same finding again, as old as it is
    assert [s.cause for s in both.history.findings.history(found.pk or 0)] == [
        Cause.OPENED,
        Cause.RESOLVED,
        Cause.REOPENED,
    ]


def test_the_findings_of_a_first_look_are_for_the_summary(world: World) -> None:
    world.rules["open"] = make_rule("open", QUEUE, queue_open)
    world.see(QUEUE, "orders", OPEN_QUEUE, first=ChangeKind.BASELINE)
    world.see(QUEUE, "later", OPEN_QUEUE)
    world.judge()
    assert sorted(world.told()) == [("open", "open", False), ("open", "open", True)]


def test_a_deleted_resource_resolves_its_findings(world: World) -> None:
    world.rules["always"] = make_rule("always", QUEUE, always)
    world.see(QUEUE, "orders", CLOSED_QUEUE)
    world.judge()
    world.see(QUEUE, "orders", None)
    assert world.judge().resolved == 1
    assert world.statuses() == {("always", "orders"): "resolved"}


# Regression tests against the predecessor (predecessor.md §10)


def justify(world: World, expires_in: timedelta | None = None) -> None:
    (found,) = world.findings(FindingStatus.OPEN)
    until = world.now + expires_in if expires_in else None
    with world.history.begin() as tx:
        world.history.findings.justify(tx, found.pk or 0, Justification("anna", "known", world.now, until))


def test_1_a_justification_survives_unrelated_changes_and_does_not_cover_new_rules(both: World) -> None:
    both.treatment = Treatment(ephemeral=("LastUsed",))
    both.rules["open"] = make_rule("open", QUEUE, queue_open)
    both.see(QUEUE, "orders", OPEN_QUEUE)
    both.judge()
    justify(both)
    for change in ({"LastUsed": "today"}, {"LastUsed": "later", "Tags": {"a": "b"}}):
        both.see(QUEUE, "orders", {**OPEN_QUEUE, **change})
        both.judge()
        assert both.statuses() == {("open", "orders/public:*"): "justified"}
    both.rules["always"] = make_rule("always", QUEUE, always)
    both.judge()
    assert both.statuses() == {("open", "orders/public:*"): "justified", ("always", "orders"): "open"}


def test_1_a_justified_finding_that_gets_worse_is_open_and_told(world: World) -> None:
    world.rules["open"] = make_rule("open", QUEUE, queue_open)
    world.see(QUEUE, "orders", OPEN_QUEUE)
    world.judge()
    justify(world)
    world.told()
    worse = {"Attributes": {"Policy": {"Statement": [EVERYBODY, {**EVERYBODY, "Action": "sqs:ReceiveMessage"}]}}}
    world.see(QUEUE, "orders", worse)
    world.judge()
    assert world.statuses() == {("open", "orders/public:*"): "open"}
    assert world.told() == [("open", "open", False)]
    (found,) = world.findings()
    assert world.history.findings.history(found.pk or 0)[-1].cause is Cause.JUSTIFICATION_BROKEN
    world.see(QUEUE, "orders", OPEN_QUEUE)
    world.judge()
    assert world.statuses() == {("open", "orders/public:*"): "open"}  # broken is broken


def raises(revision: Revision, estate: Estate) -> Iterator[Violation]:
    yield from revision.configuration["NoSuchKey"]


def test_5_a_rule_that_fails_is_unknown_and_visible_and_stops_nobody(both: World) -> None:
    both.rules["bad"] = make_rule("bad", QUEUE, raises)
    both.rules["open"] = make_rule("open", QUEUE, queue_open)
    both.see(QUEUE, "orders", OPEN_QUEUE)
    both.see(QUEUE, "bills", {"Attributes": {"Policy": {"Statement": [{"Effect": "Maybe"}, EVERYBODY]}}})
    both.see(QUEUE, "closed", CLOSED_QUEUE)
    assert both.judge().judged == 3
    assert both.statuses() == {
        ("bad", "orders"): "unknown",
        ("bad", "bills"): "unknown",
        ("bad", "closed"): "unknown",
        ("open", "orders/public:*"): "open",
        ("open", "bills/public:*"): "open",
    }
    failures = {(f.rule, f.failed): f.message for f, _ in both.history.findings.failures()}
    assert failures[("bad", True)] == "KeyError: 'NoSuchKey'"
    assert "Effect is 'Maybe'" in failures[("open", False)]
    assert ("bad", "unknown", False) not in both.told()


def test_5_a_part_that_could_not_be_read_is_unknown_and_never_a_pass(world: World) -> None:
    world.rules["open"] = make_rule("open", QUEUE, queue_open)
    world.see(QUEUE, "orders", OPEN_QUEUE)
    world.judge()
    world.see(QUEUE, "bills", {}, unreadable={"Attributes": "denied"})
    world.judge()
    assert world.statuses() == {("open", "orders/public:*"): "open", ("open", "bills"): "unknown"}


def bucket_elsewhere(queue: Revision, estate: Estate) -> Iterator[Violation]:
    if estate.owner_of("bucket", queue.configuration["Bucket"]) is None:
        yield Violation("not ours")


def test_7_a_deleted_bucket_is_not_ours_any_more(both: World) -> None:
    both.rules["ours"] = make_rule("ours", QUEUE, bucket_elsewhere, BUCKET)
    both.see(BUCKET, "archive", {"Name": "archive"})
    both.see(QUEUE, "orders", {"Bucket": "archive"})
    both.judge()
    assert both.statuses() == {}
    both.see(BUCKET, "archive", None)
    both.judge()
    assert both.statuses() == {("ours", "orders"): "open"}


def test_11_rescoring_keeps_identity_age_and_justification(world: World) -> None:
    world.rules["open"] = make_rule("open", QUEUE, queue_open)
    world.see(QUEUE, "orders", OPEN_QUEUE)
    world.judge()
    justify(world)
    (before,) = world.findings()
    world.later(days=1)
    world.overrides = read_overrides({"open": {"severity": "critical"}}, world.rules.values())
    world.judge()
    (after,) = world.findings()
    assert after.severity is Severity.CRITICAL
    assert (after.pk, after.first_seen, after.status) == (before.pk, before.first_seen, FindingStatus.JUSTIFIED)
    assert after.justification == before.justification


def stranger(queue: Revision, estate: Estate) -> Iterator[Violation]:
    for grant in estate.access(queue).cross_account(Relation.UNKNOWN):
        yield Violation("a stranger", grant.who, grant)
    for grant in estate.access(queue).grants:
        if grant.kind.value == "network_limited" and grant.relation is Relation.UNKNOWN:
            yield Violation("a network", grant.who, grant)


def test_13_context_and_time_recompute_findings_without_looking_at_aws(both: World) -> None:
    both.rules["stranger"] = make_rule("stranger", QUEUE, stranger)
    shared = {**EVERYBODY, "Principal": {"AWS": FOREIGN}}
    limited = {**EVERYBODY, "Condition": {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}}
    both.see(QUEUE, "orders", {"Attributes": {"Policy": {"Statement": [shared, limited]}}})
    both.judge()
    assert set(both.statuses().values()) == {"open"}
    both.history.accounts.put(Account(FOREIGN, relation=Relation.THIRD_PARTY, reason="our bank"), both.now)
    both.judge()
    assert both.statuses()[("stranger", f"orders/{FOREIGN}")] == "resolved"
    both.settings = replace(both.settings, networks=(Network("office", "198.51.100.0/24"),))
    both.judge()
    assert both.statuses()[("stranger", "orders/198.51.100.0/24")] == "resolved"
    both.history.accounts.remove(FOREIGN)
    both.judge()
    assert both.statuses()[("stranger", f"orders/{FOREIGN}")] == "open"


def key_old(user: Revision, estate: Estate) -> Iterator[Violation | LookAgain]:
    due = START + timedelta(days=90)
    if estate.now >= due:
        yield Violation("old")
    else:
        yield LookAgain(due)


def test_13_a_date_that_passes_is_noticed(world: World) -> None:
    world.rules["old"] = make_rule("old", QUEUE, key_old)
    world.see(QUEUE, "orders", {})
    world.judge()
    assert world.statuses() == {}
    assert world.history.work.next_due("judge") == START + timedelta(days=90)
    world.later(days=60)
    assert world.judge() == AuditReport()
    world.later(days=30)
    assert world.judge() == AuditReport(judged=1, opened=1)


def test_13_a_justification_that_expires_is_noticed(world: World) -> None:
    world.rules["always"] = make_rule("always", QUEUE, always)
    world.see(QUEUE, "orders", {})
    world.judge()
    justify(world, timedelta(days=30))
    world.told()
    world.later(days=29)
    world.judge()
    assert world.statuses() == {("always", "orders"): "justified"}
    world.later(days=1)
    world.judge()
    assert world.statuses() == {("always", "orders"): "open"}
    assert world.told() == [("always", "open", False)]


def no_trail(account: Revision, estate: Estate) -> Iterator[Violation]:
    if not estate.resources(TRAIL, account=account.account):
        yield Violation("no trail")


def test_16_what_is_missing_is_found_once_absence_is_known(both: World) -> None:
    both.rules["trail"] = make_rule("trail", ACCOUNT, no_trail, TRAIL)
    both.see(ACCOUNT, "account", {}, region="global")
    both.judge()
    assert both.statuses() == {("trail", "account"): "unknown"}  # nobody looked for trails yet
    both.later(minutes=1)
    both.look(Scope(OWN, "eu-west-1", TRAIL), outcome=Outcome.DENIED)
    both.judge()
    assert both.statuses() == {("trail", "account"): "unknown"}
    both.later(minutes=1)
    both.look(Scope(OWN, "eu-west-1", TRAIL))
    both.judge()
    assert both.statuses() == {("trail", "account"): "open"}
    both.see(TRAIL, "main", {})
    both.judge()
    assert both.statuses() == {("trail", "account"): "resolved"}
    both.see(TRAIL, "main", None)
    both.judge()
    assert both.statuses() == {("trail", "account"): "open"}


def test_18_findings_have_stable_ids_and_times(world: World) -> None:
    world.rules["always"] = make_rule("always", QUEUE, always)
    world.see(QUEUE, "orders", {})
    world.judge()
    (first,) = world.findings()
    world.later(days=2)
    world.see(QUEUE, "orders", {"a": 1})
    world.judge()
    (second,) = world.findings()
    assert (second.pk, second.first_seen) == (first.pk, first.first_seen)
    assert second.last_seen > first.last_seen
    assert second.since == first.since


def test_20_a_pattern_withdrawn_touches_only_what_it_justified(world: World) -> None:
    world.rules["always"] = make_rule("always", QUEUE, always)
    world.see(QUEUE, "orders", {"Tags": {"env": "sandbox"}})
    world.see(QUEUE, "bills", {"Tags": {"env": "prod"}})
    world.judge()
    pattern = Pattern(rule="al*", tags={"env": "sand*"})
    with world.history.begin() as tx:
        number = world.history.findings.justify_pattern(tx, pattern, Justification("anna", "sandbox", world.now))
    world.judge()
    assert world.statuses() == {("always", "orders"): "justified", ("always", "bills"): "open"}
    with world.history.begin() as tx:
        world.history.findings.withdraw_pattern(tx, number, "anna", world.now)
    world.judge()
    assert set(world.statuses().values()) == {"open"}


# Dependents


def peers(queue: Revision, estate: Estate) -> Iterator[Violation]:
    if not estate.resources(VPC, account=queue.account, whole=False):
        yield Violation("no network")


def test_a_change_judges_what_looks_it_up_once_and_not_in_circles(both: World) -> None:
    both.rules["peers"] = make_rule("peers", QUEUE, peers, VPC)
    both.rules["back"] = make_rule("back", VPC, always, QUEUE)
    both.see(QUEUE, "orders", {})
    both.judge()
    assert both.statuses() == {("peers", "orders"): "open"}
    both.see(VPC, "vpc-0123456789abcdef0", {})
    report = both.judge()
    assert both.statuses()[("peers", "orders")] == "resolved"
    assert report.judged <= 4
    assert both.judge() == AuditReport()


def test_whose_an_endpoint_is_changes_what_names_it_in_other_accounts(both: World) -> None:
    both.rules["stranger"] = make_rule("stranger", QUEUE, stranger)
    endpoint = "vpce-0123456789abcdef0"
    limited = {**EVERYBODY, "Condition": {"StringEquals": {"aws:SourceVpce": endpoint}}}
    both.see(QUEUE, "orders", {"Attributes": {"Policy": {"Statement": [limited]}}})
    both.judge()
    assert both.statuses() == {("stranger", f"orders/{endpoint}"): "open"}
    both.see(VPCE, endpoint, {"VpcEndpointId": endpoint}, account=PEER)
    both.judge()
    assert both.statuses() == {("stranger", f"orders/{endpoint}"): "resolved"}


# Judging everything


def test_everything_is_judged_from_what_is_recorded(both: World) -> None:
    both.rules["open"] = make_rule("open", QUEUE, queue_open)
    both.rules["trail"] = make_rule("trail", ACCOUNT, no_trail, TRAIL)
    both.see(QUEUE, "orders", OPEN_QUEUE)
    both.see(QUEUE, "bills", CLOSED_QUEUE)
    both.see(ACCOUNT, "account", {}, region="global")
    both.see(TRAIL, "main", {})
    assert both.auditor().judge_everything(both.now) == AuditReport(judged=4, opened=1)
    assert both.statuses() == {("open", "orders/public:*"): "open"}
    assert both.auditor().judge_everything(both.now) == AuditReport(judged=4)
    assert both.judge().opened == 0  # what was due anyway says the same
    assert both.history.findings.judged_counts().compliant == 2


def test_what_is_gone_is_resolved_when_everything_is_judged(world: World) -> None:
    world.rules["always"] = make_rule("always", QUEUE, always)
    world.see(QUEUE, "orders", {})
    world.judge()
    world.see(QUEUE, "orders", None)
    world.auditor().judge_everything(world.now)
    assert world.statuses() == {("always", "orders"): "resolved"}


def test_a_rule_that_is_no_more_resolves_its_findings_and_nobody_is_told(world: World) -> None:
    world.rules["always"] = make_rule("always", QUEUE, always)
    world.see(QUEUE, "orders", {})
    world.judge()
    world.told()
    del world.rules["always"]
    world.judge()
    assert world.statuses() == {("always", "orders"): "resolved"}
    assert world.told() == []


def test_an_override_switches_a_rule_off_where_it_says(world: World) -> None:
    world.rules["always"] = make_rule("always", QUEUE, always)
    world.see(QUEUE, "orders", {"Tags": {"env": "sandbox"}})
    world.see(QUEUE, "bills", {})
    where = [{"tags": {"env": "sandbox"}, "enabled": False}]
    world.overrides = read_overrides({"always": {"where": where}}, world.rules.values())
    world.judge()
    assert world.statuses() == {("always", "bills"): "open"}


# Others at work, and death


def test_a_late_auditor_writes_nothing(both: World) -> None:
    both.rules["always"] = make_rule("always", QUEUE, always)
    pk = both.see(QUEUE, "orders", {})
    stolen: list[int] = []

    def slow(revision: Revision, estate: Estate) -> Iterator[Violation]:
        """While it judges, its lease runs out and somebody else takes over."""
        stolen.extend(c.fence for c in both.history.work.claim("judge", 10, both.now + 2 * LEASE, LEASE))
        yield Violation("late")

    both.rules["slow"] = make_rule("slow", QUEUE, slow)
    assert both.auditor().run_once(both.now) == AuditReport()
    assert stolen == [2]
    assert both.findings() == []
    assert both.history.findings.judged_revisions([pk]) == {}


def test_a_judgement_of_an_older_revision_is_not_written_over_a_newer_one(world: World) -> None:
    world.rules["open"] = make_rule("open", QUEUE, queue_open)
    world.see(QUEUE, "orders", OPEN_QUEUE)

    def overtaken(revision: Revision, estate: Estate) -> Iterator[Violation]:
        if revision.number == 1:
            world.see(QUEUE, "orders", CLOSED_QUEUE)
            del world.rules["overtaken"]
            world.judge()
        yield from ()

    world.rules["overtaken"] = make_rule("overtaken", QUEUE, overtaken)
    world.auditor().judge_everything(world.now)
    assert world.findings(FindingStatus.OPEN) == []


def test_what_changes_while_it_is_judged_is_judged_again(world: World) -> None:
    changed: list[int] = []

    def changing(revision: Revision, estate: Estate) -> Iterator[Violation]:
        if not changed:
            changed.append(world.see(QUEUE, "orders", OPEN_QUEUE))
        yield from queue_open(revision, estate)

    world.rules["open"] = make_rule("open", QUEUE, changing)
    world.see(QUEUE, "orders", CLOSED_QUEUE)
    assert world.judge().opened == 0
    assert world.judge().opened == 1


TOPIC = "AWS::SNS::Topic"


def open_queue(queue: Revision, estate: Estate) -> Iterator[Violation]:
    if queue.configuration.get("Open"):
        yield Violation("open")


def test_what_another_resource_makes_wrong_later_is_told_at_once_and_not_as_a_first_look(history: History) -> None:
    """Most resources never change after the first look: what becomes of them is news all the same."""

    def fed_by_loud(queue: Revision, estate: Estate) -> Iterator[Violation]:
        if any(topic.configuration.get("Loud") for topic in estate.resources(TOPIC, whole=False)):
            yield Violation("loud")

    world = World(history, {"r": make_rule("r", QUEUE, fed_by_loud, TOPIC)})
    world.see(QUEUE, "early", {}, first=ChangeKind.BASELINE)
    world.see(TOPIC, "news", {"Loud": True}, first=ChangeKind.BASELINE)
    world.judge()
    assert world.told() == [("r", "open", True)]
    world.see(QUEUE, "late", {}, first=ChangeKind.BASELINE)
    world.see(TOPIC, "news", {"Loud": False})
    world.judge()
    world.told()
    world.later(days=1)
    world.see(TOPIC, "news", {"Loud": True})
    world.judge()
    assert sorted(world.told()) == [("r", "open", False), ("r", "open", False)]


def test_what_a_rule_that_is_new_finds_on_what_was_there_comes_as_a_first_look(history: History) -> None:
    world = World(history, {"r": make_rule("r", QUEUE, open_queue)})
    world.see(QUEUE, "jobs", {"Open": True}, first=ChangeKind.BASELINE)
    world.judge()
    world.told()
    world.later(days=1)
    world.see(QUEUE, "jobs", {"Open": True, "Size": 2})
    world.judge()
    world.later(minutes=1)
    world.rules["s"] = make_rule("s", QUEUE, open_queue)
    world.judge()
    assert world.told() == [("s", "open", True)]
    world.see(QUEUE, "jobs", {"Open": False})
    world.judge()
    world.told()
    world.see(QUEUE, "jobs", {"Open": True})
    world.see(QUEUE, "other", {"Open": True})
    world.judge()
    assert {baseline for _, _, baseline in world.told()} == {False}
