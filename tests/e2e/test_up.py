"""``vigie up`` as a service: it starts, sees, tells, serves, stops when asked, and goes on where it was."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_httpserver import HTTPServer

from vigie.testing.command import Command
from vigie.testing.local_aws import REGION, LocalAccount

pytestmark = pytest.mark.slow

PASSWORD = "correct horse battery staple"


@pytest.fixture
def vigie(account: LocalAccount, tmp_path: Path, httpserver: HTTPServer, hook: str) -> Command:
    httpserver.expect_request("/hook").respond_with_data("")
    settings = f"""
        regions = ["{REGION}"]
        types = ["AWS::SQS::Queue"]
        [sweep]
        every = "2s"
        {hook}
        """
    return Command(tmp_path, account.environment, settings)


class Up:
    """A running ``vigie up``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.printed = ""
        assert process.stdout is not None
        for line in process.stdout:
            self.printed += line
            found = re.search(r"vigie is at (http://\S+)", line)
            if found:
                self.address = found[1]
                return
        raise AssertionError(f"it ended: {self.printed} {process.stderr.read() if process.stderr else ''}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=30)
        self.printed += out
        assert "Traceback" not in err
        return self.process.returncode

    @property
    def password(self) -> str | None:
        found = re.search(r"one-time password: (\S+)", self.printed)
        return found[1] if found else None


@contextmanager
def running(vigie: Command, **variables: str) -> Iterator[Up]:
    process = vigie.start("up", "--listen", "127.0.0.1:0", **variables)
    try:
        yield Up(process)
    finally:
        process.kill()
        process.communicate()


def eventually(look: Callable[[], Any], seconds: float = 60) -> Any:
    """What ``look`` gives, as soon as it gives anything."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
    return found


def post(browser: httpx.Client, path: str, **fields: str) -> httpx.Response:
    return browser.post(path, data=fields, headers={"origin": str(browser.base_url).rstrip("/")})


def log_in(up: Up, password: str) -> httpx.Client:
    browser = httpx.Client(base_url=up.address, follow_redirects=False)
    assert post(browser, "/login", name="admin", password=password).status_code == 303
    return browser


def told(httpserver: HTTPServer) -> list[tuple[str, str]]:
    """(kind or status, name) of every event that the webhook took."""
    bodies = [json.loads(request.get_data()) for request, _ in httpserver.log]
    events = [event for body in bodies for group in body["groups"] for event in group["events"]]
    return [(event["kind"], event["name"]) for event in events if event["topic"] == "change"]


def test_up_sees_tells_serves_stops_when_asked_and_goes_on(
    account: LocalAccount, other_account: LocalAccount, vigie: Command, httpserver: HTTPServer
) -> None:
    account("sqs").create_queue(QueueName="before")
    with running(vigie) as up:
        assert httpx.get(f"{up.address}/healthz").json() == {"status": "ok"}
        assert httpx.get(f"{up.address}/api/v1/changes").status_code == 401
        assert up.password is not None
        browser = log_in(up, up.password)
        assert browser.get("/api/v1/changes").status_code != 200, "first a password of one's own"
        assert post(browser, "/password", old=up.password, new=PASSWORD, again=PASSWORD).status_code == 303

        def items(path: str) -> list[dict[str, Any]]:
            answer = browser.get(f"/api/v1/{path}")
            assert answer.status_code == 200, answer.text
            found: list[dict[str, Any]] = answer.json()["items"]
            return found

        eventually(lambda: [row["name"] for row in items("resources")] == ["before"])
        account("sqs").create_queue(QueueName="after")
        created = eventually(lambda: items("changes"))
        assert [(row["kind"], row["name"]) for row in created] == [("created", "after")]
        eventually(lambda: ("created", "after") in told(httpserver))

        other_account("sqs").create_queue(QueueName="elsewhere")
        role = f"arn:aws:iam::{other_account.id}:role/vigie"
        assert vigie("accounts", "add", other_account.id, "--role-arn", role).code == 0
        eventually(lambda: "elsewhere" in [row["name"] for row in items(f"resources?account={other_account.id}")])
        assert up.stop() == 0
        assert "Stopped" in up.printed

    account("sqs").create_queue(QueueName="meanwhile")
    with running(vigie) as up:
        assert up.password is None, "the password is made once"
        browser = log_in(up, PASSWORD)
        eventually(lambda: ("created", "meanwhile") in told(httpserver))
        assert up.stop() == 0
    names = sorted(name for kind, name in told(httpserver) if kind == "created")
    assert names == ["after", "meanwhile"], "and the first look at an account is no news"
