"""Messages as HTML for mail: no scripts, no images, nothing fetched; everything from elsewhere escaped."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from vigie.history.notifications import NotificationKind
from vigie.history.outbox import Topic
from vigie.model.finding import FindingStatus
from vigie.notify.event import Event
from vigie.notify.message import Message
from vigie.notify.phrases import clean, diff_texts, facts, headline, link
from vigie.notify.render.text import count_lines, left_out_text, subject

_COLOURS = {
    "critical": "#8c1020",
    "high": "#b3400b",
    "medium": "#8a6100",
    "low": "#2b5f8a",
    "informational": "#55606b",
}


def page(message: Message) -> str:
    """The whole document."""
    return _template().render(
        message=message,
        subject=subject(message),
        is_test=message.kind is NotificationKind.TEST,
        counts=count_lines(message.counts) if message.kind is not NotificationKind.IMMEDIATE else [],
        left_out=left_out_text(message) if message.left_out else "",
    )


def _clean(value: Any) -> Any:
    return clean(value, lines=True) if isinstance(value, str) and not isinstance(value, Markup) else value


def _severity(event: Event) -> str:
    shown = event.severity if event.status is FindingStatus.OPEN else None
    return shown.value if shown else ""


def _colour(event: Event) -> str:
    return _COLOURS.get(_severity(event), "#55606b")


def _line_colour(line: str) -> str:
    return {"+": "#116329", "-": "#a40e26"}.get(line[:1], "#5b4300")


def _about_finding(event: Event) -> bool:
    return event.topic is Topic.FINDING


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("vigie.notify", "templates"),
        autoescape=True,
        finalize=_clean,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        headline=headline,
        facts=facts,
        diff=diff_texts,
        link=link,
        severity=_severity,
        colour=_colour,
        line_colour=_line_colour,
        about_finding=_about_finding,
    )
    return environment.get_template("message.html.j2")
