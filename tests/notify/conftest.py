"""Messages to tell."""

from __future__ import annotations

import pytest

from vigie.history.notifications import NotificationKind
from vigie.notify.message import Message
from vigie.testing.notifications import FINDING, make_message, sample_messages


@pytest.fixture
def message() -> Message:
    """A new finding."""
    return make_message(NotificationKind.IMMEDIATE, FINDING)


@pytest.fixture
def messages() -> dict[str, Message]:
    """One of every kind of message."""
    return sample_messages()
