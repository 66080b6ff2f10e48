"""Reading CloudTrail records: events a second on one core, from a file's bytes to events with their subjects.

The records are those of tests/watch/events/cases, and reads beside them as trails have them (nine of ten).
"""

from __future__ import annotations

import gzip
import sys
import time
from pathlib import Path
from typing import Any

import orjson

from bench.tables import Table

TESTS = Path(__file__).parent.parent / "tests"
ROUNDS = 40


def events(resources: int) -> list[Table]:
    """``resources`` does not matter here."""
    del resources
    sys.path.insert(0, str(TESTS))
    from records import cases, record
    from vigie.catalogue.loader import load
    from vigie.watch.events import Interpreter, read

    interpreter = Interpreter(load())
    writes = [each for _, each, _ in cases()]
    reads = [
        record("ec2", "DescribeInstances", {"instancesSet": {}, "filterSet": {}}, None, readOnly=True)
        for _ in writes * 9
    ]
    rows = []
    for what, records in (("writes", writes * ROUNDS), ("as in trails", [*writes, *reads] * (ROUNDS // 8))):
        content = gzip.compress(orjson.dumps({"Records": records}))
        began = time.process_time()
        count = sum(1 for _ in read(content, interpreter))
        took = time.process_time() - began
        rows.append((what, f"{count:,}", f"{count / took:,.0f}", f"{took / count * 1e6:.0f}"))
    return [Table("CloudTrail records, CPU of one core", COLUMNS, rows)]


COLUMNS: Any = ("records", "how many", "a second", "µs each")
