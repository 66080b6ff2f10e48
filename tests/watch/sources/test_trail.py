"""The files of a trail: read once, and proven to be whole by signed digests alone."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from recordings import SCOPE
from vigie.aws.errors import CallFailed
from vigie.catalogue.loader import Catalogue
from vigie.history.store import History
from vigie.model.event import RecordsFile
from vigie.model.scope import Outcome
from vigie.settings import TrailSettings
from vigie.testing.trail import user
from vigie.watch.events import Interpreter, read
from vigie.watch.intake import Intake
from vigie.watch.sources import digests
from vigie.watch.sources.calling import Calling
from vigie.watch.sources.trail import TrailSource

BUCKET, ACCOUNT, REGION = "our-trail", SCOPE.account, SCOPE.region
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
DER = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
FINGERPRINT = "00112233445566778899aabbccddeeff"


@dataclass
class Bucket:
    """Files with their metadata; and CloudTrail's public keys."""

    files: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    gets: list[str] = field(default_factory=list)
    denied: bool = False
    aborted: None = None
    partition: str = "aws"

    @property
    def line(self) -> Any:
        clients = SimpleNamespace(local=True, default_region=REGION)
        return SimpleNamespace(clients=clients, now=lambda: NOON)

    def call(self, service: str, region: str, operation: str, parameters: Any, **_: Any) -> dict[str, Any]:
        if self.denied:
            raise CallFailed(Outcome.DENIED, "AccessDenied", "no", f"{service}:{operation}")
        key = parameters["Key"]
        self.gets.append(key)
        if key not in self.files:
            raise CallFailed(Outcome.NOT_FOUND, "NoSuchKey", "none", "s3:GetObject")
        content, metadata = self.files[key]
        return {"Body": io.BytesIO(content), "Metadata": metadata}

    def pages(self, service: str, region: str, operation: str, parameters: Any, **_: Any) -> list[Any]:
        if service == "cloudtrail":
            return [{"PublicKeyList": [{"Fingerprint": FINGERPRINT, "Value": DER}]}]
        if self.denied:
            raise CallFailed(Outcome.DENIED, "AccessDenied", "no", f"{service}:{operation}")
        prefix = parameters["Prefix"]
        below = [key for key in sorted(self.files) if key.startswith(prefix)]
        if "Delimiter" not in parameters:
            return [{"Contents": [{"Key": key} for key in below]}]
        folders = sorted({prefix + key[len(prefix) :].split("/")[0] + "/" for key in below})
        return [{"CommonPrefixes": [{"Prefix": folder} for folder in folders]}]

    # writing as CloudTrail does

    def log(self, at: datetime, *ids: str, prefix: str = "") -> str:
        records = [_record(id, at) for id in ids]
        place = f"{prefix}AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{at:%Y/%m/%d}"
        key = f"{place}/{ACCOUNT}_CloudTrail_{REGION}_{at:%Y%m%dT%H%MZ}_{ids[0]}.json.gz"
        self.files[key] = (gzip.compress(json.dumps({"Records": records}).encode()), {})
        return key

    def digest(self, until: datetime, *keys: str, previous: str | None = None) -> str:
        place = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/{until:%Y/%m/%d}"
        key = f"{place}/{ACCOUNT}_CloudTrail-Digest_{REGION}_trail_{REGION}_{until:%Y%m%dT%H%M%SZ}.json.gz"
        files = [
            {"s3Bucket": BUCKET, "s3Object": one, "hashValue": _sha(gzip.decompress(self.files[one][0]))}
            for one in keys
        ]
        before = self.files[previous][1]["signature"] if previous else None
        content = json.dumps(
            {
                "awsAccountId": ACCOUNT,
                "digestStartTime": f"{until - HOUR:%Y-%m-%dT%H:%M:%SZ}",
                "digestEndTime": f"{until:%Y-%m-%dT%H:%M:%SZ}",
                "digestS3Bucket": BUCKET,
                "digestS3Object": key,
                "digestPublicKeyFingerprint": FINGERPRINT,
                "digestSignatureAlgorithm": "SHA256withRSA",
                "previousDigestS3Object": previous,
                "previousDigestHashValue": None,
                "previousDigestSignature": before,
                "logFiles": files,
            }
        ).encode()
        lines = f"{until:%Y-%m-%dT%H:%M:%SZ}\n{BUCKET}/{key}\n{_sha(content)}\n{before or 'null'}"
        signature = KEY.sign(lines.encode(), padding.PKCS1v15(), SHA256()).hex()
        self.files[key] = (gzip.compress(content), {"signature": signature, "signature-algorithm": "SHA256withRSA"})
        return key


def _record(id: str, at: datetime) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "userIdentity": user("alice", ACCOUNT),
        "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "sqs.amazonaws.com",
        "eventName": "DeleteQueue",
        "awsRegion": REGION,
        "requestParameters": {"queueUrl": "https://x/1/q"},
        "eventID": id,
        "eventType": "AwsApiCall",
        "readOnly": False,
        "recipientAccountId": ACCOUNT,
    }


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


class Place:
    """A trail source over a store, at a time."""

    def __init__(self, history: History, catalogue: Catalogue, bucket: Bucket, **settings: Any) -> None:
        self.now = NOON
        self.history = history
        calling = Calling(cast(Any, SimpleNamespace(line=bucket.line)), dict)
        calling._entered[None] = cast(Any, bucket)
        interpreter = Interpreter(catalogue)
        self.source = TrailSource(
            TrailSettings(bucket=BUCKET, **settings),
            calling,
            history,
            Intake(history, catalogue, lambda: self.now),
            lambda content: read(content, interpreter),
            lambda: self.now,
        )

    def complete(self, since: datetime, until: datetime) -> bool:
        return self.history.events.logs_complete(ACCOUNT, [REGION], since, until)


@pytest.fixture
def place(sqlite_history: History, catalogue: Catalogue, bucket: Bucket) -> Place:
    return Place(sqlite_history, catalogue, bucket)


def test_new_files_are_read_once_and_those_that_come_late_too(place: Place, bucket: Bucket) -> None:
    minute = timedelta(minutes=1)
    bucket.log(NOON - 5 * HOUR, "long ago")
    bucket.log(NOON - 20 * minute, "e-1", "e-2")
    assert place.source.step().events == 2
    bucket.log(NOON - 25 * minute, "late")
    bucket.log(NOON - 5 * minute, "e-3")
    assert place.source.step().events == 2
    read = list(bucket.gets)
    assert place.source.step().events == 0
    assert bucket.gets == read


def test_another_process_goes_on_where_the_last_one_was(
    place: Place, bucket: Bucket, sqlite_history: History, catalogue: Catalogue
) -> None:
    bucket.log(NOON - HOUR, "e-1")
    place.source.step()
    bucket.log(NOON, "e-2")
    place.now = NOON + 6 * HOUR
    later = Place(sqlite_history, catalogue, bucket)
    later.now = NOON + 6 * HOUR
    assert later.source.step().events == 1


def test_an_organisations_trail_below_a_prefix_is_read(
    sqlite_history: History, catalogue: Catalogue, bucket: Bucket
) -> None:
    place = Place(sqlite_history, catalogue, bucket, prefix="logs/")
    bucket.log(NOON, "e-1", prefix="logs/")
    key, held = next(iter(bucket.files.items()))
    bucket.files = {key.replace("AWSLogs/", "AWSLogs/o-abc123def4/"): held}
    assert place.source.step().events == 1


def test_logs_are_complete_where_a_signed_digest_names_files_that_are_the_very_ones(
    place: Place, bucket: Bucket
) -> None:
    log = bucket.log(NOON - HOUR / 2, "e-1")
    first = bucket.digest(NOON, log)
    bucket.digest(NOON + HOUR, previous=first)
    place.now = NOON + 2 * HOUR
    assert place.source.step().events == 1
    assert place.complete(NOON - HOUR, NOON + HOUR)
    assert not place.complete(NOON - HOUR, NOON + 2 * HOUR)


def test_a_hole_between_digests_stays_one(place: Place, bucket: Bucket) -> None:
    bucket.digest(NOON)
    bucket.digest(NOON + 2 * HOUR)
    place.now = NOON + 2 * HOUR
    place.source.step()
    assert place.complete(NOON - HOUR, NOON)
    assert not place.complete(NOON - HOUR, NOON + 2 * HOUR)


def _change_a_log(bucket: Bucket, log: str, digest: str) -> None:
    bucket.files[log] = (gzip.compress(b'{"Records": []}'), {})


def _remove_a_log(bucket: Bucket, log: str, digest: str) -> None:
    del bucket.files[log]


def _change_the_digest(bucket: Bucket, log: str, digest: str) -> None:
    content, metadata = bucket.files[digest]
    told = json.loads(gzip.decompress(content)) | {"logFiles": []}
    bucket.files[digest] = (gzip.compress(json.dumps(told).encode()), metadata)


def _change_the_signature(bucket: Bucket, log: str, digest: str) -> None:
    content, metadata = bucket.files[digest]
    bucket.files[digest] = (content, metadata | {"signature": "00" * 256})


def _leave_the_signature_out(bucket: Bucket, log: str, digest: str) -> None:
    bucket.files[digest] = (bucket.files[digest][0], {})


def _move_the_digest(bucket: Bucket, log: str, digest: str) -> None:
    bucket.files[digest.replace("120000Z", "120001Z")] = bucket.files.pop(digest)


def _break_the_digest(bucket: Bucket, log: str, digest: str) -> None:
    bucket.files[digest] = (b"no digest", bucket.files[digest][1])


@pytest.mark.parametrize(
    "harm",
    [
        _change_a_log,
        _remove_a_log,
        _change_the_digest,
        _change_the_signature,
        _leave_the_signature_out,
        _move_the_digest,
        _break_the_digest,
    ],
)
def test_nothing_is_complete_where_a_file_or_a_digest_was_tampered_with(
    place: Place, bucket: Bucket, harm: Any
) -> None:
    log = bucket.log(NOON - HOUR / 2, "e-1")
    digest = bucket.digest(NOON, log)
    harm(bucket, log, digest)
    place.source.step()
    assert not place.complete(NOON - HOUR, NOON)
    errors = [one.error for one in place.history.events.deliveries() if one.source.endswith(":digests")]
    assert errors and errors[0] and errors[0].endswith(".")


def test_a_digest_signed_with_a_key_that_cloudtrail_does_not_list_proves_nothing() -> None:
    bucket = Bucket()
    content, metadata = bucket.files[bucket.digest(NOON)]
    digest = digests.parse(content)
    with pytest.raises(digests.DigestError, match="does not list"):
        digests.check(digest, metadata["signature"], {}, bucket=BUCKET, key=digest.key)


def test_a_bucket_that_cannot_be_read_says_so_and_its_position_stays(place: Place, bucket: Bucket) -> None:
    bucket.log(NOON, "e-1")
    bucket.denied = True
    with pytest.raises(CallFailed):
        place.source.step()
    bucket.denied = False
    assert place.source.step().events == 1


def test_a_file_that_a_queue_told_of_and_that_is_gone_is_counted(place: Place) -> None:
    file = RecordsFile(BUCKET, f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/03/01/x_20260301T1200Z_y.json.gz")
    assert place.source.holds(file)
    assert place.source.fetch([file]).malformed == 1
    assert not place.source.holds(RecordsFile("another", file.key))
    assert not place.source.holds(RecordsFile(BUCKET, "elsewhere/x.json.gz"))
