"""A small store, recorded by hand, and the command run over it in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vigie.cli.main import run
from vigie.history.store import open_history
from vigie.model.change import ChangeKind, Revision
from vigie.model.finding import Severity, Violation
from vigie.rules.estate import Estate
from vigie.testing.recorded import World, make_rule

QUEUE = "AWS::SQS::Queue"
TOPIC = "AWS::SNS::Topic"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed and ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.json["items"]
        return items


class Terminal:
    """Runs commands over the store of this test."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys = capsys
        self.folder = folder

    def __call__(self, *words: str) -> Said:
        self._capsys.readouterr()
        code = run(list(words))
        printed = self._capsys.readouterr()
        return Said(code, printed.out, printed.err)

    def settings(self, text: str) -> None:
        (self.folder / "vigie.toml").write_text(text, encoding="utf-8")


@pytest.fixture
def vigie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The command, with an empty store."""
    terminal = Terminal(capsys, tmp_path)
    terminal.settings("")
    monkeypatch.setenv("VIGIE_CONFIG", str(tmp_path / "vigie.toml"))
    monkeypatch.setenv("VIGIE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    return terminal


def open_to_all(queue: Revision, estate: Estate) -> Iterator[Violation]:
    if queue.configuration.get("Open"):
        yield Violation("open to all", evidence={"Open": True})


@pytest.fixture
def recorded(vigie: Terminal) -> Iterator[World]:
    """Queues ``jobs`` (changed), ``gone`` (deleted) and ``twin`` (in two regions), and a finding on ``jobs``."""
    (vigie.folder / "data").mkdir()
    with open_history(f"sqlite:///{vigie.folder / 'data' / 'vigie.sqlite'}") as history:
        rule = make_rule("sqs-queue-public", QUEUE, open_to_all, severity=Severity.CRITICAL)
        world = World(history, {"sqs-queue-public": rule})
        world.see(QUEUE, "jobs", {"Open": False, "Tags": {"team": "orders"}}, first=ChangeKind.BASELINE)
        world.see(QUEUE, "gone", {}, first=ChangeKind.BASELINE)
        world.see(QUEUE, "twin", {}, first=ChangeKind.BASELINE)
        world.see(QUEUE, "twin", {}, region="us-east-1", first=ChangeKind.BASELINE)
        world.later(hours=1)
        world.see(QUEUE, "jobs", {"Open": True, "Tags": {"team": "orders"}})
        world.see(QUEUE, "gone", None)
        world.see(TOPIC, "\x1b[31mnews\u202e", {})
        world.judge()
        yield world
