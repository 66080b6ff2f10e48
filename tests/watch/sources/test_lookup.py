"""LookupEvents: writes of the last hours, once each; what is older than it shows late counts as complete."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from recordings import SCOPE, T0
from vigie.catalogue.delivery import LOOKUP
from vigie.catalogue.loader import Catalogue
from vigie.history.store import History
from vigie.testing.trail import user
from vigie.watch.events import Interpreter, read
from vigie.watch.intake import Intake
from vigie.watch.sources.calling import Calling
from vigie.watch.sources.lookup import LookupSource

MINUTE = timedelta(minutes=1)


@dataclass
class CloudTrail:
    events: list[tuple[datetime, str]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    aborted: None = None
    partition: str = "aws"

    @property
    def line(self) -> Any:
        return SimpleNamespace(clients=SimpleNamespace(local=True, default_region=SCOPE.region))

    def happens(self, at: datetime, id: str) -> None:
        record = {
            "eventVersion": "1.11",
            "userIdentity": user("alice", SCOPE.account),
            "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "eventSource": "sqs.amazonaws.com",
            "eventName": "DeleteQueue",
            "awsRegion": SCOPE.region,
            "requestParameters": {"queueUrl": "https://x/1/q"},
            "eventID": id,
            "eventType": "AwsApiCall",
            "readOnly": False,
            "recipientAccountId": SCOPE.account,
        }
        self.events.append((at, json.dumps(record)))

    def pages(self, service: str, region: str, operation: str, parameters: Any, **_: Any) -> list[Any]:
        assert (service, operation) in LOOKUP
        self.asked.append(dict(parameters))
        since, until = parameters["StartTime"], parameters["EndTime"]
        found = [{"CloudTrailEvent": text} for at, text in self.events if since <= at <= until]
        return [{"Events": found[start : start + 2]} for start in range(0, len(found) + 1, 2)]


def test_only_writes_are_asked_for_and_each_is_stored_once(sqlite_history: History, catalogue: Catalogue) -> None:
    cloudtrail, now = CloudTrail(), [T0]
    calling = Calling(cast(Any, SimpleNamespace(line=cloudtrail.line)), dict)
    calling._entered[SCOPE.account] = cast(Any, cloudtrail)
    interpreter = Interpreter(catalogue)
    source = LookupSource(
        SCOPE.account,
        SCOPE.region,
        calling,
        sqlite_history,
        Intake(sqlite_history, catalogue, lambda: now[0]),
        lambda text: read(text, interpreter),
        lambda: now[0],
    )
    for n in range(5):
        cloudtrail.happens(T0 - n * MINUTE, f"e-{n}")
    assert source.step().events == 5
    assert cloudtrail.asked[0]["LookupAttributes"] == [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]

    cloudtrail.happens(T0 - 2 * MINUTE, "shown late")
    now[0] = T0 + 5 * MINUTE
    taken = source.step()
    assert (taken.events, taken.duplicates) == (1, 5)

    def complete(since: datetime, until: datetime) -> bool:
        return sqlite_history.events.logs_complete(SCOPE.account, [SCOPE.region], since, until)

    assert complete(T0 - 60 * MINUTE, T0 - 10 * MINUTE)
    assert not complete(T0 - 60 * MINUTE, T0)
