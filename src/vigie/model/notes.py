"""Signed notes and checkpoints, the public text formats for tree heads of transparency logs.

C2SP signed-note, tlog-checkpoint and (for keys) the ``vkey`` encoding [K]. A checkpoint is three lines (the log's name,
its size, its root in base64), here followed by one of our own with the time; signatures come after an empty line.
This module puts texts together and takes them apart; it knows no cryptography (vigie.app.signing does).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from vigie.model.canonical import instant_text

ED25519: Final = 1
"""Signature type of a key in the signed-note format."""
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 key under the name of its log."""

    name: str
    raw: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that say which key a signature is of."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes((ED25519,)) + self.raw).digest()[:4]

    def __str__(self) -> str:
        """As a ``vkey``: what people pin."""
        encoded = base64.b64encode(bytes((ED25519,)) + self.raw).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"


def public_key(vkey: str) -> PublicKey:
    """Raises ``ValueError``: no key in that form, or with a wrong id."""
    name, _, rest = vkey.strip().partition("+")
    id_, _, encoded = rest.partition("+")
    raw = _base64(encoded)
    if not is_log_name(name) or len(raw) != KEY_BYTES + 1 or raw[0] != ED25519:
        raise ValueError(f"{vkey!r} is no Ed25519 key of a log: it looks like vigie+1a2b3c4d+AQ…")
    key = PublicKey(name, raw[1:])
    if key.id.hex() != id_:
        raise ValueError(f"the key {vkey!r} is damaged: its id does not fit")
    return key


def is_log_name(name: str) -> bool:
    """Whether a log may be called that: no white space, no plus sign."""
    return bool(name) and name.isprintable() and "+" not in name and not any(c.isspace() for c in name)


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    key: bytes
    """Id of the key."""
    raw: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signatures."""

    text: str
    """Ends with a newline."""
    signatures: tuple[Signature, ...] = ()

    def __str__(self) -> str:
        lines = [f"{_DASH}{s.name} {base64.b64encode(s.key + s.raw).decode()}\n" for s in self.signatures]
        return self.text + "\n" + "".join(lines)


def parse_note(text: str) -> Note:
    """Raises ``ValueError``: no signed note."""
    body, found, tail = text.rpartition("\n\n")
    if not found or not tail.endswith("\n"):
        raise ValueError("it is no signed note")
    return Note(body + "\n", tuple(_signature(line) for line in tail[:-1].split("\n")))


def _signature(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise ValueError("it has a line after its text that is no signature")
    name, _, encoded = line.removeprefix(_DASH).rpartition(" ")
    raw = _base64(encoded)
    if not is_log_name(name) or len(raw) < 5:
        raise ValueError("it has a signature that cannot be read")
    return Signature(name, raw[:4], raw[4:])


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head, before it is signed."""

    origin: str
    size: int
    root: bytes
    at: datetime

    def __str__(self) -> str:
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\ntime {instant_text(self.at)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Raises ``ValueError``: no checkpoint of vigie."""
    lines = text.split("\n")
    if len(lines) != 5 or lines[4] or not lines[3].startswith("time "):
        raise ValueError("it is no checkpoint of vigie")
    origin, size, root, time = lines[:4]
    raw = _base64(root)
    if not is_log_name(origin) or not (size.isascii() and size.isdigit()) or str(int(size)) != size or len(raw) != 32:
        raise ValueError("it is no checkpoint of vigie")
    at = datetime.fromisoformat(time.removeprefix("time ")).astimezone(UTC)
    checkpoint = Checkpoint(origin, int(size), raw, at)
    if str(checkpoint) != text:
        raise ValueError("it is not spelled as vigie spells checkpoints")
    return checkpoint


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key of a log, and how it came to be trusted."""

    key: PublicKey
    since: int
    """Leaves of the log when it took over."""
    at: datetime
    endorsement: str | None = None
    """A note signed by the key before; None of the first."""
    kms: str | None = None
    """ARN of the key in AWS KMS that holds the secret one; None: it is (or was) in a data directory. Known only beside
    the own log, and told in no bundle."""


def endorsement_text(key: PublicKey, since: int, at: datetime) -> str:
    """What the old key signs when a new one takes over."""
    return f"vigie: the key of the log {key.name} is replaced\n{key}\nfrom leaf {since}\ntime {instant_text(at)}\n"


def signer_at(entries: Sequence[KeyEntry], size: int) -> list[KeyEntry]:
    """The keys that may have signed a head of that size: one, or two at the size at which one took over."""
    last = [entry.since for entry in entries[1:]] + [None]
    return [
        entry
        for entry, until in zip(entries, last, strict=True)
        if entry.since <= size and (until is None or size <= until)
    ]


def _base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("it holds what is no base64") from None
    if base64.b64encode(raw).decode() != text:
        raise ValueError("it holds base64 that is spelled in another way")
    return raw
