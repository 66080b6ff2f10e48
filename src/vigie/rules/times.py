"""Times in configurations: RFC 3339 texts, dates, and how long ago. Pure: ``now`` is always handed in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from vigie.rules.declare import CannotTell


def when(text: object, what: str = "a time") -> datetime:
    """The aware UTC time that a configuration holds as text.

    Raises:
        CannotTell: it is no time (``what`` names it in the message).
    """
    if not isinstance(text, str):
        raise CannotTell(f"{what} is not known")
    try:
        time = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise CannotTell(f"{what} is not a time: {text}") from wrong
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def midnight(day: date) -> datetime:
    """The start of a day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def days(number: float) -> timedelta:
    return timedelta(days=number)


def shown(time: datetime) -> str:
    """A time for people: its day."""
    return time.date().isoformat()
