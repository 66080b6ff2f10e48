"""POST for channels: one guarded, bounded request, no redirects."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

import httpx

from vigie.notify.channels.base import ChannelFailed
from vigie.notify.channels.guard import Resolve, allowed_address, resolve
from vigie.notify.channels.quiet import quiet

MAX_ANSWER: Final = 64 * 1024
_HOPELESS: Final = frozenset({400, 405, 406, 411, 413, 414, 415, 422, 431, 501})
"""Answers that the same request gets again. A 401, 403 or 404 may be mended meanwhile, so it is tried again."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Poster:
    """How to POST. ``timeout`` is in seconds, for each step; an answer may take three times that in all."""

    timeout: float = 10.0
    allow_private: bool = False
    ca_file: Path | None = None
    proxy: str | None = None
    resolver: Resolve = resolve

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer, where it says that the request was taken (2xx).

        Raises:
            ChannelFailed: it was not; the reason names the host only, since paths hold tokens.
        """
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, TypeError) as error:
            raise ChannelFailed(permanent=True, reason="the address of the channel is not a URL") from error
        if target.scheme not in ("http", "https") or not target.host:
            raise ChannelFailed(permanent=True, reason="the address of the channel must begin with https:// or http://")
        try:
            with quiet():
                answer, retry_after = self._exchange(target, body, headers)
        except httpx.TimeoutException:
            raise ChannelFailed(permanent=False, reason=f"{target.host} did not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            said = str(error) or type(error).__name__
            raise ChannelFailed(permanent=False, reason=f"{target.host} cannot be reached: {said}") from None
        if 200 <= answer.status < 300:
            return answer
        raise ChannelFailed(
            permanent=answer.status in _HOPELESS,
            reason=f"{target.host} answered {answer.status}",
            retry_after=retry_after,
        )

    def _exchange(self, target: httpx.URL, body: bytes, headers: Mapping[str, str]) -> tuple[Answer, timedelta | None]:
        port = target.port or (443 if target.scheme == "https" else 80)
        host = target.host
        # through a proxy, names are the proxy's to resolve; only what is an address in the settings can be judged here
        if self.proxy is None:
            address = allowed_address(host, port, allow_private=self.allow_private, resolver=self.resolver)
            sent_to = target.copy_with(host=address)
        else:
            sent_to = target
        deadline = time.monotonic() + 3 * self.timeout
        with httpx.Client(
            verify=self._trust(), timeout=self.timeout, trust_env=False, proxy=self.proxy, follow_redirects=False
        ) as client:
            sent = {**headers, "Host": target.netloc.decode("ascii").rpartition("@")[2]}
            request = client.build_request(
                "POST", sent_to, content=body, headers=sent, extensions={"sni_hostname": host}
            )
            answer = client.send(request, stream=True, auth=_auth(target))
            try:
                return Answer(answer.status_code, _read(answer, deadline)), _retry_after(answer)
            finally:
                answer.close()

    def _trust(self) -> ssl.SSLContext:
        if self.ca_file is None:
            return _public_trust()
        path = self.ca_file.expanduser()
        try:
            now = path.stat()
            return _trust_of(str(path), (now.st_ino, now.st_mtime_ns, now.st_size))
        except (OSError, ssl.SSLError) as error:
            raise ChannelFailed(permanent=False, reason=f"ca_file {self.ca_file} cannot be used: {error}") from None


@lru_cache(maxsize=1)
def _public_trust() -> ssl.SSLContext:
    """The authorities that httpx brings. Made once: reading them takes 15 ms, more than all else of a message."""
    return httpx.create_ssl_context(trust_env=False)


@lru_cache(maxsize=16)
def _trust_of(path: str, _version: tuple[int, int, int]) -> ssl.SSLContext:
    """The authorities of a file, read again once the file is another. Raises OSError, SSLError."""
    return ssl.create_default_context(cafile=path)


def _auth(target: httpx.URL) -> httpx.BasicAuth | None:
    return httpx.BasicAuth(target.username, target.password) if target.username else None


def _read(answer: httpx.Response, deadline: float) -> bytes:
    body = b""
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) >= MAX_ANSWER:
            break
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the answer did not end")
    return body[:MAX_ANSWER]


def _retry_after(answer: httpx.Response) -> timedelta | None:
    """``Retry-After`` in seconds (RFC 9110 §10.2.3); a date there is passed over. At most an hour is granted."""
    text = answer.headers.get("Retry-After", "")
    return timedelta(seconds=min(int(text), 3600)) if text.isascii() and text.isdigit() and len(text) < 9 else None
