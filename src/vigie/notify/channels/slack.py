"""Slack, by an incoming webhook, or by a bot (``chat.postMessage``), which can go on in threads."""

from __future__ import annotations

from typing import Any

import orjson

from vigie.model.errors import SettingsError
from vigie.notify.channel_settings import SlackSettings
from vigie.notify.channels.base import ChannelFailed, Receipt
from vigie.notify.channels.http import Poster
from vigie.notify.message import Message
from vigie.notify.render import slack

_HOPELESS = frozenset({"invalid_blocks", "msg_too_long", "msg_blocks_too_long", "invalid_arguments", "no_text"})
"""Errors that the same message gets again. Those of tokens and channels may be mended meanwhile."""


class SlackChannel:
    """Sends each message as blocks."""

    def __init__(self, settings: SlackSettings, poster: Poster | None = None) -> None:
        self._settings = settings
        self._poster = poster or Poster(settings.timeout, settings.allow_private, settings.ca_file, settings.proxy)

    def send(self, message: Message, thread: str | None = None) -> Receipt:
        """See :class:`~vigie.notify.channels.base.Channel`. The reference is the ``ts`` of the message."""
        body: dict[str, Any] = {
            "text": slack.fallback(message),
            "blocks": slack.blocks(message),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        try:
            return self._by_webhook(body) if self._settings.webhook_url is not None else self._by_bot(body, thread)
        except SettingsError as error:
            raise ChannelFailed(permanent=False, reason=str(error)) from None

    def _by_webhook(self, body: dict[str, Any]) -> Receipt:
        url = self._settings.webhook_url.reveal() if self._settings.webhook_url else ""
        self._poster.post(url, orjson.dumps(body), {"content-type": "application/json"})
        return Receipt()

    def _by_bot(self, body: dict[str, Any], thread: str | None) -> Receipt:
        settings = self._settings
        token = settings.token.reveal() if settings.token else ""
        body["channel"] = settings.channel
        if thread and settings.threads:
            body["thread_ts"] = thread
        answer = self._poster.post(
            settings.api_url.rstrip("/") + "/chat.postMessage",
            orjson.dumps(body),
            {"content-type": "application/json; charset=utf-8", "authorization": f"Bearer {token}"},
        )
        # Slack answers 200 to what it refuses, and says so in the body
        said = _object(answer.body)
        if said.get("ok") is not True:
            error = str(said.get("error") or "no reason given")[:100]
            raise ChannelFailed(permanent=error in _HOPELESS, reason=f"Slack refused the message: {error}")
        return Receipt(str(said["ts"]) if said.get("ts") else None)


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise ChannelFailed(permanent=False, reason="Slack's answer is not a JSON object")
    return said
