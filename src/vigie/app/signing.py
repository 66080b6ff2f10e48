"""Keys of the evidence log: made, replaced, pinned; and who signs with them. The secret ones never reach the store.

``keys/log-signing`` of the data directory holds the secret key, unless that is in AWS KMS; ``keys/log-public.json`` the
public ones, oldest first, each but the first with a note by which the one before it hands over. A copy of that file,
off this machine, is what verifying anything elsewhere rests on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from vigie.model.bundle import BundleError, Shown, bundle_text, checked, seal_text
from vigie.model.canonical import instant_text
from vigie.model.errors import SettingsError, VigieError
from vigie.model.notes import (
    Checkpoint,
    KeyEntry,
    Note,
    PublicKey,
    Signature,
    endorsement_text,
    parse_checkpoint,
    parse_note,
    public_key,
    signer_at,
)

SIGNING: Final = "log-signing"
PUBLIC: Final = "log-public.json"


KMS_SPEC: Final = "ECC_NIST_EDWARDS25519"
KMS_ALGORITHM: Final = "ED25519_SHA_512"
"""KMS's name of plain Ed25519 (RFC 8032; ``ED25519_PH_SHA_512`` is the pre-hashed one, which no verifier of notes
takes), over the message itself (``RAW``). Source: service model of KMS in botocore 1.44.5."""


class SigningFailed(VigieError):  # noqa: N818 - what happened, as with AnchorFailed
    """A key in KMS did not sign. ``reason``: why, without naming the key."""

    def __init__(self, arn: str, reason: str) -> None:
        super().__init__(f"Nothing was signed with the key {arn}: {reason.rstrip('.')}.")
        self.reason = reason


class Signer(Protocol):
    """Whoever can sign heads: a key in the data directory, or one in KMS."""

    @property
    def public(self) -> bytes:
        """The raw Ed25519 public key."""

    def sign(self, message: bytes) -> bytes:
        """A raw Ed25519 signature."""


class LocalSigner:
    """Signs with a secret key that is at hand."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed[:32])

    @property
    def public(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


KmsCall = Callable[[str, Mapping[str, Any], str], Mapping[str, Any]]
"""Calls KMS: operation, parameters, the member that a true answer has. Raises SigningFailed."""


class KmsSigner:
    """Signs with a key that never leaves KMS. What comes back is believed only where the public key verifies it."""

    def __init__(self, arn: str, call: KmsCall, public: bytes | None = None) -> None:
        """``public``: the raw public key where it is pinned; else KMS is asked for it, once."""
        self.arn = arn
        self._call = call
        self._public = public

    @property
    def public(self) -> bytes:
        """Raises SigningFailed: KMS does not tell it. SettingsError: it is no key that can sign heads."""
        if self._public is None:
            self._public = _raw_public(self.arn, self._call("GetPublicKey", {"KeyId": self.arn}, "PublicKey"))
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Raises SigningFailed: KMS does not sign, or what it gave is no signature of this key over the message."""
        asked = {"KeyId": self.arn, "Message": message, "MessageType": "RAW", "SigningAlgorithm": KMS_ALGORITHM}
        signature = bytes(self._call("Sign", asked, "Signature")["Signature"])
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            reason = "the signature that came back is not that of the pinned public key, and was thrown away"
            raise SigningFailed(self.arn, reason) from None
        return signature


def _raw_public(arn: str, answer: Mapping[str, Any]) -> bytes:
    """The 32 bytes in an answer of GetPublicKey, which holds a DER SubjectPublicKeyInfo. Raises SettingsError."""
    spec, usage = answer.get("KeySpec"), answer.get("KeyUsage")
    if (spec, usage) != (KMS_SPEC, "SIGN_VERIFY"):
        raise SettingsError(
            f"The key {arn} (evidence.kms_key) is of spec {spec} and usage {usage}: make one of spec {KMS_SPEC} and "
            "usage SIGN_VERIFY."
        )
    try:
        key = load_der_public_key(bytes(answer["PublicKey"]))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise SettingsError(f"What KMS gave as the public key of {arn} is no Ed25519 key: name another key.")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def signed(text: str, name: str, signer: Signer) -> str:
    """The text as a signed note."""
    key = PublicKey(name, signer.public)
    return str(Note(text, (Signature(name, key.id, signer.sign(text.encode())),)))


def is_signed_by(note: Note, key: PublicKey) -> bool:
    """Whether one of the note's signatures is this key's, and right."""
    for signature in note.signatures:
        if (signature.name, signature.key) != (key.name, key.id):
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.raw).verify(signature.raw, note.text.encode())
        except InvalidSignature:
            return False
        return True
    return False


def checked_head(text: str, entries: Sequence[KeyEntry]) -> Checkpoint:
    """The checkpoint in a signed head.

    Raises:
        ValueError: it is none, or not signed by the key that counted at its size.
    """
    note = parse_note(text)
    checkpoint = parse_checkpoint(note.text)
    if any(is_signed_by(note, entry.key) for entry in signer_at(entries, checkpoint.size)):
        return checkpoint
    if any(is_signed_by(note, entry.key) for entry in entries):
        raise ValueError("it is signed by a key that did not count at that size")
    raise ValueError("no pinned key has signed it")


# --- the file of public keys


def key_entries(document: Any) -> list[KeyEntry]:
    """The keys of a document (see :func:`keys_document`), each checked to be handed over to by the one before.

    Raises:
        ValueError: it is no such document, or the chain is broken.
    """
    try:
        entries = [
            KeyEntry(
                public_key(one["key"]),
                int(one["since"]),
                datetime.fromisoformat(one["at"]),
                one["endorsement"],
                one.get("kms"),
            )
            for one in document["keys"]
        ]
    except (TypeError, KeyError, AttributeError):
        raise ValueError("it is no list of public keys of vigie") from None
    if not entries:
        raise ValueError("it holds no key")
    for before, after in pairwise(entries):
        note = parse_note(after.endorsement or "")
        if note.text != endorsement_text(after.key, after.since, after.at) or not is_signed_by(note, before.key):
            raise ValueError(f"the key {after.key} was not handed over to by the one before it")
        if after.since < before.since:
            raise ValueError(f"the key {after.key} took over before the one before it did")
    return entries


def keys_document(entries: Sequence[KeyEntry]) -> dict[str, Any]:
    """What others are given: who holds a secret key is nothing of theirs."""
    return {
        "keys": [
            {"key": str(e.key), "since": e.since, "at": instant_text(e.at), "endorsement": e.endorsement}
            for e in entries
        ]
    }


def read_keys(file: Path) -> list[KeyEntry]:
    """Raises SettingsError: it cannot be read, or is no file of keys."""
    try:
        return key_entries(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError(f"The public keys {file} cannot be read ({error.strerror}).") from None
    except ValueError as error:
        raise SettingsError(f"The public keys {file} cannot be used ({error}): restore them from your copy.") from None


def write_keys(file: Path, entries: Sequence[KeyEntry]) -> None:
    """Whole or not at all. Raises OSError."""
    new = file.with_name(f".{file.name}.new")
    document = keys_document(entries)
    for one, entry in zip(document["keys"], entries, strict=True):
        if entry.kms is not None:
            one["kms"] = entry.kms
    new.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    os.replace(new, file)


def pinned(given: str) -> list[PublicKey | KeyEntry]:
    """Keys as a user names them: one ``vkey``, or a file of them (its first line, or a file of public keys).

    Raises:
        SettingsError: neither.
    """
    try:
        return [public_key(given)]
    except ValueError:
        pass  # then it is a file
    file = Path(given).expanduser()
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{given!r} is neither a public key (vigie+1a2b3c4d+AQ…) nor a file of one.") from None
    if text.lstrip().startswith("{"):
        return list(read_keys(file))
    try:
        return [public_key(line) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    except ValueError as error:
        raise SettingsError(f"The file {file} is no file of public keys: {error}.") from None


def trusted(entries: Sequence[KeyEntry], pins: Sequence[PublicKey | KeyEntry]) -> list[KeyEntry]:
    """Those of a chain that somebody who pinned some keys may trust: from the first pinned one on.

    ``entries``: a checked chain (:func:`key_entries`), itself trusted by nobody.
    """
    raw = {pin.key if isinstance(pin, KeyEntry) else pin for pin in pins}
    first = next((n for n, entry in enumerate(entries) if entry.key in raw), None)
    return [] if first is None else list(entries[first:])


def sealed_bundle(document: dict[str, Any], name: str, signer: Signer) -> str:
    """A bundle as it is written: signed as a whole, in its one spelling."""
    return bundle_text(document | {"seal": signed(seal_text(document), name, signer)})


def checked_bundle(text: str, pins: Sequence[PublicKey | KeyEntry]) -> tuple[Shown, Checkpoint]:
    """What an evidence bundle proves to somebody who trusts those keys: no store, no network, nothing but the file.

    Raises:
        BundleError: It is no bundle, is signed by nobody who is trusted, or does not prove what it claims.
    """
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or bundle_text(document) != text:
            raise BundleError("it is no evidence bundle of vigie, or was written anew by another program")
        entries = trusted(key_entries(document), pins)
        if not entries:
            raise BundleError("it is signed by a log whose key was not given")
        head = checked_head(document["head"], entries)
        seal = parse_note(document.pop("seal"))
    except BundleError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(f"it is no whole bundle of vigie: {error}") from None
    sealing = signer_at(entries, head.size)
    if seal.text != seal_text(document) or not any(is_signed_by(seal, entry.key) for entry in sealing):
        raise BundleError("its seal is broken: something in it was changed")
    return checked(document, head), head
