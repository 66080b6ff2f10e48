"""What every answer says to the browser, and which host names are answered at all."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vigie.model.documents import error_document
from vigie.web.config import WebSettings

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

_ALWAYS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # not "no-referrer": with it, browsers send "Origin: null" with our own forms
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-robots-tag": "noindex, nofollow",
}
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
LARGEST_BODY: Final = 1_000_000
"""Bytes. Nothing that people or programs send us is near it."""


class Frame:
    """ASGI middleware around everything: security headers, host names, the size of a body."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(MutableHeaders(scope=message))
            await send(message)

        refusal = self._refusal(Headers(scope=scope), scope["path"])
        await (refusal or self._app)(scope, receive, framed)

    def _add_headers(self, headers: MutableHeaders) -> None:
        for name, value in _ALWAYS.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store")
        if self._settings.https:
            headers.setdefault("strict-transport-security", "max-age=31536000")

    def _refusal(self, headers: Headers, path: str) -> JSONResponse | None:
        if not self._host_is_ours(headers.get("host", ""), path):
            document = error_document("wrong_host", "This host name is not served here: use the one in web.base_url.")
            return JSONResponse(document, 421)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            document = error_document("too_large", f"A request may have at most {LARGEST_BODY} bytes.")
            return JSONResponse(document, 413)
        return None

    def _host_is_ours(self, host: str, path: str) -> bool:
        """Probes of a load balancer come by address; everything else by the name people use, or on this machine."""
        ours = self._settings.base_host
        if ours is None or path in ("/healthz", "/readyz"):
            return True
        host = host.lower()
        return host == ours or host.rsplit(":", 1)[0] in _LOCAL or host in _LOCAL
