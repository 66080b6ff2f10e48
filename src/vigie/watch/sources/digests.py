"""CloudTrail's digests: signed lists of the log files of an hour, which prove that none lacks or was changed. Pure.

What is signed, and how (AWS, "CloudTrail digest file structure" and "Custom implementations of CloudTrail log file
integrity validation", CloudTrail user guide, 2025): RSA with SHA-256 over four lines, the end of the digest's time, its
place in S3, the SHA-256 of its content, and the signature of the digest before ("null" for the first). The signature is
in the object's metadata; hashes are over what is inside the compression.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

LARGEST: Final = 256 * 1024 * 1024
"""Bytes of a file when it is decompressed."""


class DigestError(ValueError):
    """A digest that proves nothing. The message says why, in one sentence."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log file that a digest names."""

    bucket: str
    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Digest:
    """One digest file, as far as it is used. Not yet proven."""

    account: str
    since: datetime
    until: datetime
    bucket: str
    key: str
    fingerprint: str
    """Which public key it is signed with."""
    files: tuple[LogFile, ...]
    previous_key: str | None
    previous_sha256: str | None
    sha256: str
    """Of its content."""
    signed: bytes
    """The four lines."""


def parse(compressed: bytes) -> Digest:
    """The digest in an object. Raises DigestError."""
    content = inflate(compressed)
    try:
        told: dict[str, Any] = json.loads(content)
        return _digest(told, content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DigestError(f"It is no digest file of CloudTrail: {type(error).__name__} {error}.") from error


def check(digest: Digest, signature: str, keys: Mapping[str, bytes], *, bucket: str, key: str) -> None:
    """See that a digest is what CloudTrail wrote, where it was found.

    Args:
        signature: Hexadecimal, of the object's metadata.
        keys: Fingerprint → public key (DER), as ListPublicKeys gives them.

    Raises:
        DigestError: It is not.
    """
    if (digest.bucket, digest.key) != (bucket, key):
        raise DigestError(f"The digest {key} says that it is {digest.bucket}/{digest.key}: it was moved.")
    der = keys.get(digest.fingerprint)
    if der is None:
        raise DigestError(
            f"The digest {key} is signed with the key {digest.fingerprint}, which CloudTrail does not list."
        )
    try:
        public = load_der_public_key(der)
        if not isinstance(public, rsa.RSAPublicKey):
            raise DigestError(f"The key {digest.fingerprint} is no RSA key.")
        public.verify(bytes.fromhex(signature), digest.signed, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError) as error:
        if isinstance(error, DigestError):
            raise
        raise DigestError(
            f"The signature of the digest {key} does not hold: it was changed after it was written."
        ) from None


def check_file(file: LogFile, compressed: bytes) -> None:
    """See that a log file is the one that a digest names. Raises DigestError."""
    if hashlib.sha256(inflate(compressed)).hexdigest() != file.sha256.lower():
        raise DigestError(f"The log file {file.key} is not the one that its digest names: it was changed.")


def inflate(compressed: bytes) -> bytes:
    """Raises DigestError: no gzip, or one that becomes too large."""
    if not compressed.startswith(b"\x1f\x8b"):
        return compressed
    stream = zlib.decompressobj(wbits=31)
    try:
        content = stream.decompress(compressed, LARGEST)
    except zlib.error as error:
        raise DigestError(f"Its compression is broken: {error}.") from error
    if not stream.eof:
        raise DigestError("Its compression ends in the middle, or becomes too large.")
    return content


def public_keys(answers: list[dict[str, Any]]) -> dict[str, bytes]:
    """Fingerprint → key of the pages of ListPublicKeys."""
    found: dict[str, bytes] = {}
    for page in answers:
        for one in page.get("PublicKeyList") or ():
            value = one.get("Value")
            der = base64.b64decode(value) if isinstance(value, str) else bytes(value or b"")
            found[str(one.get("Fingerprint"))] = der
    return found


def _digest(told: Mapping[str, Any], content: bytes) -> Digest:
    sha256 = hashlib.sha256(content).hexdigest()
    bucket, key, end = told["digestS3Bucket"], told["digestS3Object"], told["digestEndTime"]
    before = told.get("previousDigestSignature") or "null"
    return Digest(
        account=str(told["awsAccountId"]),
        since=_time(told["digestStartTime"]),
        until=_time(end),
        bucket=str(bucket),
        key=str(key),
        fingerprint=str(told["digestPublicKeyFingerprint"]),
        files=tuple(LogFile(str(f["s3Bucket"]), str(f["s3Object"]), str(f["hashValue"])) for f in told["logFiles"]),
        previous_key=told.get("previousDigestS3Object"),
        previous_sha256=told.get("previousDigestHashValue"),
        sha256=sha256,
        signed=f"{end}\n{bucket}/{key}\n{sha256}\n{before}".encode(),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
