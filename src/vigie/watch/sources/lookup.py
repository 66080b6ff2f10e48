"""LookupEvents: the last 90 days of an account and region, for estates that are small. Writes only, twice a second.

CloudTrail shows an event there some minutes late, fifteen at most as a rule (CloudTrail user guide, "Viewing events
with CloudTrail event history"): what is older counts as complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from vigie.catalogue.delivery import LOOKUP
from vigie.history.store import History
from vigie.watch.intake import Found, Intake, Taken
from vigie.watch.sources.calling import Calling

FIRST_LOOK: Final = timedelta(hours=2)
SHOWN_AFTER: Final = timedelta(minutes=15)
_WRITES: Final = [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]


@dataclass
class LookupSource:
    """One region of one account."""

    account: str
    region: str
    calling: Calling
    history: History
    intake: Intake
    read: Callable[[Any], Iterable[Found]]
    now: Callable[[], datetime]

    @property
    def name(self) -> str:
        return f"lookup:{self.account}/{self.region}"

    def step(self) -> Taken:
        """Ask for what is new, and record it.

        Raises:
            CallFailed: It cannot be asked for.
            StoreError: The store cannot be written.
        """
        now = self.now()
        position = self.history.events.position(self.name)
        complete_until = datetime.fromisoformat(position) if position else now - FIRST_LOOK
        caller = self.calling.restricted(self.account, LOOKUP, self.region)
        parameters = {"LookupAttributes": _WRITES, "StartTime": complete_until, "EndTime": now, "MaxResults": 50}
        pages = caller.pages("cloudtrail", "LookupEvents", parameters)
        records = [event.get("CloudTrailEvent") or "" for page in pages for event in page.get("Events") or ()]
        until = max(now - SHOWN_AFTER, complete_until)
        taken = self.intake.take(
            self.name, (found for record in records for found in self.read(record)), position=until.isoformat()
        )
        if until > complete_until:
            with self.history.begin() as tx:
                self.history.events.note_logs(tx, "lookup", self.account, self.region, complete_until, until, now)
        return taken
