"""A small threaded HTTP/1.1 server on loopback that keeps connections, and can break them as networks do."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable
from http.client import responses
from typing import BinaryIO

from vigie.testing.wire.replies import Reply
from vigie.testing.wire.requests import Request

Respond = Callable[[Request], Reply]

_PIECES = 20
"""Into how many pieces a dripping body is cut."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256
    block_on_close = False

    def __init__(self, address: tuple[str, int], respond: Respond, stopping: threading.Event) -> None:
        self.respond = respond
        self.stopping = stopping
        super().__init__(address, _Connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none of our business; anything else is a bug of the test, and is told."""
        import sys

        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    rbufsize = -1
    wbufsize = 0
    server: _Server

    def handle(self) -> None:
        while not self.server.stopping.is_set():
            request = read_request(self.rfile, self.wfile)  # type: ignore[arg-type]
            if request is None or not self._answer(request):
                return

    def _answer(self, request: Request) -> bool:
        """Whether the connection may be used again."""
        reply = self.server.respond(request)
        delivery = reply.delivery
        if delivery.wait:
            self.server.stopping.wait(delivery.wait)
        if delivery.hang:
            self.server.stopping.wait(delivery.hang)
            return False
        if delivery.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return False
        if delivery.close:
            return False
        head = _head(reply)
        body = b"" if request.method == "HEAD" else reply.body
        if delivery.cut_after is not None:
            self.wfile.write(head + body[: delivery.cut_after])
            return False
        if delivery.drip:
            self.wfile.write(head)
            self._drip(body, delivery.drip)
        else:
            self.wfile.write(head + body)
        return request.headers.get("connection", "").lower() != "close"

    def _drip(self, body: bytes, seconds: float) -> None:
        step = max(1, -(-len(body) // _PIECES))
        for start in range(0, len(body), step):
            self.server.stopping.wait(seconds / _PIECES)
            self.wfile.write(body[start : start + step])


def _head(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    if reply.status not in (204, 304):
        lines.append(f"Content-Length: {len(reply.body)}")
    lines.append(f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime())}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def read_request(source: BinaryIO, answer_to: BinaryIO) -> Request | None:
    """The next request of a connection; None where it ended."""
    opening = source.readline(65_537).decode("latin-1").split()
    if len(opening) != 3:
        return None
    headers: dict[str, str] = {}
    while True:
        line = source.readline(65_537).decode("latin-1").rstrip("\r\n")
        if not line:
            break
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        answer_to.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return Request(opening[0], opening[1], headers, _body(source, headers))


def _body(source: BinaryIO, headers: dict[str, str]) -> bytes:
    if "chunked" not in headers.get("transfer-encoding", ""):
        return source.read(int(headers.get("content-length") or 0))
    chunks = []
    while size := int(source.readline().split(b";")[0], 16):
        chunks.append(source.read(size))
        source.readline()
    while source.readline().strip():
        pass
    return b"".join(chunks)


class LoopbackServer:
    """Runs ``respond`` behind ``http://127.0.0.1:<port>``, one thread a connection. A context manager."""

    def __init__(self, respond: Respond, port: int = 0) -> None:
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), respond, self._stopping)
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True, name="aws-endpoint"
        )
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join(timeout=5)
        with contextlib.suppress(OSError):
            self._server.server_close()
