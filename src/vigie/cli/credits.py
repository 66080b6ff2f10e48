"""How it is printed who made a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vigie.cli.output import printable, when
from vigie.model.attribution import Attribution, Confidence, Credit, label, names_of

if TYPE_CHECKING:
    from vigie.model.event import Event

STYLE = {
    Confidence.EXACT: "cyan",
    Confidence.LIKELY: "cyan",
    Confidence.AMBIGUOUS: "yellow",
    Confidence.PENDING: "dim",
    Confidence.NONE: "yellow",
}


def attribution_lines(found: Attribution | None, indent: str = "    ") -> list[Any]:
    """Who, in which call, from where, with what, how sure; nothing where nothing was ever concluded."""
    from rich.text import Text

    if found is None:
        return []
    style = STYLE[found.confidence]
    if not found.credits:
        return [Text(f"{indent}by: {found.words}", style=style)]
    sure = "" if found.confidence is Confidence.LIKELY else f"  ({found.confidence.value})"
    lines = [Text(f"{indent}by: {printable(found.words)}{sure}", style=style)]
    lines += [Text(f"{indent}  {printable(call_line(credit))}", style="dim") for credit in found.credits]
    return lines


def call_line(credit: Credit) -> str:
    """``2026-11-23 10:00:00Z PutBucketPolicy by user alice from 203.0.113.7 with aws-cli/2.15``."""
    event = credit.event
    behind = f" (behind the session: {names_of(credit.behind)})" if credit.behind else ""
    return f"{when(event.at)} {event.name} by {label(event.actor)}{behind}{origin(event)}"


def origin(event: Event) -> str:
    """From where and with what, as far as CloudTrail says."""
    actor = event.actor
    parts = [f"from {actor.address}" if actor.address else "", f"with {actor.agent}" if actor.agent else ""]
    parts.append("with MFA" if actor.mfa else "")
    parts.append(f"source identity {actor.source_identity}" if actor.source_identity else "")
    told = ", ".join(part for part in parts if part)
    return f" {told}" if told else ""
