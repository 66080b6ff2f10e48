"""Messages as Slack blocks.

Limits (Slack's Block Kit reference): 50 blocks a message, 3,000 characters a text, 150 a header, 10 fields of 2,000.
Everything from elsewhere is plain text, so that it can neither mention people, nor link, nor format.
"""

from __future__ import annotations

from typing import Any

from vigie.history.notifications import NotificationKind
from vigie.history.outbox import Topic
from vigie.notify.event import Event
from vigie.notify.message import Message
from vigie.notify.phrases import clean, diff_texts, facts, headline, link
from vigie.notify.render.text import count_lines, left_out_text

_MAX_BLOCKS = 50
_MAX_TEXT = 2900
_SIGNS = {
    "critical": "🔴",
    "high": "🟠",
    "medium": "🟡",
    "low": "🔵",
    "informational": "⚪",
}

Block = dict[str, Any]


def fallback(message: Message) -> str:
    """The text that notifications and screen readers use: mrkdwn, so ``&``, ``<`` and ``>`` are escaped."""
    return _cut(_escaped(clean(message.title)), _MAX_TEXT)


def blocks(message: Message) -> list[Block]:
    """The message; what does not fit is counted in the last block."""
    made: list[Block] = [{"type": "header", "text": _plain(message.title, 150)}]
    if message.kind is NotificationKind.TEST:
        made.append(_section("This is a test. Nothing happened."))
    if message.kind is not NotificationKind.IMMEDIATE and message.counts:
        made.append(_section("\n".join(f"{topic}: {counted}" for topic, counted in count_lines(message.counts))))
    shown = 0
    for group in message.groups:
        heading: list[Block] = [{"type": "context", "elements": [_plain(group.heading, _MAX_TEXT)]}]
        for event in group.events:
            piece = [*heading, *_event(event, message)]
            if len(made) + len(piece) > _MAX_BLOCKS - 1:
                return [*made, _section(_rest(message, shown))]
            made += piece
            heading = []
            shown += 1
    if message.left_out:
        made.append(_section(left_out_text(message)))
    return made


def _rest(message: Message, shown: int) -> str:
    where = f": {message.base_url}" if message.base_url else "."
    return f"{message.total - shown:,} more not shown{where}"


def _event(event: Event, message: Message) -> list[Block]:
    sign = _SIGNS.get(event.severity.value, "") + " " if event.severity and event.kind != "resolved" else ""
    words = [headline(event)]
    if event.message and event.topic is Topic.FINDING:
        words.append(event.message)
    if event.remedy:
        words.append(f"What to do: {event.remedy}")
    made = [_section(sign + "\n".join(words))]
    told = "\n".join(f"{label}: {clean(value)}" for label, value in facts(event))
    made.append({"type": "context", "elements": [_plain(told, _MAX_TEXT, lines=True)]})
    lines = diff_texts(event)
    if lines:
        made.append(_preformatted("\n".join(clean(line) for line in lines)))
    page = link(event, message.base_url)
    if page:
        made.append({"type": "actions", "elements": [_button(page)]})
    return made


def _button(page: str) -> Block:
    return {"type": "button", "text": {"type": "plain_text", "text": "Open in vigie"}, "url": page}


def _preformatted(text: str) -> Block:
    element = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": _cut(text, _MAX_TEXT)}]}
    return {"type": "rich_text", "elements": [element]}


def _section(text: str) -> Block:
    return {"type": "section", "text": _plain(text, _MAX_TEXT, lines=True)}


def _plain(text: str, longest: int, *, lines: bool = False) -> Block:
    return {"type": "plain_text", "text": _cut(clean(text, lines=lines), longest) or " ", "emoji": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
