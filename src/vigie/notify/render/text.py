"""Messages as plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from vigie.history.notifications import NotificationKind
from vigie.history.outbox import Topic
from vigie.notify.event import Event
from vigie.notify.message import Count, Message
from vigie.notify.phrases import clean, diff_texts, facts, headline, link, plural

_WIDTH = 78
_TOPICS = {"change": "Changes", "finding": "Findings", "baseline": "Resources", "coverage": "Coverage"}


def subject(message: Message) -> str:
    """One line of at most 160 characters."""
    severity = ""
    if message.severity and message.kind is not NotificationKind.IMMEDIATE:
        severity = f"{message.severity.value.upper()} "
    line = f"[vigie] {severity}{clean(message.title)}"
    return line if len(line) <= 160 else line[:159] + "…"


def body(message: Message) -> str:
    """The whole message; lines end in ``\\n``."""
    lines = [clean(message.title), "=" * min(_WIDTH, len(message.title)), ""]
    if message.kind is NotificationKind.TEST:
        lines.append("This is a test. Nothing happened.")
    if message.kind is not NotificationKind.IMMEDIATE:
        lines += [f"{topic}: {counted}" for topic, counted in count_lines(message.counts)]
    for group in message.groups:
        lines += [*([""] if lines[-1] else []), clean(group.heading), "-" * min(_WIDTH, len(group.heading))]
        for event in group.events:
            lines += [*_event(event, message), ""]
    if message.left_out:
        lines.append(left_out_text(message))
    return "\n".join(lines).rstrip() + "\n"


def count_lines(counts: tuple[Count, ...]) -> list[tuple[str, str]]:
    """``("Findings", "2 critical, 1 high")``, a pair for each topic."""
    topics = dict.fromkeys(count.topic for count in counts)
    return [(_TOPICS.get(topic, topic), _counted(topic, counts)) for topic in topics]


def _counted(topic: str, counts: tuple[Count, ...]) -> str:
    mine = [count for count in counts if count.topic == topic]
    shown = ", ".join(f"{count.count:,} {clean(count.word)}" for count in mine[:12])
    rest = sum(count.count for count in mine[12:])
    return f"{shown}, {rest:,} of other kinds" if rest else shown


def left_out_text(message: Message) -> str:
    where = f": {message.base_url}" if message.base_url else "."
    return f"{plural(message.left_out, 'more event')} not shown{where}"


def _event(event: Event, message: Message) -> Iterator[str]:
    yield "* " + clean(headline(event))
    if event.message and event.topic is Topic.FINDING:
        yield from _paragraph(event.message)
    if event.remedy:
        yield from _paragraph("What to do: " + event.remedy)
    for label, value in facts(event):
        yield f"  {label}: {clean(value)}"
    for line in diff_texts(event):
        yield "    " + clean(line)
    page = link(event, message.base_url)
    if page:
        yield "  " + page


def _paragraph(text: str) -> Iterator[str]:
    for line in clean(text, lines=True).splitlines():
        yield from textwrap.wrap(line, _WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False)
