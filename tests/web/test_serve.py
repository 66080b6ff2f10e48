"""Serving: on a socket that is there, until asked to stop."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Any

import httpx
import pytest

from vigie.model.errors import SettingsError
from vigie.web.serve import Server, address, listen


def test_it_serves_until_it_is_stopped_and_then_lets_go(app: Any) -> None:
    with Server(app, listen("127.0.0.1", 0)) as server:
        assert httpx.get(f"{server.address}/healthz").json() == {"status": "ok"}
        assert "server" not in httpx.get(f"{server.address}/login").headers
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.address}/healthz")


def test_a_request_under_way_is_ended_first(app: Any) -> None:
    entered, answers = threading.Event(), []

    def slow() -> dict[str, bool]:
        entered.set()
        time.sleep(0.5)
        return {"done": True}

    app.add_api_route("/healthz/slow", slow)
    with Server(app, listen("127.0.0.1", 0)) as server:
        ask = threading.Thread(target=lambda: answers.append(httpx.get(f"{server.address}/healthz/slow").json()))
        ask.start()
        assert entered.wait(5)
    ask.join(5)
    assert answers == [{"done": True}]


def test_a_taken_address_is_told_in_one_sentence() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"Cannot listen on 127\.0\.0\.1:{port} .*set web\.listen"):
            listen("127.0.0.1", port)


def test_the_address_is_one_that_a_browser_can_open() -> None:
    with listen("0.0.0.0", 0) as everywhere:
        assert address(everywhere) == f"http://127.0.0.1:{everywhere.getsockname()[1]}"


def test_importing_the_application_does_nothing() -> None:
    program = (
        "import socket, threading\n"
        "def refuse(*_): raise AssertionError('a socket was opened on import')\n"
        "socket.socket.connect = refuse\n"
        "import vigie.web.app, vigie.web.serve, vigie.web.auth.first\n"
        "assert threading.active_count() == 1\n"
        "import vigie.web.ui.rendering as r\n"
        "assert r.environment.cache_info().currsize == 0\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
