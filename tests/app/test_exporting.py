"""Exports hold what they say, verify without a store, and fail after a byte is changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from happenings import event
from recordings import HOUR, T0, draft, look, queue
from vigie.app import App
from vigie.app.exporting import verify_export
from vigie.app.signing import pinned
from vigie.history.store import History
from vigie.model.change import ChangeKind
from vigie.model.errors import UsageError
from vigie.model.retention import Action, Policy
from vigie.settings import Settings


@pytest.fixture
def app(sqlite_history: History, tmp_path: Path) -> Any:
    url = sqlite_history.engine.url.render_as_string(hide_password=False).replace("+pysqlite", "")
    made = App(Settings.model_validate({"data_dir": tmp_path / "data", "database_url": url}))
    for number in range(5):
        at = T0 + number * HOUR
        kind = ChangeKind.CHANGED if number else ChangeKind.CREATED
        made.history.recorder.record(look(at, draft(queue("a"), kind, at, {"N": number, "Ü": "é"})), at)
    gone = T0 + 5 * HOUR
    made.history.recorder.record(look(gone, draft(queue("a"), ChangeKind.DELETED, gone)), gone)
    with made.history.begin() as tx:
        made.history.events.record(tx, [event(at=T0), event(at=T0 + 90 * HOUR)], T0)
    yield made
    made.close()


@pytest.fixture
def exported(app: App, tmp_path: Path) -> tuple[Path, list[Any]]:
    folder = tmp_path / "cold"
    done = app.export(T0 + 6 * HOUR, folder)
    assert (done.revisions, done.events) == (6, 1)
    return folder, pinned(str(app.log_keys()[0].key))


def test_an_export_is_read_by_any_tool(exported: tuple[Path, list[Any]]) -> None:
    rows = pyarrow.parquet.read_table(exported[0] / "revisions.parquet").to_pylist()
    assert [row["kind"] for row in rows] == ["created", *["changed"] * 4, "deleted"]
    assert json.loads(rows[2]["configuration"]) == {"N": 2, "Ü": "é"}
    assert rows[2]["differences"] == [{"path": "/N", "op": "replace", "old": "1", "new": "2", "ephemeral": False}]
    assert rows[0]["observed_at"] == T0
    (one,) = pyarrow.parquet.read_table(exported[0] / "events.parquet").to_pylist()
    assert one["at"] == T0 and json.loads(one["record"])


def test_an_export_verifies_without_its_store(exported: tuple[Path, list[Any]], app: App, tmp_path: Path) -> None:
    app.close()
    for file in tmp_path.glob("vigie.sqlite*"):
        file.unlink()
    found = verify_export(*exported)
    assert (found.defects, found.rows) == ([], {"revision": 6})
    assert found.leaves > 6


def test_what_was_erased_is_exported_as_such(app: App, tmp_path: Path) -> None:
    policy = Policy("forget", Action.ERASE, older_than=HOUR)
    (going,) = app.history.retention.plan([policy], [], T0 + 4 * HOUR)
    assert app.history.retention.apply(going, "kim", T0 + 9 * HOUR) == 3
    app.export(T0 + 6 * HOUR, tmp_path / "cold")
    found = verify_export(tmp_path / "cold", pinned(str(app.log_keys()[0].key)))
    assert (found.defects, found.erased) == ([], 3)


def rewritten(folder: Path, change: Callable[[list[dict[str, Any]]], object], name: str = "revisions.parquet") -> None:
    table = pyarrow.parquet.read_table(folder / name)
    rows = table.to_pylist()
    change(rows)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=table.schema), folder / name)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[1].update(configuration='{"N":7}'),
        lambda rows: rows[1].update(observed_at=T0),
        lambda rows: rows[1].update(kind="ephemeral"),
        lambda rows: rows[1]["differences"][0].update(new="7"),
        lambda rows: rows[1].update(salt=b"\1" * 16),
        lambda rows: rows[1].update(position=0),
        lambda rows: rows[1].update(position=10**9),
        lambda rows: rows[1].update(configuration=None),
    ],
)
def test_a_revision_that_was_rewritten_is_named(
    exported: tuple[Path, list[Any]], change: Callable[[list[dict[str, Any]]], object]
) -> None:
    rewritten(exported[0], change)
    found = verify_export(*exported)
    assert {defect.part for defect in found.defects} == {"file", "revision"}
    assert any(defect.name.startswith("revision 2 of AWS::SQS::Queue a") for defect in found.defects)


@pytest.mark.parametrize("name", ["revisions.parquet", "events.parquet", "leaves.parquet", "manifest.json"])
def test_a_changed_byte_in_any_file_is_found(exported: tuple[Path, list[Any]], name: str) -> None:
    folder, pins = exported
    content = (folder / name).read_bytes()
    for position in (0, len(content) // 3, len(content) // 2, len(content) - 9):
        changed = bytearray(content)
        changed[position] ^= 1
        (folder / name).write_bytes(bytes(changed))
        assert not verify_export(folder, pins).sound, position


def test_leaves_of_another_log_do_not_fit_the_head(exported: tuple[Path, list[Any]]) -> None:
    rewritten(exported[0], lambda rows: rows.pop(), "leaves.parquet")
    assert "head" in {defect.part for defect in verify_export(*exported).defects}


def test_a_file_that_is_gone_is_found(exported: tuple[Path, list[Any]]) -> None:
    (exported[0] / "events.parquet").unlink()
    assert [defect.name for defect in verify_export(*exported).defects] == ["events.parquet"]


def test_mistakes_are_told(app: App, exported: tuple[Path, list[Any]], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not empty"):
        app.export(T0, exported[0])
    with pytest.raises(UsageError, match="no export of vigie"):
        verify_export(tmp_path / "nowhere", exported[1])
    shutil.copytree(exported[0], tmp_path / "copy")
    stranger = pinned("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    assert not verify_export(tmp_path / "copy", stranger).sound
