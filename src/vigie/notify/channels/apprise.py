"""What Apprise reaches: an allow-list of its schemes, guarded addresses, reasons without secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import apprise

from vigie.history.notifications import NotificationKind
from vigie.model.errors import SettingsError
from vigie.model.finding import Severity
from vigie.notify.channel_settings import AppriseSettings
from vigie.notify.channels.base import ChannelFailed, Receipt
from vigie.notify.channels.guard import Resolve, allowed_address, resolve
from vigie.notify.channels.quiet import quiet
from vigie.notify.message import Message
from vigie.notify.render import html, text
from vigie.notify.secrets import redact

# fmt: off
DEFAULT_SCHEMES: Final = frozenset(
    (
        "bark", "barks", "discord", "fcm", "flock", "gchat", "gotify", "gotifys", "lark", "line", "matrix",
        "matrixs", "mmost", "mmosts", "msteams", "nctalk", "nctalks", "ntfy", "ntfys", "opsgenie",
        "pagerduty", "pagertree", "prowl", "pushbullet", "pushover", "pover", "pbul", "pushplus", "rocket",
        "rockets", "ryver", "signal", "signals", "slack", "signl4", "splunk", "spike", "squadcast",
        "statuspage", "tgram", "telegram", "twilio", "twist", "victorops", "webex", "wxteams", "workflow",
        "workflows", "zulip",
    )
)
# fmt: on
"""Services that carry messages to people. What writes to this machine, runs programs or posts anywhere is not here."""

_PORTS: Final = {True: 443, False: 80}


class AppriseChannel:
    """Sends each message to every address; it is sent when all took it."""

    def __init__(self, settings: AppriseSettings, resolver: Resolve = resolve) -> None:
        self._settings = settings
        self._resolver = resolver
        self._asset = apprise.AppriseAsset(
            app_id="vigie",
            app_desc="vigie",
            app_url="",
            async_mode=False,
            secure_logging=True,
            http_redirects=False,
            storage_mode=apprise.PersistentStoreMode.MEMORY,
        )

    def send(self, message: Message, thread: str | None = None) -> Receipt:
        """See :class:`~vigie.notify.channels.base.Channel`."""
        for number, secret in enumerate(self._settings.urls, 1):
            try:
                url = secret.reveal()
            except SettingsError as error:
                raise ChannelFailed(permanent=False, reason=str(error)) from None
            self._send_to(url, number, message)
        return Receipt()

    def _send_to(self, url: str, number: int, message: Message) -> None:
        scheme = url.partition("://")[0].lower()
        if scheme not in DEFAULT_SCHEMES | set(self._settings.schemes):
            shown = scheme if re.fullmatch(r"[a-z0-9]{1,20}", scheme) else "it has"
            raise ChannelFailed(permanent=True, reason=f"address {number}: the scheme {shown} is not allowed")
        with quiet():
            service = apprise.Apprise.instantiate(url, asset=self._asset, suppress_exceptions=True)
        if not isinstance(service, apprise.NotifyBase):
            raise ChannelFailed(permanent=True, reason=f"address {number}: Apprise cannot read this {scheme} address")
        self._guard(service)
        with quiet() as said:
            taken = service.notify(
                body=_body(service, message), title=text.subject(message), notify_type=_type(message)
            )
        if not taken:
            why = redact("; ".join(said), secrets_in(url)) or "no reason given"
            raise ChannelFailed(permanent=False, reason=f"{service.service_name} ({scheme}) did not take it: {why}")

    def _guard(self, service: Any) -> None:
        """Where the address names the host to connect to (and not a token), that host must be allowed."""
        tokens: Mapping[str, Any] = service.template_tokens
        host = getattr(service, "host", None)
        if "host" not in tokens or not host:
            return
        port = int(getattr(service, "port", None) or _PORTS[bool(getattr(service, "secure", True))])
        allowed_address(str(host), port, allow_private=self._settings.allow_private, resolver=self._resolver)


def secrets_in(url: str) -> set[str]:
    """Every piece of an address that may be a secret: all but its scheme."""
    rest = url.partition("://")[2]
    pieces = {url, rest, *re.split(r"[/?&=:@#,]", rest)}
    parts = urlsplit(url)
    pieces.update(value for _, value in parse_qsl(parts.query))
    return {form for piece in pieces for form in (piece, unquote(piece)) if form}


def _body(service: Any, message: Message) -> str:
    wants_html = service.notify_format == apprise.NotifyFormat.HTML
    return html.page(message) if wants_html else text.body(message)


def _type(message: Message) -> apprise.NotifyType:
    if message.kind is NotificationKind.TEST:
        return apprise.NotifyType.INFO
    if message.severity in (Severity.HIGH, Severity.CRITICAL):
        return apprise.NotifyType.FAILURE
    return apprise.NotifyType.WARNING if message.severity else apprise.NotifyType.INFO
