"""What others recorded is kept once, beside vigie's own history, and found by the resource it speaks of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from recordings import HOUR, SCOPE, T0, queue
from vigie.history import verifying
from vigie.history.store import History
from vigie.model.canonical import digests
from vigie.model.imported import ImportedState, ImportSource


def imported(hour: int, size: int, **parts: object) -> ImportedState:
    configuration = {"configuration": {"size": size}}
    state = ImportedState(
        ImportSource.AWS_CONFIG, SCOPE.account, SCOPE.region, SCOPE.type, "jobs", T0 + hour * HOUR, True,
        configuration, status="OK", name="jobs", origin="a.json", config_sha=digests(configuration)[0],
    )  # fmt: skip
    return replace(state, **parts)  # type: ignore[arg-type]


def keep(history: History, *states: ImportedState, at: datetime = T0) -> int:
    with history.begin() as tx:
        return history.imported.record(tx, states, at)


def test_the_same_state_is_kept_once_however_often_it_is_imported(history: History) -> None:
    assert keep(history, imported(0, 1), imported(1, 2)) == 2
    assert keep(history, imported(1, 2), imported(2, 2)) == 1
    assert keep(history) == 0
    assert [state.captured_at for state in history.imported.states("jobs")] == [T0 + n * HOUR for n in (2, 1, 0)]


def test_a_time_is_answered_with_the_last_state_up_to_it_and_when_the_next_began(history: History) -> None:
    keep(history, imported(0, 1), imported(2, 2))
    found = history.imported.at(queue("jobs"), T0 + HOUR)
    assert found is not None
    assert (found.state.configuration, found.next_at) == ({"configuration": {"size": 1}}, T0 + 2 * HOUR)
    last = history.imported.at("jobs", T0 + 9 * HOUR)
    assert last is not None
    assert last.next_at is None
    assert history.imported.at("jobs", T0 - HOUR) is None


def test_a_resource_is_recognised_by_arn_id_uid_or_name_within_its_account_and_type(history: History) -> None:
    keep(
        history,
        imported(0, 1, id="AROAJOBS"),
        imported(0, 2, account="999988887777"),
        imported(0, 3, type="AWS::SNS::Topic"),
    )
    when = T0 + HOUR
    found = history.imported.at(queue("jobs", uid="AROAJOBS"), when)
    assert found is not None
    assert found.state.configuration == {"configuration": {"size": 1}}
    assert history.imported.at(queue("other"), when) is None
    assert len(history.imported.identities("jobs")) == 3


def test_what_was_imported_cannot_be_rewritten(history: History) -> None:
    keep(history, imported(0, 1))
    for statement in ("UPDATE imported_state SET origin = 'b'", "DELETE FROM imported_state"):
        with pytest.raises(DBAPIError, match="append-only"), history.begin() as tx:
            tx.execute(text(statement))


@pytest.mark.parametrize(
    "column",
    [
        "source",
        "account",
        "region",
        "type",
        "id",
        "arn",
        "name",
        "captured_at",
        "present",
        "status",
        "origin",
        "blob_pk",
    ],
)
def test_what_was_imported_and_then_tampered_with_is_found(sqlite_history: History, column: str) -> None:
    keep(sqlite_history, imported(0, 1), imported(1, 2))
    found = verifying.verify(sqlite_history.engine)
    assert (found.defects, found.rows) == ([], {"imported state": 2})
    other = {"captured_at": "captured_at + 1", "present": "0", "blob_pk": "3 - blob_pk"}.get(column, "'other'")
    with sqlite_history.begin() as tx:
        tx.execute(text("DROP TRIGGER imported_state_refuses_update"))
        tx.execute(text(f"UPDATE imported_state SET {column} = {other} WHERE pk = 2"))
    (defect,) = verifying.verify(sqlite_history.engine).defects
    assert defect.part == "imported state" and "state 2 of" in defect.name
