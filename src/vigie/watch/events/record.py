"""A record becomes an event: every field read for what it is, whatever is there (CloudTrail record contents)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from vigie.catalogue.reading_only import READING_VERBS, access_levels
from vigie.model.event import Event
from vigie.watch.events.actor import actor_of
from vigie.watch.events.redact import redacted
from vigie.watch.events.values import account, account_of_arn, instant, mapping, text, truth

_DATED: Final = re.compile(r"\d{4}_?\d{2}_?\d{2}(v\d+)?$")
"""The version of the API at the end of a name: ``CreateFunction20150331v2``, ``CreateDistribution2016_11_25``."""
_PREFIXES: Final = {"monitoring": "cloudwatch"}
_ONLY_READS: Final = frozenset({"sts"})
"""Services whose calls change nothing in the account: CloudTrail says so of them now, and did not always."""
_MORE_VERBS: Final = (*READING_VERBS, "BatchCheck", "Lookup", "Filter", "Select", "Scan", "Query", "Preview", "Check")
_OKAY: Final = re.compile(r"2\d\d")
"""An HTTP status that some services (Managed Grafana) write as an error code."""
_NO_ERROR: Final = frozenset({"success", "none", "null", "-"})


class NotARecordError(ValueError):
    """It lacks what every record has: one sentence."""


def event_of(record: Mapping[str, Any]) -> Event:
    """The event, without what it changed (``Interpreter`` says that). The record in it is redacted.

    Raises:
        NotARecordError: there is no name, source or time in it.
    """
    clean = redacted(record)
    name, source, at = text(clean.get("eventName")), text(clean.get("eventSource")), instant(clean.get("eventTime"))
    for what, value in (("eventName", name), ("eventSource", source), ("eventTime", at)):
        if value is None:
            said = f"is {clean.get(what)!r:.60}" if clean.get(what) is not None else "is missing"
            raise NotARecordError(f"It is no whole CloudTrail record: {what} {said}.")
    assert name is not None and source is not None and at is not None  # noqa: S101 - checked in the loop above
    code, message = text(clean.get("errorCode")), text(clean.get("errorMessage"))
    actor = actor_of(clean)
    return Event(
        id=text(clean.get("eventID")) or _digest(clean),
        at=at,
        source=source,
        name=name,
        account=account(clean.get("recipientAccountId")) or actor.account or account_of_arn(actor.arn) or "",
        region=text(clean.get("awsRegion")) or "",
        read_only=_reads(clean, source, name),
        actor=actor,
        error_code=code,
        error_message=message,
        failed=_failed(clean, name, code, message),
        shared_id=text(clean.get("sharedEventID")),
        request_id=text(clean.get("requestID")) or text(clean.get("requestId")),
        category=_category(clean),
        type=text(clean.get("eventType")) or "AwsApiCall",
        made_keys=tuple(dict.fromkeys(_made_keys(clean, name))),
        record=clean,
    )


def undated(name: str) -> str:
    """The name of the operation, without the version of the API."""
    return _DATED.sub("", name) or name


def _digest(clean: Mapping[str, Any]) -> str:
    """Of a record without an id: the same record gives the same, whatever envelope it came in."""
    return "sha256:" + hashlib.sha256(orjson.dumps(clean, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _category(clean: Mapping[str, Any]) -> str:
    said = text(clean.get("eventCategory"))
    if said:
        return said
    if clean.get("insightDetails"):
        return "Insight"
    return "Data" if truth(clean.get("managementEvent")) is False else "Management"


def _reads(clean: Mapping[str, Any], source: str, name: str) -> bool:
    """What the record says; where it does not, by the service's access levels and by the verb."""
    said = truth(clean.get("readOnly"))
    if said is not None:
        return said
    service, operation = source.split(".", 1)[0], undated(name)
    if service in _ONLY_READS or operation.startswith(_MORE_VERBS):
        return True
    return operation in access_levels().get(_PREFIXES.get(service, service), {})


def _failed(clean: Mapping[str, Any], name: str, code: str | None, message: str | None) -> bool:
    """Refused, invalid or a dry run; sign-ins say it in what they answer."""
    if code and code.lower() not in _NO_ERROR and not _OKAY.fullmatch(code):
        return True
    if message and not code and message.lower() not in _NO_ERROR:
        return True
    answers = (mapping(clean.get("responseElements")), mapping(clean.get("serviceEventDetails")))
    for answer in answers:
        for key, value in answer.items():
            if key.lower() == name.lower() and isinstance(value, str) and value.lower() == "failure":
                return True
            if key == "_return" and truth(value) is False:
                return True
    return False


def _made_keys(clean: Mapping[str, Any], name: str) -> Iterator[str]:
    """Ids of the access keys that were handed out: sessions (AssumeRole and its like), and keys of users."""
    answer = mapping(clean.get("responseElements"))
    details = mapping(clean.get("serviceEventDetails"))
    for holder in (answer, details):
        for member in ("credentials", "roleCredentials", "accessKey"):
            key = text(mapping(holder.get(member)).get("accessKeyId"))
            if key:
                yield key
    if name in ("CreateAccessKey", "GetRoleCredentials", "CreateSession"):
        key = text(answer.get("accessKeyId"))
        if key:
            yield key
