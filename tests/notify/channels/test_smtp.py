"""Mail, to a real SMTP server on loopback."""

from __future__ import annotations

import email
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from vigie.notify.channel_settings import SmtpSettings
from vigie.notify.channels.base import ChannelFailed
from vigie.notify.channels.smtp import SmtpChannel
from vigie.notify.message import Message


@dataclass
class Sink:
    """What the server was told, and what it answers."""

    answers: dict[str, str] = field(default_factory=dict)
    data_answer: str = "250 OK"
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        parsed = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append((envelope.rcpt_tos, parsed))
        return self.data_answer

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, login: Any) -> AuthResult:
        assert isinstance(login, LoginPassword)
        self.logins.append((login.login, login.password))
        return AuthResult(success=login.password == b"right", handled=False)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def plain_port(sink: Sink) -> Iterator[int]:
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller.port
    controller.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of ``localhost`` that signs itself; its key is in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture(params=["starttls", "tls"])
def encrypted(request: pytest.FixtureRequest, sink: Sink, certificate: Path) -> Iterator[tuple[str, int]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    starttls = request.param == "starttls"
    controller = Controller(
        sink,
        hostname="127.0.0.1",
        port=free_port(),
        ssl_context=None if starttls else context,
        tls_context=context if starttls else None,
        require_starttls=starttls,
        authenticator=sink.authenticate,
        auth_required=True,
        auth_require_tls=starttls,
    )
    controller.start()
    yield request.param, controller.port
    controller.stop()


def settings(port: int, **changes: Any) -> SmtpSettings:
    values = {"kind": "smtp", "host": "127.0.0.1", "port": port, "security": "none", "timeout": 5}
    values |= {"sender": "vigie <vigie@example.org>", "to": ["ann@example.org", "Bob B <bob@example.org>"]}
    return SmtpSettings.model_validate(values | changes)


def test_a_mail_has_text_and_html_and_goes_to_all(sink: Sink, plain_port: int, message: Message) -> None:
    receipt = SmtpChannel(settings(plain_port)).send(message)
    ((recipients, mail),) = sink.mails
    assert recipients == ["ann@example.org", "bob@example.org"]
    assert mail["To"] == "ann@example.org, Bob B <bob@example.org>"
    assert mail["From"] == "vigie <vigie@example.org>"
    assert mail["Subject"] == "[vigie] CRITICAL SQS queue is open to everyone: orders in prod (111111111111)"
    assert mail["Message-ID"] == receipt.reference == f"<{message.uid}@example.org>"
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain and "anyone may sqs:ReceiveMessage" in plain.get_content()
    assert rich and "anyone may sqs:ReceiveMessage" in rich.get_content()


def test_recipients_can_be_hidden_from_each_other(sink: Sink, plain_port: int, message: Message) -> None:
    SmtpChannel(settings(plain_port, hide_recipients=True)).send(message)
    ((recipients, mail),) = sink.mails
    assert recipients == ["ann@example.org", "bob@example.org"]
    assert "ann@" not in mail.as_string() and "bob@" not in mail.as_string()


def test_no_text_of_a_message_becomes_a_header(sink: Sink, plain_port: int, messages: dict[str, Message]) -> None:
    SmtpChannel(settings(plain_port)).send(messages["hostile"])
    ((recipients, mail),) = sink.mails
    assert "Bcc" not in mail and "thief@example.org" not in recipients
    assert "thief" in mail["Subject"]


def test_what_follows_is_threaded(sink: Sink, plain_port: int, message: Message) -> None:
    SmtpChannel(settings(plain_port)).send(message, thread="<1@example.org>")
    ((_, mail),) = sink.mails
    assert mail["In-Reply-To"] == "<1@example.org>"


def test_encryption_and_login(sink: Sink, encrypted: tuple[str, int], certificate: Path, message: Message) -> None:
    security, port = encrypted
    login = {"username": "vigie", "password": "right", "host": "localhost", "ca_file": certificate}
    SmtpChannel(settings(port, security=security, **login)).send(message)
    assert sink.logins == [(b"vigie", b"right")]
    assert len(sink.mails) == 1


def test_a_wrong_password_is_told_without_it(encrypted: tuple[str, int], certificate: Path, message: Message) -> None:
    security, port = encrypted
    login = {"username": "vigie", "password": "wrong-secret", "host": "localhost", "ca_file": certificate}
    with pytest.raises(ChannelFailed) as caught:
        SmtpChannel(settings(port, security=security, **login)).send(message)
    assert "refused the login" in caught.value.reason and "wrong-secret" not in caught.value.reason
    assert not caught.value.permanent


def test_an_unknown_certificate_is_not_trusted(sink: Sink, encrypted: tuple[str, int], message: Message) -> None:
    security, port = encrypted
    with pytest.raises(ChannelFailed, match=r"(?i)certificate"):
        SmtpChannel(settings(port, security=security, host="localhost")).send(message)
    assert sink.mails == []


def test_without_starttls_nothing_is_sent_in_the_clear(sink: Sink, plain_port: int, message: Message) -> None:
    with pytest.raises(ChannelFailed, match="STARTTLS"):
        SmtpChannel(settings(plain_port, security="starttls")).send(message)
    assert sink.mails == []


@pytest.mark.parametrize(("answer", "permanent"), [("550 no such user", True), ("451 later", False)])
def test_refused_by_every_recipient(
    sink: Sink, plain_port: int, message: Message, answer: str, permanent: bool
) -> None:
    sink.answers = {"ann@example.org": answer, "bob@example.org": answer}
    with pytest.raises(ChannelFailed) as caught:
        SmtpChannel(settings(plain_port)).send(message)
    assert caught.value.permanent is permanent
    assert answer.partition(" ")[2] in caught.value.reason


def test_one_refused_recipient_is_named_and_the_others_have_it(sink: Sink, plain_port: int, message: Message) -> None:
    sink.answers = {"bob@example.org": "550 gone"}
    receipt = SmtpChannel(settings(plain_port)).send(message)
    assert sink.mails[0][0] == ["ann@example.org"]
    assert "bob@example.org was refused: 550 gone" in receipt.note


@pytest.mark.parametrize(("answer", "permanent"), [("554 spam", True), ("452 full", False)])
def test_a_refused_content(sink: Sink, plain_port: int, message: Message, answer: str, permanent: bool) -> None:
    sink.data_answer = answer
    with pytest.raises(ChannelFailed) as caught:
        SmtpChannel(settings(plain_port)).send(message)
    assert caught.value.permanent is permanent


def test_no_server(message: Message) -> None:
    with pytest.raises(ChannelFailed) as caught:
        SmtpChannel(settings(9)).send(message)
    assert not caught.value.permanent


def test_a_secret_that_is_not_there_may_be_mended(
    encrypted: tuple[str, int], certificate: Path, message: Message, tmp_path: Path
) -> None:
    security, port = encrypted
    lacking = {
        "username": "u",
        "password": {"file": str(tmp_path / "none")},
        "host": "localhost",
        "ca_file": certificate,
    }
    with pytest.raises(ChannelFailed, match="cannot be read") as caught:
        SmtpChannel(settings(port, security=security, **lacking)).send(message)
    assert not caught.value.permanent
