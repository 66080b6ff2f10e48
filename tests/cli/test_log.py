"""The program's own log: on standard error, without secrets, and never a reason to stop."""

from __future__ import annotations

import errno
import io
import json
from collections.abc import Iterator

import pytest
import structlog

from vigie.cli.log import configure_log
from vigie.settings import LogSettings


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_a_line_is_one_json_object_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    configure_log(LogSettings(level="info", format="json"))
    structlog.get_logger().info("seen", account="1", external_id="SEKRET", api_token="SEKRET")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["account"], line["external_id"], line["api_token"]) == ("seen", "1", "…", "…")


def test_less_than_the_level_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    configure_log(LogSettings())
    structlog.get_logger().info("seen")
    assert capsys.readouterr().err == ""


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_log_that_nobody_can_read_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    configure_log(LogSettings())
    gone = io.StringIO()
    gone.close()
    monkeypatch.setattr("sys.stderr", gone)
    structlog.get_logger().error("a loop failed", exc_info=ValueError("x"))
    monkeypatch.setattr("sys.stderr", FullDisk())
    structlog.get_logger().error("a loop failed")
