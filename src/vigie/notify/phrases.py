"""Sentences about events, and texts from elsewhere made fit to be shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from vigie.history.outbox import Topic
from vigie.model.attribution import Confidence
from vigie.model.finding import FindingStatus
from vigie.model.unseen import escaped, shown
from vigie.notify.event import DiffLine, Event

_CHANGED = {"created": "was created", "changed": "changed", "deleted": "was deleted", "recreated": "was re-created"}
_JUDGED = {"narrowed": " (narrowed)", "unknown": " (whether it opens something could not be decided)"}
_MOST_SHIFTS = 5
_SINCE = {Topic.FINDING: "First seen"}
_WHEN = {Topic.CHANGE: "When"}
_FOUND = {
    "reopened": "again: ",
    "updated": "updated: ",
    "justified": "justified: ",
    "resolved": "resolved: ",
    "unknown": "can no longer be judged: ",
}


def clean(text: str, *, lines: bool = False) -> str:
    """The text with every character that does not show written out (``\\u202e``): none can forge or reorder a message.

    ``lines`` keeps line breaks.
    """
    return shown(text, _written, keep="\n" if lines else "")


def _written(character: str) -> str:
    return " " if character in "\n\r\t" else escaped(character)


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def time_text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def headline(event: Event) -> str:
    """The event in a few words, without account and region."""
    if event.topic is Topic.FINDING:
        severity = event.severity.value.upper() if event.severity and event.status is FindingStatus.OPEN else ""
        prefix = f"{severity} " if severity else ""
        return f"{prefix}{_FOUND.get(event.kind, '')}{event.title}: {event.label}"
    if event.topic is Topic.CHANGE:
        plain = f"{event.type} {event.label} {_CHANGED.get(event.kind, event.kind)}"
        if event.widened and event.gained:
            more = f", and {plural(len(event.gained) - 1, 'more gain')}" if len(event.gained) > 1 else ""
            return f"widened: {event.gained[0]}{more}: {plain}"
        return plain + _JUDGED.get(event.verdict or "", "")
    if event.topic is Topic.BASELINE:
        return f"{event.type}: {plural(event.count, 'resource')}"
    if event.kind == "notice":
        return event.message
    what = f"{event.type} in {event.region}" if event.type and event.region else event.type or "the account"
    if event.kind == "restored":
        return f"vigie sees {what} again"
    return f"vigie cannot see {what}" + (f" ({event.title})" if event.title else "")


def facts(event: Event) -> list[tuple[str, str]]:
    """Labels and values, in the order in which they are shown. Account, region and type stand in the heading."""
    interval = time_text(event.at)
    since = time_text(event.first_seen) if event.first_seen and event.first_seen != event.at else None
    if event.topic is Topic.CHANGE and event.after:
        interval = f"between {time_text(event.after)} and {interval}"
    found: list[tuple[str, str | None]] = [
        ("Resource", event.arn or event.id),
        ("Rule", event.rule),
        ("Subject", event.subject),
        ("Status", event.status.value if event.status else None),
        ("Who", _who(event)),
        *(("Call", call) for call in event.calls[:_MOST_SHIFTS]),
        (_WHEN.get(event.topic, "Seen"), interval),
        (_SINCE.get(event.topic, "Since"), since),
        ("Error", event.error),
        ("Missing permission", event.missing_permission),
        ("Verdict", event.verdict),
        *_shifts("Gained", event.gained),
        ("Witness", event.witness if event.widened else None),
        *_shifts("Lost", event.lost),
        *_shifts("Not decided", event.undecided),
    ]
    return [(label, value) for label, value in found if value]


def _who(event: Event) -> str | None:
    """Who, and how sure that is; nothing where nothing is known of who (no events are fetched)."""
    if event.confidence == Confidence.NONE:
        return "no API call explains this"
    if event.actor is None:
        return "not known yet" if event.confidence == Confidence.PENDING else None
    return event.actor if event.confidence in (None, Confidence.LIKELY) else f"{event.actor} ({event.confidence})"


def _shifts(label: str, words: Sequence[str]) -> list[tuple[str, str | None]]:
    """One line each, the first few of them."""
    more = len(words) - _MOST_SHIFTS
    shown: list[tuple[str, str | None]] = [(label, text) for text in words[:_MOST_SHIFTS]]
    return [*shown, (label, f"… and {more:,} more")] if more > 0 else shown


def diff_text(line: DiffLine) -> str:
    """``+ path: new``, ``- path: old``, ``~ path: old → new``."""
    if line.op == "add":
        return f"+ {line.path}: {line.new}"
    if line.op == "remove":
        return f"- {line.path}: {line.old}"
    return f"~ {line.path}: {line.old} → {line.new}"


def diff_texts(event: Event) -> list[str]:
    """The lines of the event's difference, and how many are left out."""
    lines = [diff_text(line) for line in event.diff]
    if event.diff_left_out:
        lines.append(f"… and {plural(event.diff_left_out, 'more difference')}")
    return lines


def link(event: Event, base_url: str | None) -> str | None:
    """The page of what the event is about."""
    if base_url is None:
        return None
    root = base_url.rstrip("/")
    if event.finding_pk is not None:
        return f"{root}/findings/{event.finding_pk}"
    if event.resource_pk is not None and event.revision is not None:
        return f"{root}/resources/{event.resource_pk}/revisions/{event.revision}"
    if event.resource_pk is not None:
        return f"{root}/resources/{event.resource_pk}"
    if event.topic is Topic.COVERAGE:
        return f"{root}/coverage"
    return None
