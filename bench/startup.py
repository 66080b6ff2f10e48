"""Start-up: what a command costs before it does anything."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from bench.processes import REGION, ROOT, VIGIE, environment, run
from bench.tables import Table

TIMES = 5
_TICKS = os.sysconf("SC_CLK_TCK")


def startup(resources: int) -> list[Table]:
    """CPU of commands that hardly do anything, and until a sweep's first call is sent. The estate has no part in it."""
    rows = [_command(["--help"]), _command(["--version"]), _command(["rules", "list"]), *_first_calls()]
    notes = [
        f"The least of {TIMES} runs. Targets: `vigie --help` 0.3 s; a sweep's first call within a second or so.",
        "Without compiled files (PYTHONDONTWRITEBYTECODE in a fresh tree) it is more: `python -m compileall -q src`.",
    ]
    return [Table("start-up", ("", "CPU s", "peak MB", "wall s"), rows, notes)]


def _command(words: list[str]) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as folder:
        env = environment(VIGIE_DATA_DIR=folder)
        costs = [run([*VIGIE, *words], env) for _ in range(TIMES)]
    cpu, peak, wall = (min(values) for values in zip(*((c.cpu, c.peak, c.wall) for c in costs), strict=True))
    return (f"vigie {' '.join(words)}", f"{cpu:.2f}", f"{peak:.0f}", f"{wall:.2f}")


def _first_calls() -> list[tuple[str, ...]]:
    new, known = [], []
    for _ in range(TIMES):
        with tempfile.TemporaryDirectory() as folder:
            new.append(_until_first_call(folder))
            known.append(_until_first_call(folder))
    return [_row("vigie sweep, until its first call", known), _row("the same, making the store", new)]


def _row(name: str, spent: list[tuple[float, float]]) -> tuple[str, ...]:
    cpu, wall = (min(values) for values in zip(*spent, strict=True))
    return (name, f"{cpu:.2f}", "", f"{wall:.2f}")


def _until_first_call(folder: str) -> tuple[float, float]:
    """CPU and clock seconds of a sweep until it connects to its AWS."""
    with socket.create_server(("127.0.0.1", 0)) as aws:
        env = environment(f"http://127.0.0.1:{aws.getsockname()[1]}", VIGIE_DATA_DIR=folder)
        began = time.monotonic()
        command = [*VIGIE, "sweep", "--region", REGION]
        with subprocess.Popen(command, env=env, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
            aws.settimeout(60)
            connection, _ = aws.accept()
            wall = time.monotonic() - began
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            process.kill()
            connection.close()
    return (int(fields[11]) + int(fields[12])) / _TICKS, wall
