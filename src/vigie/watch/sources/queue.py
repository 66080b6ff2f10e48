"""A queue that EventBridge writes events to, or S3 the names of a trail's new files, directly or through SNS.

A message is deleted only after what it holds is committed: a process that dies in between gets it again, and stores
nothing twice. One that holds no record is counted, and its digest kept aside; it never stops the queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog

from vigie.aws.caller import RestrictedCaller
from vigie.aws.errors import CallFailed
from vigie.catalogue.delivery import QUEUE, Queue
from vigie.history.store import History
from vigie.model.event import RecordsFile
from vigie.settings import QueueSettings
from vigie.watch.intake import Found, Intake, Taken
from vigie.watch.sources.calling import Calling, told

log = structlog.get_logger(__name__)

AT_ONCE: Final = 10
"""Messages an answer: SQS gives no more."""
MOST: Final = 100
"""Messages of one transaction."""
VISIBILITY_SECONDS: Final = 180
"""After it, a message that was not deleted comes again."""
WAIT_SECONDS: Final = 10
"""SQS answers at once where there is a message, and after this where there is none."""

Read = Callable[[str], Iterable[Found]]
"""The body of a message → what it holds."""
FetchFiles = Callable[[Sequence[RecordsFile]], Taken]
"""Reads the files that a message names, and records what is in them."""


@dataclass
class QueueSource:
    """One queue."""

    settings: QueueSettings
    calling: Calling
    history: History
    intake: Intake
    read: Read
    fetch: FetchFiles
    now: Callable[[], datetime]

    @property
    def name(self) -> str:
        return f"queue:{self.settings.url}"

    def step(self, *, wait: bool = True) -> Taken:
        """Receive what is there (up to a hundred messages), record it, delete it.

        Args:
            wait: Whether to wait some seconds for a message where there is none.

        Raises:
            StoreError: Nothing is lost: the messages come again.
            CallFailed: The queue cannot be read.
        """
        messages = self._received(wait)
        if not messages:
            with self.history.begin() as tx:
                self.history.events.note_delivery(tx, self.name, self.now())
            return Taken()
        read = [(message, list(self.read(str(message.get("Body", ""))))) for message in messages]
        taken = self.intake.take(self.name, [one for _, found in read for one in found])
        done = [message for message, found in read if self._files_read(found, taken)]
        self._delete(done)
        return taken

    def _files_read(self, found: Sequence[Found], taken: Taken) -> bool:
        """Read the files that a message names. False where one could not be had: then the message comes again."""
        files = [one for one in found if isinstance(one, RecordsFile)]
        if not files:
            return True
        try:
            taken.add(self.fetch(files))
        except CallFailed as failure:
            with self.history.begin() as tx:
                self.history.events.note_delivery_failed(tx, self.name, told(failure), self.now())
            return False
        return True

    @property
    def _caller(self) -> RestrictedCaller:
        region = self.settings.region or Queue(self.settings.url).region
        return self.calling.restricted(self.settings.account, QUEUE, region)

    def _received(self, wait: bool) -> list[dict[str, Any]]:
        caller = self._caller
        found: list[dict[str, Any]] = []
        while len(found) < MOST:
            parameters = {
                "QueueUrl": self.settings.url,
                "MaxNumberOfMessages": AT_ONCE,
                "VisibilityTimeout": VISIBILITY_SECONDS,
                "WaitTimeSeconds": WAIT_SECONDS if wait and not found and not self.calling.local else 0,
            }
            messages = caller.call("sqs", "ReceiveMessage", parameters).get("Messages") or []
            found += messages
            if len(messages) < AT_ONCE:
                break
        return found

    def _delete(self, messages: Sequence[dict[str, Any]]) -> None:
        """What cannot be deleted comes again, which harms nobody: it is said, and no more."""
        caller = self._caller
        for start in range(0, len(messages), AT_ONCE):
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages[start : start + AT_ONCE])
            ]
            try:
                answer = caller.call("sqs", "DeleteMessageBatch", {"QueueUrl": self.settings.url, "Entries": entries})
            except CallFailed as failure:
                log.warning("messages that were recorded stay in the queue", queue=self.settings.url, why=told(failure))
                continue
            for failed in answer.get("Failed") or ():
                log.warning(
                    "a message that was recorded stays in the queue", queue=self.settings.url, why=failed.get("Code")
                )
