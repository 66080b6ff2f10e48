"""The table of faults says what is tested, and names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "reference" / "faults.md").read_text()


def test_every_fault_of_the_design_has_a_row_with_a_test() -> None:
    rows = dict(re.findall(r"^\| (F\d\d) \|(.*)$", PAGE, re.MULTILINE))

    assert sorted(rows) == [f"F{number:02d}" for number in range(1, 45)]
    assert [id for id, row in rows.items() if "test_" not in row] == []


def test_every_test_that_the_table_names_exists() -> None:
    exist = {
        name
        for file in HERE.glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    }

    assert set(re.findall(r"test_\w+", PAGE)) - exist == set()
