"""An AWS on loopback: every service and operation that botocore knows, in its own protocol.

    with Endpoint() as aws:
        aws.answers.script("sqs", "ListQueues", {"QueueUrls": []})
        aws.faults.add(faults.throttled(), service="kms")
        client = session.create_client("kms", endpoint_url=aws.url, …)

What a test does not script is generated from the output shape (``generate``), two pages of two where the operation
is paged.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from vigie.testing.answers import Answers, position
from vigie.testing.fault_plan import FaultPlan
from vigie.testing.http import LoopbackServer
from vigie.testing.wire.replies import Error, Reply, error_reply, reply
from vigie.testing.wire.requests import Call, Request, UnknownCallError, understand

ACCOUNT = "111111111111"
"""Whose credentials those are that tell no account."""

_KEY = re.compile(r"A(?:KIA|SIA)(\d{12})\w{4}")


def access_key(account: str) -> str:
    """An access key id that the endpoint takes for a user's of this account."""
    return f"AKIA{account}TEST"


class Endpoint:
    """The endpoint. Calls are kept in ``calls`` in the order in which they came; what was no call, in ``unknown``."""

    def __init__(
        self,
        answers: Answers | None = None,
        faults: FaultPlan | None = None,
        *,
        port: int = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.answers = answers or Answers()
        self.faults = faults or FaultPlan()
        self.calls: list[Call] = []
        self.unknown: list[str] = []
        self.sessions: list[str] = []
        """Access keys of the sessions that AssumeRole handed out, oldest first."""
        self._now = now
        self._numbers: Counter[tuple[str, ...]] = Counter()
        self._lock = threading.Lock()
        self._server = LoopbackServer(self.respond, port)

    @property
    def url(self) -> str:
        return self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    def respond(self, request: Request) -> Reply:
        """The reply to one request: what the server runs; usable without a network."""
        try:
            call = understand(request)
        except UnknownCallError as error:
            with self._lock:
                self.unknown.append(str(error))
            return Reply(
                400, {"Content-Type": "application/json"}, b'{"__type":"UnknownOperationException","message":"?"}'
            )
        call = self._numbered(call)
        return self.faults.reply(call, self._answer, lambda answer: _written(call, answer))

    def _numbered(self, call: Call) -> Call:
        found = _KEY.fullmatch(call.access_key)
        account = found.group(1) if found else ACCOUNT
        page, _ = position(call.service, call.operation, call.parameters)
        with self._lock:
            key = (call.service, call.operation, call.region, account)
            self._numbers[key] += 1
            numbered = replace(call, account=account, page=page, number=self._numbers[key])
            self.calls.append(numbered)
        return numbered

    def _answer(self, call: Call) -> dict[str, Any] | Error:
        answer = self.answers.page(call)
        if call.name == "sts:AssumeRole" and not isinstance(answer, Error):
            return {**answer, **self._session(call)}
        return answer

    def _session(self, call: Call) -> dict[str, Any]:
        role_arn = str(call.parameters["RoleArn"])
        account = role_arn.split(":")[4]
        with self._lock:
            key = f"ASIA{account}{len(self.sessions) + 1:04d}"
            self.sessions.append(key)
        name = f"{role_arn.rpartition('/')[2]}/{call.parameters['RoleSessionName']}"
        return {
            "Credentials": {
                "AccessKeyId": key,
                "SecretAccessKey": "not-a-secret",
                "SessionToken": f"session-{key}",
                "Expiration": self._now() + timedelta(hours=1),
            },
            "AssumedRoleUser": {"AssumedRoleId": f"AROA:{key}", "Arn": f"arn:aws:sts::{account}:assumed-role/{name}"},
        }

    # for tests

    def called(self, name: str | None = None) -> list[Call]:
        """The calls so far of one operation (``"kms:ListKeys"``), or all."""
        with self._lock:
            return [call for call in self.calls if name in (None, call.name)]

    def forget(self) -> None:
        """Start counting calls anew."""
        with self._lock:
            self.calls.clear()
            self._numbers.clear()


def _written(call: Call, answer: dict[str, Any] | Error) -> Reply:
    return error_reply(call, answer) if isinstance(answer, Error) else reply(call, answer)
