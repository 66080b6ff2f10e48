"""What is said, in every form, against files that people have read."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from vigie.history.notifications import NotificationKind
from vigie.notify.channels.webhook import webhook_document
from vigie.notify.message import Message, message_document, message_of
from vigie.notify.phrases import clean
from vigie.notify.render import html, slack, text
from vigie.testing.notifications import CHANGE, make_message

GOLDEN = Path(__file__).parent / "golden"
KINDS = (
    "change",
    "widened",
    "deleted",
    "finding",
    "resolved",
    "coverage",
    "group",
    "digest",
    "summary",
    "collapsed",
    "hostile",
)


def same(name: str, made: str) -> None:
    """VIGIE_WRITE_GOLDEN=1 writes the files anew: then read them."""
    path = GOLDEN / name
    if os.environ.get("VIGIE_WRITE_GOLDEN"):
        path.write_text(made, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == made


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_as_it_was_approved(messages: dict[str, Message], kind: str) -> None:
    message = messages[kind]
    same(f"{kind}.txt", f"Subject: {text.subject(message)}\n\n{text.body(message)}")
    same(f"{kind}.html", html.page(message))
    blocks = {"text": slack.fallback(message), "blocks": slack.blocks(message)}
    same(f"{kind}.slack.json", json.dumps(blocks, indent=1, ensure_ascii=False) + "\n")
    same(f"{kind}.json", json.dumps(webhook_document(message), indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_survives_the_store(messages: dict[str, Message], kind: str) -> None:
    stored = json.loads(json.dumps(message_document(messages[kind])))
    assert message_of(stored, "https://vigie.example.org") == messages[kind]


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


def test_html_holds_no_element_that_came_from_elsewhere(messages: dict[str, Message]) -> None:
    found = Elements()
    found.feed(html.page(messages["hostile"]))
    assert not found.tags & {"script", "img", "b"}
    assert not [name for name in found.attributes if name.startswith("on")]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_hidden_is_in_any_form(messages: dict[str, Message], kind: str) -> None:
    message = messages[kind]
    slack_text = json.dumps(slack.blocks(message), ensure_ascii=False).replace("\\n", "")
    for form in (text.subject(message), text.body(message), html.page(message), slack_text):
        for character in "\u202e\u202c\u2066\u200b\x00\x1b\ud800\r":
            assert character not in form
    assert "\n" not in text.subject(message)


def test_hidden_characters_are_written_out() -> None:
    assert clean("a\u202eb\x07\U000e0041\tc") == "a\\u202eb\\u0007\\U000e0041 c"
    assert clean("é 日本 🔴 a\nb", lines=True) == "é 日本 🔴 a\nb"


def test_slack_gets_no_more_than_it_takes() -> None:
    long = replace(CHANGE, diff=CHANGE.diff * 10, message="m" * 9000, name="n" * 5000)
    message = make_message(NotificationKind.DIGEST, *(replace(long, id=f"sg-{n}") for n in range(200)))
    blocks = slack.blocks(message)
    assert len(blocks) <= 50
    assert "more not shown" in blocks[-1]["text"]["text"]
    for block in blocks:
        assert len(json.dumps(block)) < 12_000
