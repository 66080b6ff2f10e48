"""Settings of channels are read strictly, and their secrets are not shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vigie.model.errors import SettingsError
from vigie.notify.channel_settings import FileSettings, parse_channels
from vigie.notify.channels.build import build_channels
from vigie.notify.channels.local import ConsoleChannel, FileChannel
from vigie.notify.message import Message, message_of
from vigie.notify.secrets import Secret, parse_secret

MAIL = {"kind": "smtp", "host": "mail.example.org", "sender": "v@example.org", "to": ["a@example.org"]}
ALL: dict[str, dict[str, Any]] = {
    "mail": MAIL,
    "chat": {"kind": "slack", "webhook_url": {"env": "SLACK_URL"}},
    "hook": {"kind": "webhook", "url": "https://example.org/t0ken-of-hook", "secret": {"file": "/run/secret"}},
    "other": {"kind": "apprise", "urls": ["discord://1/t0ken-of-discord"]},
    "here": {"kind": "console"},
    "log": {"kind": "file", "path": "/tmp/x.jsonl"},
}


def test_every_kind_is_read_and_built_without_reading_a_secret() -> None:
    read = parse_channels(ALL)
    assert "t0ken" not in repr(read) + str(read)
    built = build_channels(read, write=print, clock=lambda: datetime.now(UTC))
    assert list(built) == list(ALL)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({}, "`kind` is missing"),
        ({"kind": "pigeon"}, "there is no kind 'pigeon': use one of smtp, slack"),
        (MAIL | {"hots": "x"}, 'there is no setting "hots": did you mean "host"'),
        ({"kind": "smtp"}, "`host` is missing"),
        (MAIL | {"to": ["nobody"]}, "'nobody' is not a mail address"),
        (MAIL | {"to": ["a@example.org\r\nBcc: b@example.org"]}, "is not a mail address"),
        (MAIL | {"to": []}, "`to`"),
        (MAIL | {"username": "u"}, "username and password go together"),
        (MAIL | {"username": "u", "password": "s3cret", "security": "none"}, "not sent in the clear"),
        (MAIL | {"port": 70000}, "`port`"),
        ({"kind": "slack"}, "give either webhook_url, or token and channel"),
        ({"kind": "slack", "token": "s3cret"}, "token and channel go together"),
        ({"kind": "webhook", "url": {"var": "s3cret"}}, "must be text, { env ="),
        ({"kind": "webhook", "url": "https://s3cret", "headers": {"Host": "s3cret"}}, "cannot be set"),
        ({"kind": "webhook", "url": "https://s3cret", "timeout": 0}, "`timeout`"),
        ({"kind": "apprise", "urls": []}, "`urls`"),
    ],
)
def test_a_wrong_channel_is_told_in_one_sentence_without_secrets(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_channels({"c": table})
    text = str(caught.value)
    assert sentence in text and text.startswith('Channel "c": ')
    assert "\n" not in text and "s3cret" not in text


def test_a_channel_must_be_a_table() -> None:
    with pytest.raises(SettingsError, match="write it as a table"):
        parse_channels({"c": "x"})  # type: ignore[dict-item]


def test_a_secret_comes_from_where_the_settings_say(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from file\n")
    assert parse_secret("plain").reveal() == "plain"
    assert parse_secret({"env": "NAME"}).reveal({"NAME": "from env"}) == "from env"
    assert parse_secret({"file": str(file)}).reveal() == "from file"
    assert "plain" not in repr(Secret(text="plain")) + str(Secret(text="plain"))


@pytest.mark.parametrize("where", [{"env": "NAME"}, {"file": "/does/not/exist"}])
def test_a_secret_that_is_not_there_is_told(where: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"NAME|/does/not/exist"):
        parse_secret(where).reveal({})


def test_the_console_is_given_text(message: Message) -> None:
    shown: list[str] = []
    ConsoleChannel(shown.append).send(message)
    assert shown[0].startswith("CRITICAL SQS queue is open to everyone")


def test_the_file_gets_a_line_of_json_each(message: Message, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "told.jsonl"
    channel = FileChannel(FileSettings(kind="file", path=path))
    channel.send(message)
    channel.send(message)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [message_of(line, message.base_url) for line in lines] == [message, message]
    assert path.stat().st_mode & 0o077 == 0


def test_the_file_can_be_for_people(message: Message, tmp_path: Path) -> None:
    path = tmp_path / "told.txt"
    FileChannel(FileSettings(kind="file", path=path, format="text")).send(message)
    assert path.read_text().startswith("CRITICAL SQS queue is open to everyone")
