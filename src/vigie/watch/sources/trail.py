"""The files that a trail writes to S3: the record. Read as a queue tells of them, or by listing the bucket.

Digest files, one an hour for each account and region, name every log file of their hour and are signed: when one holds,
and each of its files was read and is the very one that it names, the logs of that hour are known to be complete. A hole
between digests stays a hole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from vigie.aws.caller import RestrictedCaller
from vigie.aws.errors import CallFailed
from vigie.catalogue.delivery import TRAIL
from vigie.history.store import History
from vigie.model.event import Malformed, RecordsFile
from vigie.settings import TrailSettings
from vigie.watch.intake import Found, Intake, Taken
from vigie.watch.sources import digests
from vigie.watch.sources.calling import Calling
from vigie.watch.sources.digests import Digest, DigestError

log = structlog.get_logger(__name__)

LARGEST_FILE: Final = 64 * 1024 * 1024
FIRST_LOOK: Final = timedelta(hours=2)
"""How far back a trail is read that was never read before."""
OVERLAP: Final = timedelta(minutes=30)
"""Files are delivered a little out of order: so much is listed again."""
_AT_A_STEP: Final = 200
"""Files of one place read in one step."""
_DATED: Final = re.compile(r"_(\d{8}T\d{4}(?:\d{2})?Z)(?:_[^/]*)?\.json\.gz$")
_PLACE: Final = re.compile(r"AWSLogs/(?:o-[a-z0-9]+/)?(\d{12})/CloudTrail(?:-Digest)?/([a-z0-9-]+)/")
_REMEMBERED: Final = 20_000


@dataclass
class TrailSource:
    """One bucket with a trail's files."""

    settings: TrailSettings
    calling: Calling
    history: History
    intake: Intake
    read: Callable[[bytes], Iterable[Found]]
    now: Callable[[], datetime]
    _keys: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Region → the public keys that its digests are signed with."""
    _seen: dict[str, None] = field(default_factory=dict)
    """Keys of files that this process has read, the latest."""

    @property
    def name(self) -> str:
        return f"trail:{self.settings.bucket}/{self._prefix}"

    @property
    def _prefix(self) -> str:
        bare = self.settings.prefix.strip("/")
        return f"{bare}/" if bare else ""

    def holds(self, file: RecordsFile) -> bool:
        """Whether a file that a queue tells of is one of this trail's."""
        return file.bucket == self.settings.bucket and file.key.startswith(f"{self._prefix}AWSLogs/")

    def fetch(self, files: Sequence[RecordsFile]) -> Taken:
        """Read files that a queue tells of.

        Raises:
            CallFailed: One could not be had, although it may be there.
            StoreError: The store cannot be written.
        """
        taken = Taken()
        for file in files:
            taken.add(self._take(file.key))
        return taken

    def step(self) -> Taken:
        """List the bucket, and read what is new.

        Raises:
            CallFailed: The bucket cannot be read.
            StoreError: The store cannot be written.
        """
        taken = Taken()
        for place in list(self._places()):
            self._read_place(place, taken)
        return taken

    # listing

    def _places(self) -> Iterator[str]:
        """Folders of one account and region: ``…/CloudTrail/eu-west-1/``, and those of digests."""
        for account in self._accounts(f"{self._prefix}AWSLogs/"):
            for kind in ("CloudTrail", "CloudTrail-Digest") if self.settings.validate_digests else ("CloudTrail",):
                yield from self._folders(f"{account}{kind}/")

    def _accounts(self, above: str) -> Iterator[str]:
        for folder in self._folders(above):
            name = folder.removeprefix(above).strip("/")
            if name.startswith("o-"):
                yield from self._folders(folder)
            elif name.isdigit():
                yield folder

    def _folders(self, prefix: str) -> list[str]:
        parameters = {"Bucket": self.settings.bucket, "Prefix": prefix, "Delimiter": "/"}
        pages = self._caller().pages("s3", "ListObjectsV2", parameters)
        return [one["Prefix"] for page in pages for one in page.get("CommonPrefixes") or ()]

    def _read_place(self, place: str, taken: Taken) -> None:
        source = f"{self.name}:{place}"
        position = self.history.events.position(source)
        since = self.now() - FIRST_LOOK if position is None else datetime.fromisoformat(position) - OVERLAP
        newest = since if position is None else datetime.fromisoformat(position)
        for key in self._new_files(place, since)[:_AT_A_STEP]:
            taken.add(self._take(key))
            newest = max(newest, _time_of(key) or newest)
        with self.history.begin() as tx:
            self.history.events.note_delivery(tx, source, self.now(), position=newest.isoformat())

    def _new_files(self, place: str, since: datetime) -> list[str]:
        """Keys of files of that time on that this process has not read, oldest first."""
        found: list[str] = []
        day = since.astimezone(UTC).date()
        while day <= self.now().date():
            parameters = {"Bucket": self.settings.bucket, "Prefix": f"{place}{day:%Y/%m/%d}/"}
            for page in self._caller().pages("s3", "ListObjectsV2", parameters):
                keys = (one["Key"] for one in page.get("Contents") or ())
                found += [key for key in keys if key not in self._seen and (_time_of(key) or since) >= since]
            day += timedelta(days=1)
        return sorted(found, key=lambda key: (_time_of(key) or since, key))

    # reading

    def _take(self, key: str) -> Taken:
        if "/CloudTrail-Digest/" in key:
            taken = self._take_digest(key) if self.settings.validate_digests else Taken()
        elif "/CloudTrail-Insight/" in key:
            return Taken()
        else:
            found = self._content(key)
            taken = self._absent(key) if found is None else self.intake.take(self.name, self.read(found[0]))
        self._remember(key)
        return taken

    def _take_digest(self, key: str) -> Taken:
        """Check a digest and each file that it names; only then are the logs of its time complete."""
        taken = Taken()
        try:
            digest = self._proven(key)
            for file in digest.files:
                found = self._content(file.key) if file.bucket == self.settings.bucket else None
                if found is None:
                    raise DigestError(f"The log file {file.key}, which the digest {key} names, is not there.")
                digests.check_file(file, found[0])
                taken.add(self.intake.take(self.name, self.read(found[0])))
                self._remember(file.key)
        except DigestError as error:
            log.warning("the logs of a time are not proven to be whole", digest=key, reason=str(error))
            with self.history.begin() as tx:
                self.history.events.note_delivery_failed(tx, f"{self.name}:digests", str(error), self.now())
            return taken
        self._complete(key, digest)
        return taken

    def _proven(self, key: str) -> Digest:
        """Raises DigestError: it is not what CloudTrail wrote."""
        found = self._content(key)
        if found is None:
            raise DigestError(f"The digest {key} is not there.")
        content, answer = found
        digest = digests.parse(content)
        signature = str((answer.get("Metadata") or {}).get("signature", ""))
        region = _place_of(key)[1]
        keys = self._public_keys(region, digest)
        digests.check(digest, signature, keys, bucket=self.settings.bucket, key=key)
        return digest

    def _public_keys(self, region: str, digest: Digest) -> dict[str, bytes]:
        if digest.fingerprint not in self._keys.get(region, {}):
            times = {"StartTime": digest.since - timedelta(days=1), "EndTime": digest.until + timedelta(days=1)}
            pages = self._caller(region).pages("cloudtrail", "ListPublicKeys", times)
            self._keys.setdefault(region, {}).update(digests.public_keys(pages))
        return self._keys[region]

    def _complete(self, key: str, digest: Digest) -> None:
        account, region = _place_of(key)
        with self.history.begin() as tx:
            now = self.now()
            self.history.events.note_logs(tx, self.name, account, region, digest.since, digest.until, now)
            self.history.events.note_delivery(tx, f"{self.name}:digests", now)

    def _absent(self, key: str) -> Taken:
        """A file that a queue told of and that is gone: counted, and no reason to stop."""
        missing = Malformed(f"The file {key} is not there (any more).", hashlib.sha256(key.encode()).hexdigest(), 0)
        return self.intake.take(self.name, [missing])

    def _content(self, key: str) -> tuple[bytes, dict[str, Any]] | None:
        """None where there is no such object. Raises CallFailed."""
        parameters = {"Bucket": self.settings.bucket, "Key": key}
        try:
            return self._caller().content("s3", "GetObject", parameters, most=LARGEST_FILE)
        except CallFailed as failure:
            if failure.code in ("NoSuchKey", "404"):
                return None
            raise

    def _caller(self, region: str | None = None) -> RestrictedCaller:
        return self.calling.restricted(self.settings.account, TRAIL, region or self.settings.region)

    def _remember(self, key: str) -> None:
        self._seen[key] = None
        while len(self._seen) > _REMEMBERED:
            self._seen.pop(next(iter(self._seen)))


def _time_of(key: str) -> datetime | None:
    """The time in the name of a file; None where it has none."""
    found = _DATED.search(key)
    if found is None:
        return None
    form = "%Y%m%dT%H%M%SZ" if len(found[1]) == 16 else "%Y%m%dT%H%MZ"
    return datetime.strptime(found[1], form).replace(tzinfo=UTC)


def _place_of(key: str) -> tuple[str, str]:
    """Account and region. Raises DigestError."""
    found = _PLACE.search(key)
    if found is None:
        raise DigestError(f"{key} is not where CloudTrail puts its files.")
    return found[1], found[2]
