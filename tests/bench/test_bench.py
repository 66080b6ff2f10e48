"""The benchmarks run, and print their tables. What they measure is for people to judge."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        (
            "sweep",
            ["bare botocore", "first sweep", "Revisions that the second sweep recorded: 0."],
        ),
        ("recording", ["SQLite: first look", "SQLite: changes", "SQLite: state_at"]),
        ("past", ["SQLite: estate at a time", "SQLite: with configurations"]),
        ("evidence", ["SQLite: revisions verified", "SQLite: leaves appended"]),
        ("reach", ["reach of every instance", "verdicts on changed security groups"]),
        ("judging", ["swept, again", "`vigie audit`, a whole process", "examples, queue"]),
    ],
)
def test_a_benchmark_prints_its_table(name: str, rows: list[str]) -> None:
    done = bench(name, "--resources", "1")
    assert done.returncode == 0, done.stderr
    assert f"## {name}: " in done.stdout
    for row in rows:
        assert f"\n{row}" in done.stdout


def test_a_benchmark_that_does_not_exist_is_told_with_those_that_do() -> None:
    done = bench("swep")
    assert done.returncode == 2
    assert "there is no benchmark swep; there are startup, sweep, recording, past, evidence" in done.stderr
