"""Running a process and learning what it cost."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
VIGIE = (sys.executable, "-m", "vigie")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIA111111111111TEST", "AWS_SECRET_ACCESS_KEY": "none"}
REGION = "eu-west-1"


@dataclass(frozen=True)
class Cost:
    """What a process took from its start to its end."""

    cpu: float
    """Seconds, user and system, of the process and its children."""
    wall: float
    """Seconds. On a machine that others use too, it says little."""
    peak: float
    """Resident memory at its highest, in MB (10⁶ bytes)."""
    output: str


def environment(url: str | None = None, **more: str) -> dict[str, str]:
    """The environment of a measured process: nothing of the user's own AWS or vigie."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "VIGIE_"))}
    aws = {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", **KEYS}
    return {**kept, **({name: value for name, value in aws.items() if value} if url else {}), **more}


def cpu_of(pid: int) -> float:
    """Seconds, user and system, that a running process has taken so far (Linux)."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def run(command: Sequence[str], env: Mapping[str, str], *, allowed: Sequence[int] = (0,)) -> Cost:
    """Run a command to its end.

    Raises:
        RuntimeError: It ended with an exit code that is not allowed; says what it wrote.
    """
    with tempfile.TemporaryFile() as written:
        began = time.monotonic()
        process = subprocess.Popen(command, env=dict(env), cwd=ROOT, stdout=written, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        written.seek(0)
        output = written.read().decode(errors="replace")
    if process.returncode not in allowed:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {output[-2000:]}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * 1024 / 1e6, output)


@contextmanager
def estate(resources: int) -> Iterator[str]:
    """An AWS on loopback that holds about so many resources in one region, in a process of its own; gives its URL."""
    command = [sys.executable, "-m", "vigie.testing.estates", "--resources", str(resources), "--region", REGION]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError("the AWS of the benchmark did not start")
            yield url
        finally:
            process.terminate()
