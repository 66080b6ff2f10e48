"""What a rule would have said of recorded history: the same as the auditor said, had it been there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigie.audit.backtest import Asked, backtest
from vigie.history.findings import FindingFilter
from vigie.history.store import History
from vigie.model.backtest import Backtest
from vigie.model.change import Revision
from vigie.model.finding import FindingStatus, Severity, Violation
from vigie.model.paging import Page
from vigie.rules.declare import LookAgain, Rule
from vigie.rules.estate import Estate
from vigie.testing.recorded import START, World, make_rule

QUEUE, TOPIC = "AWS::SQS::Queue", "AWS::SNS::Topic"


def open_to_all(queue: Revision, estate: Estate) -> Iterator[Violation]:
    """Open, or fed by a topic that is loud."""
    for who in queue.configuration.get("Open", ()):
        yield Violation(f"open to {who}", subject=who)
    for topic in estate.resources(TOPIC, account=queue.account, whole=False):
        if topic.configuration.get("Loud"):
            yield Violation("a topic is loud", subject="loud")


def old(queue: Revision, estate: Estate) -> Iterator[Violation | LookAgain]:
    ends = datetime.fromisoformat(queue.configuration["Ends"])
    if estate.now >= ends:
        yield Violation("it has ended")
    else:
        yield LookAgain(ends)


def failing(queue: Revision, estate: Estate) -> Iterator[Violation]:
    if queue.configuration.get("Odd"):
        raise ZeroDivisionError("odd")
    if queue.configuration.get("Open"):
        yield Violation("open")


def replayed(world: World, rule: Rule, since: datetime = START) -> Backtest:
    return backtest(
        world.history, Asked(rule, since, world.now + timedelta(minutes=1)), world.settings, world.overrides
    )


def told(found: Backtest) -> list[tuple[str, str, float, float | None]]:
    """(resource, subject, minutes after the start of opening and of closing)."""

    def minutes(when: datetime | None) -> float | None:
        return None if when is None else (when - START).total_seconds() / 60

    return [(e.resource.id, e.subject, minutes(e.opened_at) or 0, minutes(e.closed_at)) for e in found.findings]


def test_an_episode_lasts_from_the_state_that_opened_it_to_the_one_that_closed_it(history: History) -> None:
    world = World(history)
    world.see(QUEUE, "jobs", {})  # minute 1
    world.see(QUEUE, "jobs", {"Open": ["a"]})
    world.see(QUEUE, "jobs", {"Open": ["a", "b"]})
    world.see(QUEUE, "jobs", {"Open": ["b"]})
    world.see(QUEUE, "jobs", None)
    found = replayed(world, make_rule("r", QUEUE, open_to_all, TOPIC))
    assert told(found) == [("jobs", "a", 2, 4), ("jobs", "b", 3, 5)]
    assert [(e.opened_by, e.closed_by) for e in found.findings] == [(2, 4), (3, 5)]
    assert (found.resources, found.revisions) == (1, 5)


def test_what_was_open_at_the_start_is_told_from_the_start_on(history: History) -> None:
    world = World(history)
    world.see(QUEUE, "jobs", {"Open": ["a"]})
    world.later(hours=1)
    since = world.now
    world.later(hours=1)
    world.see(QUEUE, "jobs", {})
    (episode,) = replayed(world, make_rule("r", QUEUE, open_to_all, TOPIC), since).findings
    assert (episode.opened_at, episode.opened_by, episode.closed_by) == (since, 1, 2)


def test_a_change_of_what_the_rule_looks_up_opens_and_closes(history: History) -> None:
    world = World(history)
    world.see(QUEUE, "jobs", {})
    world.see(TOPIC, "news", {"Loud": True})
    world.later(minutes=5)
    world.see(TOPIC, "news", {"Loud": False})
    assert told(replayed(world, make_rule("r", QUEUE, open_to_all, TOPIC))) == [("jobs", "loud", 2, 8)]


def test_a_date_that_passes_opens_it_on_that_date(history: History) -> None:
    world = World(history)
    ends = START + timedelta(days=2)
    world.see(QUEUE, "jobs", {"Ends": ends.isoformat()})
    world.later(days=3)
    world.see(QUEUE, "other", {"Ends": (START + timedelta(days=9)).isoformat()})
    (episode,) = replayed(world, make_rule("r", QUEUE, old)).findings
    assert (episode.resource.id, episode.opened_at, episode.closed_at) == ("jobs", ends, None)


def test_what_it_could_not_tell_is_told_and_closes_nothing(history: History) -> None:
    world = World(history)
    world.see(QUEUE, "jobs", {"Open": ["a"]})
    world.see(QUEUE, "jobs", {"Odd": True})
    world.see(QUEUE, "jobs", {})
    found = replayed(world, make_rule("r", QUEUE, failing))
    assert told(found) == [("jobs", "", 1, 3)]
    (unknown,) = found.unknown
    assert (unknown.opened_by, unknown.closed_by, unknown.message) == (2, 3, "ZeroDivisionError: odd")


def test_findings_are_not_touched(history: History) -> None:
    world = World(history)
    world.see(QUEUE, "jobs", {"Open": ["a"]})
    assert replayed(world, make_rule("r", QUEUE, open_to_all, TOPIC)).findings
    assert not world.findings()


STATES = st.one_of(
    st.none(),
    st.fixed_dictionaries({"Open": st.lists(st.sampled_from("ab"), max_size=2, unique=True)}),
)
SCRIPTS = st.lists(
    st.tuples(st.sampled_from(["q1", "q2", "news"]), STATES, st.booleans()),
    min_size=1,
    max_size=8,
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(SCRIPTS)
def test_it_says_what_the_auditor_said_at_the_time(
    sqlite_history: History, script: list[tuple[str, dict[str, object] | None, bool]]
) -> None:
    """Each example plays in an account of its own; each state is judged before the next is seen."""
    number = 100_000_000_000 + len({row.scope.account for row in sqlite_history.archive.coverage()})
    account = str(number)
    rule = make_rule("r", QUEUE, open_to_all, TOPIC, severity=Severity.HIGH)
    world = World(sqlite_history, {"r": rule})
    world.now = START + timedelta(days=number - 100_000_000_000)
    since = world.now
    times = []
    for name, state, loud in script:
        world.later(minutes=2)  # moments of their own
        type_ = TOPIC if name == "news" else QUEUE
        there = [r for r in sqlite_history.archive.find(name) if r.account == account and r.present]
        if state is None and not there:
            continue
        content = {"Loud": loud} if type_ == TOPIC and state is not None else state
        world.see(type_, name, content, account=account)
        world.judge()
        times.append(world.now)
    asked = Asked(rule, since, world.now + timedelta(minutes=1), account)
    episodes = backtest(sqlite_history, asked, world.settings, world.overrides).findings
    for when in times:
        wanted = FindingFilter(statuses=(FindingStatus.OPEN,), account=account)
        stood = {(f.resource.pk, f.subject) for f in sqlite_history.past.findings(wanted, when, Page(100)).items}
        would = {
            (e.resource.pk, e.subject)
            for e in episodes
            if e.opened_at <= when and (e.closed_at is None or e.closed_at > when)
        }
        assert would == stood
