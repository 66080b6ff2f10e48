"""Webhook, Slack and Apprise, to a real HTTP server on loopback; and what they may not talk to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from vigie.notify.channel_settings import AppriseSettings, SlackSettings, WebhookSettings
from vigie.notify.channels.apprise import AppriseChannel, secrets_in
from vigie.notify.channels.base import ChannelFailed
from vigie.notify.channels.guard import allowed_address
from vigie.notify.channels.http import Poster
from vigie.notify.channels.slack import SlackChannel
from vigie.notify.channels.webhook import WebhookChannel, signature
from vigie.notify.message import Message, message_of
from vigie.notify.secrets import redact

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def webhook(server: HTTPServer, path: str = "/hook", **changes: Any) -> WebhookChannel:
    values = {"kind": "webhook", "url": server.url_for(path), "allow_private": True, "timeout": 2}
    return WebhookChannel(WebhookSettings.model_validate(values | changes), lambda: T0)


def failure(channel: Any, message: Message) -> ChannelFailed:
    with pytest.raises(ChannelFailed) as caught:
        channel.send(message)
    return caught.value


# --- webhook


def test_a_webhook_gets_the_documented_body_signed(httpserver: HTTPServer, message: Message) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_data("", status=204)
    key = b"0123456789abcdef0123456789abcdef"
    secret = "whsec_" + base64.b64encode(key).decode()
    webhook(httpserver, secret=secret, headers={"Authorization": "Bearer t0ken"}).send(message)
    request, _ = httpserver.log[0]
    assert request.headers["webhook-id"] == message.uid
    assert request.headers["authorization"] == "Bearer t0ken"
    stamp = request.headers["webhook-timestamp"]
    assert int(stamp) == int(T0.timestamp())
    signed = f"{message.uid}.{stamp}.".encode() + request.data
    made = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{made}"
    body = json.loads(request.data)
    assert body["groups"][0]["events"][0]["link"] == "https://vigie.example.org/findings/9"
    assert message_of(body, message.base_url) == message


def test_a_secret_of_any_text_signs_too() -> None:
    made = base64.b64encode(hmac.new(b"s", b"i.1.b", hashlib.sha256).digest()).decode()
    assert signature("s", "i", "1", b"b") == f"v1,{made}"


def test_hidden_and_broken_characters_can_be_sent(httpserver: HTTPServer, messages: dict[str, Message]) -> None:
    httpserver.expect_request("/hook").respond_with_data("")
    webhook(httpserver).send(messages["hostile"])
    assert json.loads(httpserver.log[0][0].data)["title"]


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (401, False), (403, False), (404, False), (413, True), (429, False), (500, False), (503, False)],
)
def test_an_answer_says_whether_to_try_again(
    httpserver: HTTPServer, message: Message, status: int, permanent: bool
) -> None:
    httpserver.expect_request("/hook/s3cret").respond_with_data("x", status=status)
    failed = failure(webhook(httpserver, "/hook/s3cret"), message)
    assert failed.permanent is permanent
    assert str(status) in failed.reason and "s3cret" not in failed.reason


def test_a_receiver_can_ask_for_time(httpserver: HTTPServer, message: Message) -> None:
    httpserver.expect_request("/hook").respond_with_data("", status=429, headers={"Retry-After": "120"})
    assert failure(webhook(httpserver), message).retry_after == timedelta(minutes=2)


def test_redirects_are_not_followed(httpserver: HTTPServer, message: Message) -> None:
    headers = {"Location": httpserver.url_for("/elsewhere")}
    httpserver.expect_request("/hook").respond_with_data("", status=302, headers=headers)
    assert "answered 302" in failure(webhook(httpserver), message).reason
    assert len(httpserver.log) == 1


def test_a_receiver_that_does_not_answer_in_time(httpserver: HTTPServer, message: Message) -> None:
    import threading

    release = threading.Event()

    def slow(_: Request) -> Response:
        release.wait(5)
        return Response("")

    httpserver.expect_request("/hook").respond_with_handler(slow)
    failed = failure(webhook(httpserver, timeout=0.2), message)
    release.set()
    assert not failed.permanent and "in time" in failed.reason


def test_an_endless_answer_is_not_read_to_its_end(httpserver: HTTPServer, message: Message) -> None:
    httpserver.expect_request("/hook").respond_with_data(b"x" * 5_000_000)
    assert webhook(httpserver).send(message).note == "answered 200"


def test_nobody_listens(message: Message) -> None:
    values = {"kind": "webhook", "url": "http://127.0.0.1:9/t0ken", "allow_private": True}
    failed = failure(WebhookChannel(WebhookSettings.model_validate(values), lambda: T0), message)
    assert not failed.permanent and "127.0.0.1" in failed.reason and "t0ken" not in failed.reason


def test_the_address_of_a_webhook_is_in_no_log(
    httpserver: HTTPServer, message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    httpserver.expect_request("/hook/s3cret").respond_with_data("")
    webhook(httpserver, "/hook/s3cret").send(message)
    assert "s3cret" not in " ".join(r.getMessage() for r in caplog.records if r.name != "werkzeug")


@pytest.mark.parametrize("url", ["ftp://example.org/x", "nonsense", "http://", "http://[::1"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ChannelFailed) as caught:
        Poster().post(url, b"", {})
    assert caught.value.permanent


# --- what may not be talked to


def resolver(*addresses: str) -> Any:
    def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


FORBIDDEN = [
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "100.64.0.1",
    "0.0.0.0",
    "::1",
    "fd12::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "224.0.0.1",
]
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "100.100.100.200",
    "168.63.129.16",
]


@pytest.mark.parametrize("address", FORBIDDEN + METADATA)
def test_private_and_metadata_addresses_are_not_talked_to(address: str) -> None:
    with pytest.raises(ChannelFailed) as caught:
        allowed_address("innocent.example", 443, allow_private=False, resolver=resolver("93.184.215.14", address))
    assert caught.value.permanent


@pytest.mark.parametrize("address", METADATA)
def test_metadata_addresses_are_not_talked_to_even_where_private_ones_are(address: str) -> None:
    with pytest.raises(ChannelFailed, match="credentials"):
        allowed_address("h", 80, allow_private=True, resolver=resolver(address))


def test_a_public_address_is_talked_to_by_its_number() -> None:
    assert allowed_address("h", 443, allow_private=False, resolver=resolver("93.184.215.14")) == "93.184.215.14"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001"])
def test_a_webhook_to_this_machine_is_refused(httpserver: HTTPServer, message: Message, host: str) -> None:
    url = f"http://{host}:{httpserver.port}/hook"
    settings = WebhookSettings.model_validate({"kind": "webhook", "url": url})
    failed = failure(WebhookChannel(settings, lambda: T0), message)
    assert httpserver.log == []
    assert failed.permanent or "cannot be resolved" in failed.reason


def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind(httpserver: HTTPServer, message: Message) -> None:
    httpserver.expect_request("/hook", headers={"Host": f"hooks.example:{httpserver.port}"}).respond_with_data("")
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    url = f"http://hooks.example:{httpserver.port}/hook"
    settings = WebhookSettings.model_validate({"kind": "webhook", "url": url, "allow_private": True})
    WebhookChannel(settings, lambda: T0, Poster(allow_private=True, resolver=resolve)).send(message)
    assert asked == ["hooks.example"]


# --- Slack


def test_slack_by_incoming_webhook(httpserver: HTTPServer, message: Message) -> None:
    httpserver.expect_request("/services/T/B/x").respond_with_data("ok")
    values = {"kind": "slack", "webhook_url": httpserver.url_for("/services/T/B/x"), "allow_private": True}
    SlackChannel(SlackSettings.model_validate(values)).send(message)
    body = json.loads(httpserver.log[0][0].data)
    assert body["blocks"][0]["type"] == "header"
    assert "channel" not in body


def bot(server: HTTPServer, **changes: Any) -> SlackChannel:
    values = {"kind": "slack", "token": "xoxb-secret", "channel": "C1", "api_url": server.url_for("/api")}
    return SlackChannel(SlackSettings.model_validate(values | {"allow_private": True} | changes))


def test_slack_by_bot_goes_on_in_a_thread(httpserver: HTTPServer, message: Message) -> None:
    httpserver.expect_request("/api/chat.postMessage").respond_with_json({"ok": True, "ts": "171.5"})
    assert bot(httpserver).send(message).reference == "171.5"
    bot(httpserver).send(message, "171.5")
    bot(httpserver, threads=False).send(message, "171.5")
    bodies = [json.loads(request.data) for request, _ in httpserver.log]
    assert [body.get("thread_ts") for body in bodies] == [None, "171.5", None]
    assert bodies[0]["channel"] == "C1"
    assert httpserver.log[0][0].headers["authorization"] == "Bearer xoxb-secret"


@pytest.mark.parametrize(("error", "permanent"), [("invalid_blocks", True), ("channel_not_found", False)])
def test_slack_refuses_with_200(httpserver: HTTPServer, message: Message, error: str, permanent: bool) -> None:
    httpserver.expect_request("/api/chat.postMessage").respond_with_json({"ok": False, "error": error})
    failed = failure(bot(httpserver), message)
    assert (failed.permanent, error in failed.reason) == (permanent, True)


@pytest.mark.parametrize("answer", ["", "[]", "<html>"])
def test_slack_answers_nonsense(httpserver: HTTPServer, message: Message, answer: str) -> None:
    httpserver.expect_request("/api/chat.postMessage").respond_with_data(answer)
    assert not failure(bot(httpserver), message).permanent


# --- Apprise


def apprise_channel(*urls: str, **changes: Any) -> AppriseChannel:
    values = {"kind": "apprise", "urls": list(urls), "schemes": ["json"], "allow_private": True}
    return AppriseChannel(AppriseSettings.model_validate(values | changes))


def test_apprise_carries_title_and_text(httpserver: HTTPServer, message: Message) -> None:
    httpserver.expect_request("/path").respond_with_data("")
    apprise_channel(f"json://127.0.0.1:{httpserver.port}/path").send(message)
    body = json.loads(httpserver.log[0][0].data)
    assert "SQS queue is open to everyone" in body["title"]
    assert "anyone may sqs:ReceiveMessage" in body["message"]


def test_apprise_does_not_reach_private_addresses(httpserver: HTTPServer, message: Message) -> None:
    url = f"json://127.0.0.1:{httpserver.port}/path"
    assert failure(apprise_channel(url, allow_private=False), message).permanent
    metadata = apprise_channel("json://169.254.169.254/latest/meta-data")
    assert "credentials" in failure(metadata, message).reason
    assert httpserver.log == []


@pytest.mark.parametrize("url", ["xml://127.0.0.1/x", "mailto://u:p@example.org", "dbus://", "syslog://", "windows://"])
def test_apprise_schemes_that_are_not_allowed_are_refused(url: str, message: Message) -> None:
    failed = failure(apprise_channel(url), message)
    assert failed.permanent and "not allowed" in failed.reason


def test_apprise_tells_no_secret(httpserver: HTTPServer, message: Message, caplog: pytest.LogCaptureFixture) -> None:
    httpserver.expect_request("/very/s3cret-path").respond_with_data("no", status=500)
    caplog.set_level(logging.DEBUG)
    url = f"json://ann:pa%24%24word@127.0.0.1:{httpserver.port}/very/s3cret-path?token=t0ken-value"
    failed = failure(apprise_channel(url), message)
    assert not failed.permanent
    logged = " ".join(r.getMessage() for r in caplog.records if r.name != "werkzeug")  # the receiver's own log
    everything = failed.reason + str(failed) + logged + repr(apprise_channel(url)._settings)
    for secret in ("pa$$word", "pa%24%24word", "s3cret-path", "t0ken-value"):
        assert secret not in everything


def test_apprise_does_not_follow_redirects(httpserver: HTTPServer, message: Message) -> None:
    headers = {"Location": httpserver.url_for("/elsewhere")}
    httpserver.expect_request("/path").respond_with_data("", status=307, headers=headers)
    failure(apprise_channel(f"json://127.0.0.1:{httpserver.port}/path"), message)
    assert [request.path for request, _ in httpserver.log] == ["/path"]


def test_an_apprise_address_that_cannot_be_read(message: Message) -> None:
    failed = failure(apprise_channel("discord://"), message)
    assert failed.permanent and "cannot read" in failed.reason


def test_secrets_are_struck_out_of_texts() -> None:
    found = secrets_in("slack://tokenA/tokenB%2F/x?k=v4lue")
    assert redact("POST tokenA/tokenB/ with v4lue failed", found) == "POST …/… with … failed"


def test_a_secret_file_is_read_anew(httpserver: HTTPServer, message: Message, tmp_path: Path) -> None:
    file = tmp_path / "url"
    channel = webhook(httpserver, url={"file": str(file)})
    assert "cannot be read" in failure(channel, message).reason
    httpserver.expect_request("/rotated").respond_with_data("")
    file.write_text(httpserver.url_for("/rotated") + "\n")
    channel.send(message)


# --- TLS


def certificate(path: Path) -> Path:
    """Write a new certificate of ``localhost`` that signs itself, and its key."""
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
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_authorities_that_are_replaced_in_their_file_hold_from_the_next_message_on(
    tmp_path: Path, message: Message
) -> None:
    own, other = certificate(tmp_path / "own.pem"), certificate(tmp_path / "other.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own)
    trusted = tmp_path / "trusted.pem"
    with HTTPServer(host="localhost", ssl_context=context) as server:
        server.expect_request("/hook").respond_with_data("")
        channel = webhook(server, ca_file=trusted)
        assert "ca_file" in failure(channel, message).reason, "there is none yet"
        trusted.write_bytes(other.read_bytes())
        assert "certificate" in failure(channel, message).reason.lower()
        trusted.write_bytes(own.read_bytes())
        channel.send(message)
        trusted.write_bytes(other.read_bytes())
        assert "certificate" in failure(channel, message).reason.lower(), "what was trusted is not any more"
        with pytest.raises(ChannelFailed, match=r"(?i)certificate"):
            webhook(server).send(message)
    assert len(server.log) == 1
