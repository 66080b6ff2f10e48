"""The transport still verifies, keeps connections, and ends a call at its deadline however it drips."""

from __future__ import annotations

import http.server
import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import exceptions as b
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from vigie.aws.transport import DeadlineExceededError, Transport, call_deadline


def transport(**options: Any) -> Transport:
    return Transport(connections=4, connect_seconds=1.0, read_seconds=1.0, **options)


def get(url: str) -> Any:
    return SimpleNamespace(url=url, method="GET", body=None, headers={}, stream_output=False)


class _Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[Any]

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.client_address)  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        drip = self.path.startswith("/drip")
        if self.path == "/drip-headers":
            for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: " + b"x" * 200:
                self.wfile.write(bytes([byte]))
                time.sleep(0.05)
            return
        body = b"x" * 400
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + (7 if self.path == "/short" else 0)))
        self.end_headers()
        for start in range(0, len(body), 4 if drip else 400):
            self.wfile.write(body[start : start + (4 if drip else 400)])
            self.wfile.flush()
            if drip:
                time.sleep(0.05)
        if self.path == "/short":
            self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Silent."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: Any) -> None:
        """Clients hang up here on purpose."""


@pytest.fixture
def server() -> Iterator[_Server]:
    with _serving(None) as running:
        yield running


class _serving:  # noqa: N801 - read as a verb
    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._server = _Server(("127.0.0.1", 0), _Answers)
        self._server.connections = set()  # type: ignore[attr-defined]
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> _Server:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self._server

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def url(server: _Server, path: str = "/", scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.server_address[1]}{path}"


def test_connections_are_kept(server: _Server) -> None:
    ours = transport()

    for _ in range(5):
        assert len(ours.send(get(url(server))).content) == 400

    assert len(server.connections) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["/drip", "/drip-headers"])
def test_an_answer_that_drips_ends_at_the_deadline_of_the_call(server: _Server, path: str) -> None:
    ours = transport()
    token = call_deadline.set(time.monotonic() + 0.5)
    began = time.monotonic()
    try:
        with pytest.raises(DeadlineExceededError):
            ours.send(get(url(server, path)))
    finally:
        call_deadline.reset(token)

    assert time.monotonic() - began < 2.0


def test_a_truncated_answer_is_an_error_and_not_a_shorter_one(server: _Server) -> None:
    with pytest.raises((b.ConnectionClosedError, b.ReadTimeoutError)):
        transport().send(get(url(server, "/short")))


def test_a_port_where_nobody_listens_is_an_endpoint_error() -> None:
    with pytest.raises(b.EndpointConnectionError):
        transport().send(get("http://127.0.0.1:1/"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody signed, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) + made.public_bytes(pem)
    )
    return file


def test_a_certificate_that_nobody_trusts_is_refused_and_a_trusted_one_is_not(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with _serving(context) as server:
        with pytest.raises(b.SSLError):
            transport().send(get(url(server, scheme="https")))
        trusting = transport(ca_bundle=str(certificate))
        assert len(trusting.send(get(url(server, scheme="https"))).content) == 400
        other_name = f"https://localhost:{server.server_address[1]}/"
        with pytest.raises(b.SSLError):
            trusting.send(get(other_name))
