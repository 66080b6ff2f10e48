"""What a channel is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from vigie.notify.message import Message


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a channel says of a message that it took. ``reference``: an id there, such as that of a thread."""

    reference: str | None = None
    note: str = ""
    """What the sender should know all the same: a recipient who was refused."""


class ChannelFailed(Exception):  # noqa: N818 - it is what happened
    """A message was not taken.

    ``permanent``: trying again cannot help. ``reason`` is for people and holds no secret. ``retry_after``: how long the
    receiver asked to be left alone.
    """

    def __init__(self, *, permanent: bool, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.reason = reason
        self.retry_after = retry_after


class Channel(Protocol):
    """Carries messages to people. Called from one thread at a time."""

    def send(self, message: Message, thread: str | None = None) -> Receipt:
        """Hand the message over, and return when it was taken.

        ``thread`` is the reference of an earlier message on the same subject, for channels that have threads.

        Raises:
            ChannelFailed: it was not taken.
        """
        ...
