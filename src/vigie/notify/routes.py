"""Routes: which events go to which channels, and why. Pure.

A flat list, and every route that matches applies. In a route every condition must hold; in a condition one of its
values must. A condition on what an event does not have (a severity, for a change) does not hold; its negation does.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from vigie.history.outbox import Topic
from vigie.model.account import Relation
from vigie.model.durations import format_duration, parse_duration
from vigie.model.errors import SettingsError
from vigie.model.finding import FindingStatus, Severity
from vigie.model.verdict import Direction
from vigie.notify.event import KINDS, Event
from vigie.notify.patterns import matches

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class GroupBy(StrEnum):
    ACTOR = "actor"
    RESOURCE = "resource"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Every:
    """When a digest goes out: at whole multiples of ``interval`` (of 1970), or daily at ``at`` (UTC)."""

    interval: timedelta | None = None
    at: time | None = None

    def next_after(self, moment: datetime) -> datetime:
        """The first time of going out after ``moment``."""
        if self.at is not None:
            today = datetime.combine(moment.astimezone(UTC).date(), self.at, UTC)
            return today if today > moment else today + timedelta(days=1)
        interval = self.interval or timedelta(hours=1)
        return _EPOCH + ((moment - _EPOCH) // interval + 1) * interval

    def __str__(self) -> str:
        if self.at is not None:
            return f"daily {self.at:%H:%M}"
        return format_duration(self.interval or timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a route. ``key`` is a setting such as ``types`` or ``not_types``."""

    key: str
    values: tuple[str, ...]

    @property
    def negated(self) -> bool:
        return self.key.startswith("not_")

    @property
    def about(self) -> str:
        return self.key.removeprefix("not_")


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the settings."""

    name: str
    channels: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    every: Every | None = None
    """None: at once."""
    group_by: tuple[GroupBy, ...] = (GroupBy.ACTOR, GroupBy.RESOURCE)
    storm_limit: int = 20
    """More messages than this in ``storm_window`` are collapsed into one."""
    storm_window: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Reason:
    """How one condition of a route stands with an event."""

    key: str
    holds: bool
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a route does, or does not, tell an event."""

    route: str
    matches: bool
    channels: tuple[str, ...]
    reasons: tuple[Reason, ...] = field(default=())
    timing: str = ""
    """``at once``, or when its digest goes out."""
    reason: str = ""
    """All of it in one sentence, for people."""

    def __str__(self) -> str:
        return f"{self.route}: {self.reason}"


def explain(event: Event, routes: Sequence[Route]) -> list[Explanation]:
    """For each route, in order, whether it tells the event, and how each of its conditions stands."""
    return [_explain(event, route) for route in routes]


def matching(event: Event, routes: Sequence[Route]) -> tuple[Route, ...]:
    """The routes that tell the event: every one that matches. None tells an ephemeral change.

    A change whose verdict came late was told already by the routes that match it without.
    """
    found = zip(routes, explain(event, routes), strict=True)
    wanted = tuple(route for route, explanation in found if explanation.matches)
    if not event.late:
        return wanted
    told = matching(event.before_its_verdict(), wanted)
    return tuple(route for route in wanted if route not in told)


def _explain(event: Event, route: Route) -> Explanation:
    timing = f"in its digest ({route.every})" if route.every else "at once"
    reasons = [_reason(condition, event) for condition in route.conditions]
    if event.ephemeral:
        reasons.insert(0, Reason("kinds", False, f"changes of kind {event.kind} are recorded and never told"))
    against = [reason.text for reason in reasons if not reason.holds]
    said = f"does not match: {'; '.join(against)}" if against else f"tells {', '.join(route.channels)} {timing}"
    return Explanation(route.name, not against, route.channels, tuple(reasons), timing, said)


def _reason(condition: Condition, event: Event) -> Reason:
    if condition.about == "severity_at_least":
        return _severity_reason(condition, event)
    if condition.about == "tags":
        return _tags_reason(condition, event)
    word, values = _SUBJECTS[condition.about](event)
    held = next((v for v in values for p in condition.values if matches(p, v)), None)
    listed = " or ".join(condition.values)
    if condition.negated:
        text = f"{word} {held} is excluded" if held else f"{word} {_shown(values)} is not excluded"
        return Reason(condition.key, held is None, text)
    text = f"{word} {held} is {listed}" if held else f"{word} {_shown(values)} is not {listed}"
    return Reason(condition.key, held is not None, text)


def _severity_reason(condition: Condition, event: Event) -> Reason:
    least = Severity(condition.values[0])
    if event.severity is None:
        without = "a change that opened nothing" if event.verdict else f"a {event.topic.value}"
        return Reason(condition.key, False, f"{without} has no severity")
    holds = event.severity.rank >= least.rank
    word = "at least" if holds else "below"
    return Reason(condition.key, holds, f"severity {event.severity.value} is {word} {least.value}")


def _tags_reason(condition: Condition, event: Event) -> Reason:
    wanted = [value.partition("=") for value in condition.values]
    found = [f"{k}={v}" for k, _, v in wanted if matches(v, event.tags.get(k, "")) and k in event.tags]
    if condition.negated:
        text = f"tag {found[0]} is excluded" if found else "no tag is excluded"
        return Reason(condition.key, not found, text)
    lacking = [f"{k}={v}" for k, _, v in wanted if f"{k}={v}" not in found]
    text = f"tag {lacking[0]} lacks" if lacking else f"tag {' and '.join(found)} is there"
    return Reason(condition.key, not lacking, text)


def _shown(values: Sequence[str]) -> str:
    shown = ", ".join(v for v in values[:3] if v)
    return shown + (", …" if len(values) > 3 else "") if shown else "(none)"


def _given(*values: str | None) -> list[str]:
    return [value for value in values if value]


_SUBJECTS: Mapping[str, Callable[[Event], tuple[str, list[str]]]] = {
    "topic": lambda e: ("topic", [e.topic.value]),
    "kinds": lambda e: ("kind", [e.kind]),
    "statuses": lambda e: ("status", _given(e.status.value if e.status else None)),
    "accounts": lambda e: ("account", _given(e.account, e.account_name)),
    "relations": lambda e: ("relation", [e.relation.value]),
    "regions": lambda e: ("region", _given(e.region)),
    "types": lambda e: ("type", _given(e.type)),
    "rules": lambda e: ("rule", _given(e.rule)),
    "names": lambda e: ("name", _given(e.name, e.id, e.arn)),
    "paths": lambda e: ("path", list(e.paths)),
    "actors": lambda e: ("actor", _given(*e.actor_ids, e.actor)),
    "verdict": lambda e: ("verdict", _given(e.verdict)),
}

_CLOSED: Mapping[str, tuple[str, ...]] = {
    "topic": tuple(Topic),
    "kinds": tuple(dict.fromkeys(kind for kinds in KINDS.values() for kind in kinds)),
    "statuses": tuple(FindingStatus),
    "relations": tuple(Relation),
    "verdict": tuple(Direction),
}
"""Conditions whose values are from a fixed list."""

CONDITION_KEYS: tuple[str, ...] = (
    "severity_at_least",
    *(key for about in (*_SUBJECTS, "tags") for key in (about, f"not_{about}")),
)
OTHER_KEYS = ("name", "channels", "mode", "every", "group_by", "storm_limit", "storm_window")


def parse_routes(rows: Sequence[Mapping[str, Any]], channels: Collection[str] | None = None) -> tuple[Route, ...]:
    """Routes as they stand in the settings; ``channels`` are the names that they may use (None: not checked).

    Raises:
        SettingsError: an unknown key or channel, a wrong value, a name used twice: one sentence.
    """
    routes = tuple(_route(row, f"route {number}") for number, row in enumerate(rows, 1))
    names = [route.name for route in routes]
    for route in routes:
        if names.count(route.name) > 1:
            raise SettingsError(f'Two routes are named "{route.name}": give each a name of its own.')
        unknown = [name for name in route.channels if channels is not None and name not in channels]
        if unknown:
            there = ", ".join(sorted(channels or ())) or "none is defined"
            raise SettingsError(f'Route "{route.name}": there is no channel "{unknown[0]}" (channels: {there}).')
    return routes


def _route(row: Mapping[str, Any], numbered: str) -> Route:
    name = row.get("name", numbered)
    if not isinstance(name, str) or not name.strip() or len(name) > 100 or not name.isprintable():
        raise SettingsError(f"The name of {numbered} must be text of at most 100 characters.")
    place = f'Route "{name}"'
    for key in row:
        if key not in CONDITION_KEYS and key not in OTHER_KEYS:
            near = difflib.get_close_matches(key, (*CONDITION_KEYS, *OTHER_KEYS), 1)
            hint = f': did you mean "{near[0]}"?' if near else "."
            raise SettingsError(f'{place}: there is no setting "{key}"{hint}')
    told = _texts(place, "channels", row.get("channels", ()))
    if not told:
        raise SettingsError(f"{place}: name at least one channel under `channels`.")
    return Route(
        name=name,
        channels=tuple(dict.fromkeys(told)),
        conditions=tuple(_condition(place, key, row[key]) for key in CONDITION_KEYS if key in row),
        every=_timing(place, row),
        group_by=_group_by(place, row),
        storm_limit=_limit(place, row.get("storm_limit", 20)),
        storm_window=_duration(place, "storm_window", row.get("storm_window", "10m")),
    )


def _condition(place: str, key: str, value: Any) -> Condition:
    if key == "severity_at_least":
        return Condition(key, (_one_of(place, key, value, tuple(Severity)),))
    if key.endswith("tags"):
        return Condition(key, _tags(place, key, value))
    values = _texts(place, key, value)
    if not values:
        raise SettingsError(f"{place}: `{key}` is empty: leave it out, or give it a value.")
    closed = _CLOSED.get(key.removeprefix("not_"))
    if closed:
        values = tuple(_one_of(place, key, v, closed) for v in values)
    return Condition(key, values)


def _tags(place: str, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, Mapping) or not value or not all(isinstance(v, str) for v in value.values()):
        raise SettingsError(f'{place}: `{key}` must be a table of tags and patterns, such as {{ env = "prod*" }}.')
    if any("=" in name for name in value):
        raise SettingsError(f"{place}: `{key}` names a tag with = in it, which routes cannot match.")
    return tuple(f"{name}={pattern}" for name, pattern in value.items())


def _texts(place: str, key: str, value: Any) -> tuple[str, ...]:
    values = (value,) if isinstance(value, str) else value
    if not isinstance(values, Sequence) or not all(isinstance(v, str) and v for v in values):
        raise SettingsError(f"{place}: `{key}` must be a list of texts.")
    return tuple(values)


def _one_of(place: str, key: str, value: Any, known: Sequence[str]) -> str:
    if isinstance(value, str) and value in known:
        return str(value)
    raise SettingsError(f"{place}: `{key}` cannot be {value!r}: use one of {', '.join(known)}.")


def _timing(place: str, row: Mapping[str, Any]) -> Every | None:
    mode = _one_of(place, "mode", row.get("mode", "digest" if "every" in row else "immediate"), ("immediate", "digest"))
    if mode == "immediate":
        if "every" in row:
            raise SettingsError(f'{place}: `every` goes with mode = "digest".')
        return None
    if "every" not in row:
        raise SettingsError(f'{place}: a digest needs `every`, such as "1h" or "daily 09:00".')
    return parse_every(place, row["every"])


def parse_every(place: str, value: Any) -> Every:
    """``"1h"`` or ``"daily 09:00"`` (UTC). Raises ``SettingsError``."""
    daily = re.fullmatch(r"daily\s+([01]\d|2[0-3]):([0-5]\d)", value.strip()) if isinstance(value, str) else None
    if daily:
        return Every(at=time(int(daily[1]), int(daily[2])))
    interval = _duration(place, "every", value, also=', or "daily 09:00" (UTC)')
    if not timedelta(minutes=1) <= interval <= timedelta(days=31):
        raise SettingsError(f"{place}: `every` must be from 1m to 31d.")
    return Every(interval=interval)


def _duration(place: str, key: str, value: Any, also: str = "") -> timedelta:
    try:
        return parse_duration(value if isinstance(value, str) else repr(value))
    except (ValueError, OverflowError):
        raise SettingsError(f'{place}: `{key}` cannot be {value!r}: write a duration such as "1h"{also}.') from None


def _group_by(place: str, row: Mapping[str, Any]) -> tuple[GroupBy, ...]:
    values = _texts(place, "group_by", row.get("group_by", ("actor", "resource")))
    return tuple(dict.fromkeys(GroupBy(_one_of(place, "group_by", v, tuple(GroupBy))) for v in values))


def _limit(place: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10_000:
        raise SettingsError(f"{place}: `storm_limit` must be a number from 1 to 10000.")
    return value
