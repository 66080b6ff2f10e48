"""Cold storage: old revisions and events as Parquet files, with all that is needed to verify them without a store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vigie.app.proving import Proving
from vigie.model.canonical import canonical_bytes, instant_text
from vigie.model.errors import SettingsError, StoreError, UsageError
from vigie.model.verification import Verified

if TYPE_CHECKING:
    from vigie.model.notes import KeyEntry, PublicKey

FORMAT: Final = "vigie-export-1"
MANIFEST: Final = "manifest.json"
_TIMES = ("changed_after", "observed_at", "recorded_at", "looked_before", "erased_at", "at")
_TEXTS = ("account", "region", "type", "id", "arn", "name", "kind", "uid", "config_sha", "durable_sha", "unreadable")
_EVENT_TEXTS = ("id", "source", "name", "account", "region", "actor_kind", "actor_arn", "session", "issuer")


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds."""

    revisions: int
    events: int
    leaves: int
    files: Mapping[str, Mapping[str, Any]]
    """Name → ``sha256``, ``rows``, ``bytes``."""


class Exporting(Proving):
    """Exports."""

    def export(self, until: datetime, folder: Path) -> Exported:
        """Write revisions and events from before a time, under a head that is signed now. The store keeps them.

        Raises:
            SettingsError: pyarrow is not installed, or the files cannot be written.
            UsageError: The directory holds something already.
            StoreError: Nothing is in the evidence log.
            SigningFailed: The key is in KMS, and does not sign.
        """
        from vigie.app.signing import keys_document, signed

        parquet = _parquet()
        self.sign_head()
        self.anchor()
        head = self.history.log.last_head()
        if head is None:
            raise StoreError("There is nothing in the evidence log yet: `vigie sweep` fills it.")
        reading = self.history.exporting
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise UsageError(f"The directory {folder} is not empty: name a new one.")
            files = {
                "revisions.parquet": parquet.write(folder / "revisions.parquet", reading.revisions(until, head)),
                "events.parquet": parquet.write(folder / "events.parquet", reading.events(until)),
                "leaves.parquet": parquet.write(folder / "leaves.parquet", _hash_rows(reading.leaves(head.size))),
            }
            keys = self.log_keys()
            manifest: dict[str, Any] = {
                "format": FORMAT,
                "until": instant_text(until),
                "files": files,
                "head": head.note,
                **keys_document(keys),
            }
            manifest["seal"] = signed(_seal_text(manifest), keys[-1].key.name, self.signer)
            (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"The export cannot be written to {folder} ({error.strerror}).") from None
        revisions, events, leaves = (int(file["rows"]) for file in files.values())
        return Exported(revisions, events, leaves, files)


def verify_export(folder: Path, pins: Sequence[PublicKey | KeyEntry]) -> Verified:
    """Whether an export is as it was written, and its revisions are in the log whose head it holds. No store is needed.

    Raises:
        UsageError: It is no export.
        SettingsError: pyarrow is not installed.
    """
    from vigie.app.signing import checked_head, is_signed_by, key_entries, trusted
    from vigie.model.notes import parse_note, signer_at

    parquet = _parquet()
    found = Verified()
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        entries = trusted(key_entries(manifest), pins)
        head = checked_head(manifest["head"], entries)
        seal = parse_note(manifest.pop("seal"))
        files: Mapping[str, Mapping[str, Any]] = manifest["files"]
    except OSError as error:
        raise UsageError(f"{folder} is no export of vigie ({MANIFEST}: {error.strerror}).") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        found.defect("manifest", MANIFEST, f"it cannot be believed: {error}")
        return found
    sealing = signer_at(entries, head.size)
    if seal.text != _seal_text(manifest) or not any(is_signed_by(seal, entry.key) for entry in sealing):
        found.defect("manifest", MANIFEST, "its seal is broken: something in it was changed")
    found.heads = found.signatures = 1
    for name, file in files.items():
        if _sha256(folder / name) != file["sha256"]:
            found.defect("file", name, "it is not the file that was written")
    try:
        hashes = [row["leaf"] for row in parquet.read(folder / "leaves.parquet")]
        _verify_rows(found, hashes, parquet.read(folder / "revisions.parquet"), head.size, head.root)
    except (parquet.arrow.ArrowException, OSError, KeyError, TypeError) as error:
        found.defect("file", str(folder), f"it cannot be read: {error}")
    return found


def _verify_rows(found: Verified, hashes: Sequence[bytes], rows: Iterable[Any], size: int, root: bytes) -> None:
    from vigie.history.exporting import exported_leaf
    from vigie.model import merkle

    found.leaves, found.root = len(hashes), merkle.root(hashes)
    if (len(hashes), found.root) != (size, root):
        found.defect("head", f"the head of {size:,} leaves", "its root is not that of the leaves")
    for row in rows:
        name = f"revision {row['number']} of {row['type']} {row['id']} in {row['account']} {row['region']}"
        try:
            same = 0 <= row["position"] < len(hashes) and exported_leaf(row) == hashes[row["position"]]
        except (ValueError, TypeError, KeyError) as error:
            found.defect("revision", name, f"it holds what was never written: {error}")
            continue
        if same:
            found.counted("revision")
            found.erased += row["erased_commitment"] is not None
        else:
            found.defect("revision", name, "it is not what its leaf commits to")


def _hash_rows(batches: Iterable[list[bytes]]) -> Iterator[list[dict[str, Any]]]:
    position = 0
    for batch in batches:
        yield [{"position": position + n, "leaf": leaf} for n, leaf in enumerate(batch)]
        position += len(batch)


def _seal_text(manifest: Mapping[str, Any]) -> str:
    return f"{FORMAT}\n{hashlib.sha256(canonical_bytes(dict(manifest))).hexdigest()}\n"


def _sha256(file: Path) -> str | None:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return None


class _Parquet:
    """pyarrow, and the shapes of the files."""

    def __init__(self) -> None:
        import pyarrow
        import pyarrow.parquet

        self.arrow = pyarrow
        self._files = pyarrow.parquet
        arrow = pyarrow
        text, time, raw = arrow.string(), arrow.timestamp("us", tz="UTC"), arrow.binary()
        difference = [(name, text) for name in ("path", "op", "old", "new")] + [("ephemeral", arrow.bool_())]
        self._shapes = {
            "revisions.parquet": arrow.schema(
                [
                    ("position", arrow.int64()),
                    ("number", arrow.int64()),
                    *((name, text) for name in (*_TEXTS, "configuration", "erased_policy")),
                    *((name, time) for name in _TIMES if name != "at"),
                    ("differences", arrow.list_(arrow.struct(difference))),
                    *((name, raw) for name in ("salt", "erased_commitment", "differences_commitment")),
                ]
            ),
            "events.parquet": arrow.schema(
                [
                    *((name, text) for name in (*_EVENT_TEXTS, "access_key", "address", "agent", "record")),
                    ("at", time),
                    *((name, arrow.bool_()) for name in ("failed", "read_only")),
                ]
            ),
            "leaves.parquet": arrow.schema([("position", arrow.int64()), ("leaf", raw)]),
        }

    def write(self, file: Path, batches: Iterable[list[dict[str, Any]]]) -> dict[str, Any]:
        """Write rows; gives the file's ``sha256``, ``rows`` and ``bytes``. Raises OSError."""
        shape, rows = self._shapes[file.name], 0
        with self._files.ParquetWriter(file, shape, compression="zstd") as writer:
            for batch in batches:
                writer.write_table(self.arrow.Table.from_pylist(batch, schema=shape))
                rows += len(batch)
        return {"sha256": _sha256(file), "rows": rows, "bytes": file.stat().st_size}

    def read(self, file: Path) -> Iterator[dict[str, Any]]:
        """Rows, their times as microseconds again."""
        opened = self._files.ParquetFile(file)
        for batch in opened.iter_batches(batch_size=2_000):
            for index, field in enumerate(batch.schema):
                if self.arrow.types.is_timestamp(field.type):
                    plain = batch.column(index).cast(self.arrow.int64())
                    batch = batch.set_column(index, field.name, plain)
            yield from batch.to_pylist()


def _parquet() -> _Parquet:
    """Raises SettingsError: pyarrow is not installed."""
    try:
        return _Parquet()
    except ImportError:
        raise SettingsError("Exports need the library pyarrow: pip install 'vigie[parquet]'.") from None
