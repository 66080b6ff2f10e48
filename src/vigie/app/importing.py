"""Taking over what others recorded."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from vigie.app.parts import Parts
from vigie.model.errors import UsageError
from vigie.model.imported import ImportedState, ImportReport

_AT_ONCE = 500
_LARGEST = 2_000_000_000
"""Bytes of one file, unpacked: what is larger is no file of AWS Config's, and would fill the memory."""
_ENDINGS = (".json", ".json.gz", ".gz")


class Importing(Parts):
    """Imports: files at hand, nothing is fetched."""

    def import_config(self, paths: Sequence[Path]) -> ImportReport:
        """Record the configuration items of AWS Config's files, and of those below folders.

        What is recorded already is left as it is, so that an import may be repeated. What cannot be read is told in
        the report and stops nothing.

        Raises:
            UsageError: A folder holds no such file.
        """
        from vigie.model.canonical import keyed_redactor
        from vigie.watch.imports.config_items import Refused, read_items

        redactor = keyed_redactor(self.key("redaction"))
        report = ImportReport()
        for file in _files(paths):
            report.files += 1
            document, problem = _document(file)
            if problem is not None:
                report.problems.append(f"{file}: {problem}")
                continue
            waiting: list[ImportedState] = []
            for found in read_items(document, file.name, redactor):
                if isinstance(found, Refused):
                    report.problems.append(str(found))
                    continue
                report.read += 1
                waiting.append(found)
                if len(waiting) == _AT_ONCE:
                    report.recorded += self._keep(waiting)
                    waiting = []
            report.recorded += self._keep(waiting)
        return report

    def _keep(self, states: Sequence[ImportedState]) -> int:
        with self.history.begin() as tx:
            return self.history.imported.record(tx, states, self._clock())


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(file for file in path.rglob("*") if file.is_file() and file.name.endswith(_ENDINGS))
        if not found:
            raise UsageError(f"There is no .json or .json.gz below {path}.")
        yield from found


def _document(file: Path) -> tuple[object, str | None]:
    """The parsed file, or why it cannot be read."""
    try:
        raw = file.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = _unpacked(raw)
        return json.loads(raw), None
    except OSError as error:
        return None, error.strerror or str(error)
    except (EOFError, zlib.error):
        return None, "it is cut short, or not gzip"
    except (ValueError, RecursionError) as error:
        return None, f"it is not JSON: {error}"


def _unpacked(raw: bytes) -> bytes:
    """Raises ValueError: it is larger than any file of AWS Config's."""
    with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:
        found = packed.read(_LARGEST + 1)
    if len(found) > _LARGEST:
        raise ValueError(f"it has more than {_LARGEST:,} bytes")
    return found
