"""Anchors: signed heads kept where whoever can rewrite the store cannot reach them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from vigie.history.log import Head
from vigie.model.canonical import instant_text
from vigie.settings import AnchorSettings

if TYPE_CHECKING:
    from vigie.notify.channel_settings import WebhookSettings

LOCK_MODE = "COMPLIANCE"
"""S3: nobody, the root user included, can remove it before its time."""


class AnchorFailed(Exception):  # noqa: N818 - what happened, as with ChannelFailed
    """A head could not be anchored, or anchored ones not be read; the text says why."""


class Anchor(Protocol):
    """Where heads are put."""

    def put(self, head: Head) -> None:
        """Keep it. Raises AnchorFailed."""

    def heads(self) -> list[str] | None:
        """The signed heads that it holds; None where it cannot be asked. Raises AnchorFailed."""


class FileAnchor:
    """A file that grows by one line of JSON a head: on another volume, or one that another machine collects."""

    def __init__(self, path: Path) -> None:
        self._path = path.expanduser()

    def put(self, head: Head) -> None:
        line = json.dumps(anchor_document(head), ensure_ascii=False) + "\n"
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise AnchorFailed(f"{self._path} cannot be written ({error.strerror})") from None

    def heads(self) -> list[str] | None:
        try:
            return read_heads(self._path)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise AnchorFailed(f"{self._path} cannot be read ({error.strerror})") from None
        except ValueError as error:
            raise AnchorFailed(f"{self._path} holds what is no head: {error}") from None


class WebhookAnchor:
    """A webhook channel of the settings, with its signature, guards and proxy. It cannot be asked what it holds."""

    def __init__(self, settings: WebhookSettings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock

    def put(self, head: Head) -> None:
        from vigie.notify.channels.base import ChannelFailed
        from vigie.notify.channels.webhook import WebhookChannel

        channel = WebhookChannel(self._settings, self._clock)
        try:
            channel.post(f"head-{head.size}-{head.root.hex()[:16]}", {"type": "tree_head", **anchor_document(head)})
        except ChannelFailed as failure:
            raise AnchorFailed(failure.reason) from None

    def heads(self) -> list[str] | None:
        return None


class S3Anchor:
    """An object a head, under S3's object lock (the bucket must have it enabled)."""

    def __init__(self, settings: AnchorSettings, put: Callable[[Mapping[str, Any]], None]) -> None:
        self._settings = settings
        self._put = put

    def put(self, head: Head) -> None:
        self._put(put_parameters(self._settings, head))

    def heads(self) -> list[str] | None:
        return None


def put_parameters(settings: AnchorSettings, head: Head) -> dict[str, Any]:
    """Of S3's PutObject. The name sorts by size."""
    return {
        "Bucket": settings.bucket,
        "Key": f"{settings.prefix}{head.size:012}-{head.root.hex()[:16]}.txt",
        "Body": head.note.encode(),
        "ContentType": "text/plain; charset=utf-8",
        "ChecksumAlgorithm": "SHA256",
        "ObjectLockMode": LOCK_MODE,
        "ObjectLockRetainUntilDate": head.at + timedelta(days=settings.retain_days),
    }


def anchor_document(head: Head) -> dict[str, Any]:
    """What anchors are given."""
    return {"size": head.size, "root": head.root.hex(), "time": instant_text(head.at), "note": head.note}


def read_heads(path: Path) -> list[str]:
    """The signed heads of an anchor file, or the one of a file that is a signed note itself.

    Raises:
        OSError: It cannot be read.
        ValueError: It is neither.
    """
    text = path.read_text(encoding="utf-8")
    if not text.lstrip().startswith("{"):
        return [text] if text.strip() else []
    notes = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            notes.append(str(json.loads(line)["note"]))
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"line {number} cannot be read") from None
    return notes
