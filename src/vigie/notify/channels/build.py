"""Settings → channels. A channel's library is loaded only where one is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from vigie.notify.channel_settings import (
    AppriseSettings,
    ChannelSettings,
    ConsoleSettings,
    FileSettings,
    SlackSettings,
    SmtpSettings,
    WebhookSettings,
)
from vigie.notify.channels.base import Channel


def build_channels(
    settings: Mapping[str, ChannelSettings], *, write: Callable[[str], None], clock: Callable[[], datetime]
) -> dict[str, Channel]:
    """The channels of ``parse_channels``, by name. ``write`` shows the text of console channels."""
    return {name: build_channel(channel, write=write, clock=clock) for name, channel in settings.items()}


def build_channel(settings: ChannelSettings, *, write: Callable[[str], None], clock: Callable[[], datetime]) -> Channel:
    """The channel of these settings. Nothing is sent, and no secret read, before the first message."""
    match settings:
        case SmtpSettings():
            from vigie.notify.channels.smtp import SmtpChannel

            return SmtpChannel(settings)
        case SlackSettings():
            from vigie.notify.channels.slack import SlackChannel

            return SlackChannel(settings)
        case WebhookSettings():
            from vigie.notify.channels.webhook import WebhookChannel

            return WebhookChannel(settings, clock)
        case AppriseSettings():
            from vigie.notify.channels.apprise import AppriseChannel

            return AppriseChannel(settings)
        case ConsoleSettings():
            from vigie.notify.channels.local import ConsoleChannel

            return ConsoleChannel(write)
        case FileSettings():
            from vigie.notify.channels.local import FileChannel

            return FileChannel(settings)
