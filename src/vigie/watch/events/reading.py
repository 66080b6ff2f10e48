"""One reader for every envelope in which CloudTrail's records come.

A record; ``{"Records": […]}`` (CloudTrail's files); EventBridge's event and arrays of them; SNS in SQS; SQS' messages;
LookupEvents' answer; rows of CloudTrail Lake and Athena; a subscription to CloudWatch Logs; Kinesis and Firehose
records; JSON lines; documents one after the other; all of that compressed. (CloudTrail, EventBridge, SNS, SQS, Lambda
and CloudWatch Logs user guides.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote_plus

import orjson

from vigie.model.event import Event, Malformed, RecordsFile
from vigie.watch.events.interpret import Interpreter
from vigie.watch.events.record import NotARecordError, event_of
from vigie.watch.events.texts import Broken, UnreadableError, decoded, documents, from_base64

DEEPEST: Final = 12
"""Envelopes in envelopes."""
Read = Event | Malformed | RecordsFile

_LISTS: Final = ("Messages", "Events", "logEvents", "events", "records", "hits")
_INNER: Final = (
    "detail", "CloudTrailEvent", "Sns", "Body", "body", "Message", "message", "kinesis", "data", "eventData",
    "event_data", "_raw", "_source", "result", "event", "record", "original", "payload", "cloudtrail", "value",
)  # fmt: skip
"""Members that hold what is inside, tried in this order."""
_ENCODED: Final = frozenset({"data"})


def read(content: bytes | str | Any, interpreter: Interpreter | None = None) -> Iterator[Read]:
    """Every event in it, in order: of bytes, a text, or JSON that is parsed already. Never raises for what it holds."""
    interpreter = interpreter or Interpreter()
    for found in _unwrapped(content, 0):
        if isinstance(found, Malformed | RecordsFile):
            yield found
        else:
            yield read_record(found, interpreter)


def read_record(record: Mapping[str, Any], interpreter: Interpreter) -> Event | Malformed:
    """One record."""
    try:
        return interpreter.interpreted(event_of(record))
    except NotARecordError as error:
        id_ = record.get("eventID")
        return replace(_malformed(str(error), record), id=id_ if isinstance(id_, str) else None)


def _unwrapped(content: Any, depth: int) -> Iterator[Mapping[str, Any] | Malformed | RecordsFile]:
    if depth > DEEPEST:
        yield _malformed("It is an envelope in more envelopes than are opened.", content)
    elif isinstance(content, bytes | bytearray):
        try:
            text = decoded(bytes(content))
        except UnreadableError as error:
            yield _malformed(f"It cannot be read: {error}.", content)
            return
        yield from _from_text(text, depth)
    elif isinstance(content, str):
        yield from _from_text(content, depth)
    elif isinstance(content, Mapping):
        yield from _from_mapping(content, depth)
    elif isinstance(content, Iterable):
        for each in content:
            yield from _unwrapped(each, depth + 1)
    else:
        yield _malformed("It is no record: a JSON object is needed.", content)


def _from_text(text: str, depth: int) -> Iterator[Mapping[str, Any] | Malformed | RecordsFile]:
    if text[:4] == "H4sI" and "{" not in text:
        try:
            yield from _unwrapped(from_base64(text.strip()), depth + 1)
        except UnreadableError as error:
            yield _malformed(f"It cannot be read: {error}.", text)
        return
    for document in documents(text):
        if isinstance(document, Broken):
            yield _malformed(f"It cannot be read: {document.why}.", document.text)
        elif isinstance(document, str) and depth >= DEEPEST:
            yield _malformed("It is an envelope in more envelopes than are opened.", document)
        else:
            yield from _unwrapped(document, depth + 1)


def _from_mapping(value: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any] | Malformed | RecordsFile]:
    where = _records_file(value)
    if where is not None:
        yield from where
        return
    if _is_record(value):
        yield value
        return
    if isinstance(value.get("Records"), list):
        for each in value["Records"]:
            yield from _unwrapped(each, depth + 1)
        return
    rows = value.get("QueryResultRows")
    if isinstance(rows, list):
        for row in rows:
            yield from _unwrapped(_row(row), depth + 1)
        return
    if isinstance(value.get("awslogs"), Mapping):
        yield from _encoded(value["awslogs"].get("data"), depth)
        return
    for name in _LISTS:
        if isinstance(value.get(name), list):
            for each in value[name]:
                yield from _unwrapped(each, depth + 1)
            return
    lowered = _lower_case_row(value)
    if lowered is not None:
        yield lowered
        return
    for name in _INNER:
        inner = value.get(name)
        if name == "detail" and isinstance(inner, Mapping):
            inner = _with_what_the_bus_says(inner, value)
        if isinstance(inner, Mapping) or (isinstance(inner, str) and _may_hold(name, inner)):
            yield from _encoded(inner, depth) if name in _ENCODED else _unwrapped(inner, depth + 1)
            return
    yield _malformed(_what_else(value), value)


def _with_what_the_bus_says(detail: Mapping[str, Any], around: Mapping[str, Any]) -> Mapping[str, Any]:
    """EventBridge says account, region and time too, should the record lack them."""
    if "eventName" not in detail:
        return detail
    told = {
        "recipientAccountId": around.get("account"),
        "awsRegion": around.get("region"),
        "eventTime": around.get("time"),
    }
    lacking = {name: value for name, value in told.items() if detail.get(name) is None and value is not None}
    return {**detail, **lacking} if lacking else detail


def _may_hold(name: str, text: str) -> bool:
    return name in _ENCODED or text.lstrip()[:1] in ("{", "[", '"') or text[:4] == "H4sI"


def _encoded(data: Any, depth: int) -> Iterator[Mapping[str, Any] | Malformed | RecordsFile]:
    if isinstance(data, str) and data.lstrip()[:1] not in ("{", "["):
        try:
            data = from_base64(data)
        except UnreadableError as error:
            yield _malformed(f"It cannot be read: {error}.", data)
            return
    yield from _unwrapped(data, depth + 1)


def _is_record(value: Mapping[str, Any]) -> bool:
    """Records are told by what envelopes lack; one that is damaged is better told as damaged than opened."""
    if "Sns" in value or "s3" in value or "detail-type" in value:
        return False
    return "eventName" in value or ("eventVersion" in value and "userIdentity" in value) or "userIdentity" in value


def _row(row: Any) -> Any:
    """A row of CloudTrail Lake's GetQueryResults: a list of maps of one column each."""
    if not isinstance(row, list) or not all(isinstance(cell, Mapping) for cell in row):
        return row
    return {key: value for cell in row for key, value in cell.items()}


_COLUMNS: Final = {
    name.lower(): name
    for name in (
        "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
        "userAgent", "errorCode", "errorMessage", "requestParameters", "responseElements", "additionalEventData",
        "requestID", "eventID", "resources", "eventType", "apiVersion", "readOnly", "recipientAccountId",
        "serviceEventDetails", "sharedEventID", "vpcEndpointId", "tlsDetails", "eventCategory", "managementEvent",
        "sessionCredentialFromConsole", "edgeDeviceDetails", "insightDetails", "addendum",
    )
}  # fmt: skip
_IDENTITY: Final = {
    name.lower(): name
    for name in (
        "principalId", "accountId", "invokedBy", "accessKeyId", "userName", "sessionContext", "sessionIssuer",
        "mfaAuthenticated", "creationDate", "webIdFederationData", "federatedProvider", "sourceIdentity",
        "identityProvider", "onBehalfOf", "userId", "identityStoreArn", "inScopeOf", "credentialId",
    )
}  # fmt: skip


def _lower_case_row(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A row of Athena's table, whose columns are in lower case; its parameters are texts of JSON."""
    lowered = {key.lower(): each for key, each in value.items() if isinstance(key, str)}
    if "eventname" not in lowered or "eventsource" not in lowered:
        return None
    row = {_COLUMNS.get(key, key): each for key, each in lowered.items()}
    identity = row.get("userIdentity")
    if isinstance(identity, Mapping):
        row["userIdentity"] = _renamed(identity)
    return row


def _renamed(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {_IDENTITY.get(key.lower(), key): _renamed(each) for key, each in value.items() if isinstance(key, str)}


def _records_file(value: Mapping[str, Any]) -> list[RecordsFile] | None:
    """S3's notification (also through EventBridge), and CloudTrail's own through SNS."""
    if isinstance(value.get("s3"), Mapping):
        bucket, object_ = value["s3"].get("bucket"), value["s3"].get("object")
        if isinstance(bucket, Mapping) and isinstance(object_, Mapping):
            return _file(bucket.get("name"), object_, value.get("awsRegion"), quoted=True)
    if value.get("source") == "aws.s3" and isinstance(value.get("detail"), Mapping):
        detail = value["detail"]
        if isinstance(detail.get("bucket"), Mapping) and isinstance(detail.get("object"), Mapping):
            return _file(detail["bucket"].get("name"), detail["object"], value.get("region"), quoted=False)
    if isinstance(value.get("s3Bucket"), str) and value.get("s3ObjectKey"):
        keys = value["s3ObjectKey"] if isinstance(value["s3ObjectKey"], list) else [value["s3ObjectKey"]]
        return [RecordsFile(value["s3Bucket"], key) for key in keys if isinstance(key, str)]
    return None


def _file(bucket: Any, about: Mapping[str, Any], region: Any, *, quoted: bool) -> list[RecordsFile] | None:
    key = about.get("key")
    if not isinstance(bucket, str) or not isinstance(key, str):
        return None
    version, size = about.get("versionId", about.get("version-id")), about.get("size")
    return [
        RecordsFile(
            bucket,
            unquote_plus(key) if quoted else key,
            region if isinstance(region, str) else None,
            version if isinstance(version, str) else None,
            size if isinstance(size, int) else None,
        )
    ]


def _what_else(value: Mapping[str, Any]) -> str:
    if value.get("Event") == "s3:TestEvent":
        return "It is a test message of S3, and no record."
    if value.get("Type") in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        return "It is a message of SNS about the subscription, and no record."
    if "digestS3Object" in value or "logFiles" in value:
        return "It is a digest file of CloudTrail: it proves records, and holds none."
    if "detail-type" in value:
        return "It is an event of EventBridge that holds no CloudTrail record."
    return "It is no CloudTrail record, and no envelope that is known: it has no eventName."


def _malformed(error: str, what: Any) -> Malformed:
    content = _bytes(what)
    return Malformed(error, hashlib.sha256(content).hexdigest(), len(content))


def _bytes(what: Any) -> bytes:
    if isinstance(what, bytes | bytearray):
        return bytes(what)
    if isinstance(what, str):
        return what.encode("utf-8", "surrogatepass")
    try:
        return orjson.dumps(what, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except (TypeError, ValueError, RecursionError):
        return repr(type(what)).encode()
