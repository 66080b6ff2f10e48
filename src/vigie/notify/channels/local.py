"""Channels of this machine: the terminal, and a file."""

from __future__ import annotations

import os
from collections.abc import Callable

import orjson

from vigie.notify.channel_settings import FileSettings
from vigie.notify.channels.base import ChannelFailed, Receipt
from vigie.notify.channels.webhook import webhook_document
from vigie.notify.message import Message
from vigie.notify.render import text


class ConsoleChannel:
    """Gives each message as text to a callable, which shows it."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def send(self, message: Message, thread: str | None = None) -> Receipt:
        """See :class:`~vigie.notify.channels.base.Channel`."""
        try:
            self._write(text.body(message))
        except OSError as error:
            raise ChannelFailed(permanent=False, reason=f"the terminal cannot be written to: {error}") from None
        return Receipt()


class FileChannel:
    """Appends each message as one line of JSON (the webhook's document), or as text."""

    def __init__(self, settings: FileSettings) -> None:
        self._path = settings.path.expanduser()
        self._as_text = settings.format == "text"

    def send(self, message: Message, thread: str | None = None) -> Receipt:
        """See :class:`~vigie.notify.channels.base.Channel`. When it returns, the message is on the disk."""
        if self._as_text:
            line = (text.body(message) + "\n").encode()
        else:
            line = orjson.dumps(webhook_document(message), option=orjson.OPT_APPEND_NEWLINE)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with open(descriptor, "ab", buffering=0) as file:
                written = file.write(line)
                if written != len(line):  # a full disk: the rest of the line is missing, so end it
                    file.write(b"\n")
                    raise OSError("the disk is full")
                os.fsync(descriptor)
        except OSError as error:
            raise ChannelFailed(permanent=False, reason=f"{self._path}: {error.strerror or error}") from None
        return Receipt()
