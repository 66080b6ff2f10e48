"""HTTP under the clients: kept connections, one trust store for all, and a deadline for a call as a whole.

botocore by itself loads the CA bundle for every new connection (40 ms of CPU) and limits only the time between two
packets, so that an answer that drips never ends (F22). This takes its place through botocore's ``before-send`` event.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextvars import ContextVar
from typing import Any, Final, cast
from urllib.parse import urlsplit

import urllib3
from botocore import exceptions as b
from botocore.awsrequest import AWSResponse
from botocore.httpsession import create_urllib3_context, get_cert_path
from botocore.utils import get_environ_proxies
from urllib3 import exceptions as u
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

call_deadline: ContextVar[float | None] = ContextVar("vigie_call_deadline", default=None)
"""``time.monotonic()`` at which the call that this thread makes has to be over."""

_CHUNK: Final = 1 << 16
_LOOK_EVERY: Final = 0.2


class DeadlineExceededError(TimeoutError):
    """A call took longer than it may, however steadily it answered."""


def trusting_context(ca_bundle: str | bool | None) -> ssl.SSLContext:
    """A context that verifies, with the trust store loaded once.

    Args:
        ca_bundle: A file, or True or None for the usual one (AWS_CA_BUNDLE is read by the caller).
    """
    context: ssl.SSLContext = create_urllib3_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.check_hostname = True
    context.load_verify_locations(cafile=ca_bundle if isinstance(ca_bundle, str) else get_cert_path(True))
    return context


class _Watchdog:
    """Shuts down the sockets of calls past their deadline. A thread of its own, started with the first call."""

    def __init__(self) -> None:
        self._under_way: dict[int, tuple[Any, float]] = {}
        self._wake = threading.Event()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self, sock: Any, deadline: float) -> None:
        self._under_way[threading.get_ident()] = (sock, deadline)
        if self._thread is None:
            with self._start:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="vigie-deadlines", daemon=True)
                    self._thread.start()
        self._wake.set()

    def forget(self) -> None:
        self._under_way.pop(threading.get_ident(), None)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            time.sleep(_LOOK_EVERY)
            now = time.monotonic()
            for ident, (sock, deadline) in list(self._under_way.items()):
                if now >= deadline:
                    self._under_way.pop(ident, None)
                    _shut(sock)
            if not self._under_way:
                self._wake.clear()
                if self._under_way:  # one came in between
                    self._wake.set()


def _shut(sock: Any) -> None:
    try:
        # not SSLSocket's own shutdown, which would first speak TLS
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return  # it is over already


_watchdog = _Watchdog()


class _Watched:
    """A connection whose socket is given to the watchdog as soon as an answer is awaited."""

    sock: Any

    def getresponse(self) -> Any:
        deadline = call_deadline.get()
        if deadline is not None and self.sock is not None:
            _watchdog.watch(self.sock, deadline)
        return super().getresponse()  # type: ignore[misc]


class _HTTP(_Watched, HTTPConnection):
    pass


class _HTTPS(_Watched, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPS


class _WholeResponse(AWSResponse):
    """An answer that was read to its end."""

    def __init__(self, url: str, status_code: int, headers: Any, content: bytes, raw: Any) -> None:
        super().__init__(url, status_code, headers, raw)  # botocore takes an answer without raw for a stub's
        self._whole = content

    @property
    def content(self) -> bytes:
        return self._whole


class Transport:
    """Sends prepared requests of botocore. One for all clients of a process; threads share it."""

    def __init__(
        self,
        *,
        connections: int,
        connect_seconds: float,
        read_seconds: float,
        ca_bundle: str | bool | None = None,
    ) -> None:
        """``connections``: how many are kept for one host."""
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._connections = connections
        self._ca_bundle = ca_bundle
        self._pools: dict[tuple[str, str], HTTPConnectionPool] = {}
        self._managers: dict[str | None, urllib3.PoolManager] = {}
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def send(self, request: Any, **_: Any) -> AWSResponse:
        """Answer botocore's ``before-send`` event: the whole answer, read within the deadline.

        Raises botocore's own connection errors, and DeadlineExceededError.
        """
        deadline = call_deadline.get()
        try:
            return self._send(request, deadline)
        except Exception as error:
            if deadline is not None and time.monotonic() >= deadline:
                raise DeadlineExceededError(f"no whole answer from {request.url} in time") from error
            raise _as_botocore(error, request) from error
        finally:
            _watchdog.forget()

    def _send(self, request: Any, deadline: float | None) -> AWSResponse:
        parts = urlsplit(request.url)
        pool, target = self._route(request.url, parts.scheme, parts.netloc)
        answer = pool.urlopen(
            method=request.method,
            url=target or (f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"),
            body=request.body,
            headers=request.headers,
            retries=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            timeout=self._timeout(deadline),
        )
        if request.stream_output:
            return AWSResponse(request.url, answer.status, cast(Any, answer.headers), answer)
        return _WholeResponse(request.url, answer.status, answer.headers, _read_whole(answer, deadline), answer)

    def _timeout(self, deadline: float | None) -> urllib3.Timeout:
        if deadline is None:
            return urllib3.Timeout(connect=self._connect_seconds, read=self._read_seconds)
        left = max(deadline - time.monotonic(), 0.01)
        return urllib3.Timeout(connect=min(self._connect_seconds, left), read=min(self._read_seconds, left))

    def _route(self, url: str, scheme: str, netloc: str) -> tuple[HTTPConnectionPool, str | None]:
        """The pool for a host, and the request target where it is not the path (plain HTTP through a proxy)."""
        pool = self._pools.get((scheme, netloc))
        if pool is None:
            with self._lock:
                proxy = get_environ_proxies(url).get(scheme)
                pool = self._manager(proxy).connection_from_url(url)
                self._pools[scheme, netloc] = pool
        return pool, url if pool.proxy is not None and scheme == "http" else None

    def _manager(self, proxy: str | None) -> urllib3.PoolManager:
        manager = self._managers.get(proxy)
        if manager is None:
            if self._context is None:
                self._context = trusting_context(self._ca_bundle)
            options: dict[str, Any] = {"maxsize": self._connections, "ssl_context": self._context}
            manager = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
            manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
            self._managers[proxy] = manager
        return manager

    def close(self) -> None:
        """Close the kept connections."""
        for manager in self._managers.values():
            manager.clear()
        self._pools.clear()


def _read_whole(answer: urllib3.BaseHTTPResponse, deadline: float | None) -> bytes:
    parts: list[bytes] = []
    for part in answer.stream(_CHUNK, decode_content=False):
        parts.append(part)
        _check(answer, deadline)
    # a socket that was shut down in the middle of the headers reads as an answer without a body
    _check(answer, deadline)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _check(answer: urllib3.BaseHTTPResponse, deadline: float | None) -> None:
    if deadline is not None and time.monotonic() >= deadline:
        answer.close()
        raise DeadlineExceededError


def _as_botocore(error: Exception, request: Any) -> Exception:
    """The exception that botocore's own transport would have raised."""
    url = request.url
    if isinstance(error, DeadlineExceededError):
        return error
    if isinstance(error, u.SSLError):
        return b.SSLError(endpoint_url=url, error=error)
    if isinstance(error, u.NewConnectionError | socket.gaierror):
        return b.EndpointConnectionError(endpoint_url=url, error=error)
    if isinstance(error, u.ProxyError):
        return b.ProxyConnectionError(proxy_url="the proxy", error=error)
    if isinstance(error, u.ConnectTimeoutError):
        return b.ConnectTimeoutError(endpoint_url=url, error=error)
    if isinstance(error, u.ReadTimeoutError):
        return b.ReadTimeoutError(endpoint_url=url, error=error)
    if isinstance(error, u.ProtocolError):
        return b.ConnectionClosedError(error=error, request=request, endpoint_url=url)
    return b.HTTPClientError(error=error)
