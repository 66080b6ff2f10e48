"""A generic webhook: the message as JSON, signed as the Standard Webhooks specification says.

Headers: ``webhook-id`` (the same in every attempt), ``webhook-timestamp`` (seconds since 1970, of this attempt) and
``webhook-signature`` (``v1,`` and the base64 of HMAC-SHA256 over ``id.timestamp.body``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from vigie.model.errors import SettingsError
from vigie.notify.channel_settings import WebhookSettings
from vigie.notify.channels.base import ChannelFailed, Receipt
from vigie.notify.channels.http import Poster
from vigie.notify.message import Message, message_document
from vigie.notify.phrases import link


class WebhookChannel:
    """Posts each message. ``clock`` gives the time of the attempt, for the signature."""

    def __init__(self, settings: WebhookSettings, clock: Callable[[], datetime], poster: Poster | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._poster = poster or Poster(settings.timeout, settings.allow_private, settings.ca_file, settings.proxy)

    def send(self, message: Message, thread: str | None = None) -> Receipt:
        """See :class:`~vigie.notify.channels.base.Channel`."""
        return self.post(message.uid, webhook_document(message))

    def post(self, uid: str, document: Mapping[str, Any]) -> Receipt:
        """Post a document, signed. ``uid`` is the same in every attempt.

        Raises:
            ChannelFailed: it was not taken.
        """
        settings = self._settings
        body = orjson.dumps(document)
        try:
            headers = {name: secret.reveal() for name, secret in settings.headers.items()}
            headers |= {"content-type": "application/json", "user-agent": "vigie", "webhook-id": uid}
            headers["webhook-timestamp"] = str(int(self._clock().timestamp()))
            if settings.secret is not None:
                headers["webhook-signature"] = signature(
                    settings.secret.reveal(), uid, headers["webhook-timestamp"], body
                )
            url = settings.url.reveal()
        except SettingsError as error:
            raise ChannelFailed(permanent=False, reason=str(error)) from None
        answer = self._poster.post(url, body, headers)
        return Receipt(note=f"answered {answer.status}")


def webhook_document(message: Message) -> dict[str, Any]:
    """The body: ``message_document``, with a ``link`` to vigie's page on each event (null without ``base_url``)."""
    document = message_document(message)
    for group, shown in zip(message.groups, document["groups"], strict=True):
        for event, told in zip(group.events, shown["events"], strict=True):
            told["link"] = link(event, message.base_url)
    return {key: _encodable(value) for key, value in document.items()}


def _encodable(value: Any) -> Any:
    """Lone surrogates have no UTF-8: they become U+FFFD."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_encodable(key): _encodable(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_encodable(member) for member in value]
    return value


def signature(secret: str, uid: str, timestamp: str, body: bytes) -> str:
    """The value of ``webhook-signature``."""
    signed = f"{uid}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode("ascii")


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode("utf-8")
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise SettingsError("The secret of a webhook that begins with whsec_ must go on in base64.") from None
