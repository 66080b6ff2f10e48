"""A queue: nothing is taken off it before it is recorded, and nothing in it stops it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from recordings import SCOPE, T0
from vigie.aws.errors import CallFailed
from vigie.catalogue.loader import Catalogue
from vigie.history.store import History
from vigie.model.errors import StoreError
from vigie.model.event import RecordsFile
from vigie.model.paging import Page
from vigie.model.scope import Outcome
from vigie.settings import QueueSettings
from vigie.testing.trail import enveloped, user
from vigie.watch.events import Interpreter, read
from vigie.watch.intake import Intake, Taken
from vigie.watch.sources.calling import Calling
from vigie.watch.sources.queue import QueueSource

URL = f"https://sqs.{SCOPE.region}.amazonaws.com/{SCOPE.account}/vigie"


def record(id: str | None = "e-1", name: str = "SetQueueAttributes", **more: Any) -> dict[str, Any]:
    told = {
        "eventVersion": "1.11",
        "userIdentity": user("alice", SCOPE.account),
        "eventTime": f"{T0:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "sqs.amazonaws.com",
        "eventName": name,
        "awsRegion": SCOPE.region,
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "x",
        "requestParameters": {"queueUrl": URL, "attributes": {"VisibilityTimeout": "60"}},
        "responseElements": None,
        "eventID": id,
        "eventType": "AwsApiCall",
        "readOnly": False,
        "recipientAccountId": SCOPE.account,
        **more,
    }
    return {key: value for key, value in told.items() if value is not None or key == "responseElements"}


@dataclass
class Sqs:
    """The messages of one queue; those that were received stay until they are deleted."""

    bodies: list[str] = field(default_factory=list)
    received: dict[str, str] = field(default_factory=dict)
    refuses_deletes: bool = False
    aborted: None = None
    partition: str = "aws"
    regions: set[str] = field(default_factory=set)

    @property
    def line(self) -> Any:
        return SimpleNamespace(clients=SimpleNamespace(local=True, default_region="us-east-1"))

    def put(self, *messages: Any) -> None:
        self.bodies += [one if isinstance(one, str) else json.dumps(one) for one in messages]

    def come_again(self) -> None:
        """The visibility timeout is over."""
        self.bodies += self.received.values()
        self.received.clear()

    def call(self, service: str, region: str, operation: str, parameters: Any, **_: Any) -> dict[str, Any]:
        self.regions.add(region)
        if operation == "ReceiveMessage":
            taken, self.bodies = self.bodies[:10], self.bodies[10:]
            messages = [{"Body": body, "ReceiptHandle": f"r{len(self.received) + n}"} for n, body in enumerate(taken)]
            self.received |= {message["ReceiptHandle"]: message["Body"] for message in messages}
            return {"Messages": messages} if messages else {}
        assert operation == "DeleteMessageBatch"
        if self.refuses_deletes:
            raise CallFailed(Outcome.DENIED, "AccessDenied", "no", "sqs:DeleteMessageBatch")
        for entry in parameters["Entries"]:
            self.received.pop(entry["ReceiptHandle"], None)
        return {}


@pytest.fixture
def sqs() -> Sqs:
    return Sqs()


class Place:
    """A queue source over a store, and the files that its messages name."""

    def __init__(self, history: History, catalogue: Catalogue, sqs: Sqs) -> None:
        self.files: list[str] = []
        self.files_fail = False
        interpreter = Interpreter(catalogue)
        calling = Calling(cast(Any, SimpleNamespace(line=sqs.line)), dict)
        calling._entered[None] = cast(Any, sqs)
        self.source = QueueSource(
            QueueSettings(url=URL),
            calling,
            history,
            Intake(history, catalogue, lambda: T0),
            lambda body: read(body, interpreter),
            self._fetch,
            lambda: T0,
        )

    def _fetch(self, files: Any) -> Taken:
        if self.files_fail:
            raise CallFailed(Outcome.DENIED, "AccessDenied", "no", "s3:GetObject")
        self.files += [cast(RecordsFile, one).key for one in files]
        return Taken(events=1)


@pytest.fixture
def place(history: History, catalogue: Catalogue, sqs: Sqs) -> Place:
    return Place(history, catalogue, sqs)


def test_events_in_any_envelope_are_recorded_and_taken_off_the_queue(history: History, place: Place, sqs: Sqs) -> None:
    sns = {"Type": "Notification", "Message": json.dumps(enveloped(record("e-3")))}
    sqs.put(enveloped(record("e-1")), record("e-2"), sns)
    taken = place.source.step()
    assert (taken.events, taken.malformed) == (3, 0)
    assert (sqs.bodies, sqs.received) == ([], {})
    assert sqs.regions == {SCOPE.region}, "the region is that of the queue's URL"
    (delivery,) = history.events.deliveries()
    assert (delivery.source, delivery.events, delivery.last_event_at) == (f"queue:{URL}", 3, T0)


def test_a_message_that_comes_again_is_stored_once(history: History, place: Place, sqs: Sqs) -> None:
    sqs.refuses_deletes = True
    sqs.put(enveloped(record()), enveloped(record()))
    assert place.source.step().events == 1
    sqs.come_again()
    sqs.refuses_deletes = False
    assert (place.source.step().duplicates, history.events.count(), sqs.received) == (2, 1, {})


def test_messages_stay_in_the_queue_where_they_cannot_be_recorded(
    sqlite_history: History, catalogue: Catalogue, sqs: Sqs
) -> None:
    place = Place(sqlite_history, catalogue, sqs)

    class Full:
        def take(self, *_: Any, **__: Any) -> Taken:
            raise StoreError("The disk is full.")

    place.source.intake = cast(Any, Full())
    sqs.put(enveloped(record()))
    with pytest.raises(StoreError):
        place.source.step()
    sqs.come_again()
    assert len(sqs.bodies) == 1


def test_what_is_no_record_is_counted_and_stops_nothing(history: History, place: Place, sqs: Sqs) -> None:
    sqs.put("no JSON at all {", "\x00\x01", {"eventName": 7}, [[[]]], enveloped(record()), {"Event": "s3:TestEvent"})
    taken = place.source.step()
    assert taken.events == 1
    assert taken.malformed >= 4
    assert sqs.received == {}
    assert history.events.malformed() == taken.malformed


def test_a_hundred_messages_are_one_transaction_and_the_rest_the_next(
    sqlite_history: History, catalogue: Catalogue, sqs: Sqs
) -> None:
    place = Place(sqlite_history, catalogue, sqs)
    sqs.put(*(enveloped(record(f"e-{n}")) for n in range(130)))
    assert [place.source.step().events for _ in range(3)] == [100, 30, 0]


def test_an_event_without_an_id_is_stored_once(history: History, place: Place, sqs: Sqs) -> None:
    sqs.put(record(None), record(None))
    taken = place.source.step()
    assert (taken.events, history.events.count()) == (1, 1)


def test_successful_reads_are_counted_and_not_kept(history: History, place: Place, sqs: Sqs) -> None:
    sqs.put(record("r", "GetQueueAttributes", readOnly=True))
    sqs.put(record("f", "GetQueueAttributes", readOnly=True, errorCode="AccessDenied"))
    taken = place.source.step()
    assert (taken.events, taken.passed_over) == (1, 1)
    (kept,) = history.events.events(None, None, Page(limit=9)).items
    assert kept.failed


def test_files_that_a_message_names_are_read_before_it_is_deleted(history: History, place: Place, sqs: Sqs) -> None:
    notification = {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "k+1"}}}]}
    place.files_fail = True
    sqs.put(notification, enveloped(record()))
    assert place.source.step().events == 1
    assert list(sqs.received.values()) == [json.dumps(notification)], "the other message is off the queue"
    assert "AccessDenied" in (history.events.deliveries()[0].error or "")
    place.files_fail = False
    sqs.come_again()
    place.source.step()
    assert (place.files, sqs.received) == (["k 1"], {})


def test_a_secret_in_an_event_never_reaches_the_store(sqlite_history: History, catalogue: Catalogue, sqs: Sqs) -> None:
    secret = "correct-horse-battery-staple"
    request = {"userName": "x", "password": secret, "newPassword": secret}
    place = Place(sqlite_history, catalogue, sqs)
    sqs.put(record("s", "CreateLoginProfile", requestParameters=request, eventSource="iam.amazonaws.com"))
    sqs.put(f'{{"eventName": "broken", "password": "{secret}"')
    place.source.step()
    told = sqlite_history.events.event("s")
    assert told is not None
    assert secret not in json.dumps(dict(told.record))
    from pathlib import Path

    assert secret.encode() not in Path(sqlite_history.engine.url.database or "").read_bytes()
    assert timedelta(0) == T0 - told.at
