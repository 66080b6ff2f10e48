"""A PostgreSQL of the benchmark's own, reachable only through a socket in its directory."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """One that runs."""

    directory: Path

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.directory}"

    def cpu(self) -> float:
        """CPU seconds of the server and of the connections that were closed."""
        pid = (self.directory / "data" / "postmaster.pid").read_text().split()[0]
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / _TICKS


@contextmanager
def server() -> Iterator[Server | None]:
    """A PostgreSQL with its usual settings, as another user where we are root; None where it is not installed."""
    binaries = _binaries()
    if binaries is None:
        yield None
        return
    directory = Path(tempfile.mkdtemp(prefix="vigie-bench-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(directory, user, user)
    data = str(directory / "data")
    try:
        _run(user, str(binaries / "initdb"), "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D", data)
        log = ("-l", str(directory / "log"), "-o", f"-k {directory} -h ''")
        _run(user, str(binaries / "pg_ctl"), "-w", "-D", data, *log, "start")
        yield Server(directory)
    finally:
        if (directory / "data" / "postmaster.pid").exists():
            _run(user, str(binaries / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(directory, ignore_errors=True)


def _run(user: str | None, *command: str) -> None:
    group = pwd.getpwnam(user).pw_gid if user else None
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
    quiet = subprocess.DEVNULL
    subprocess.run(
        command, cwd="/", user=user, group=group, extra_groups=[] if user else None, env=env, stdout=quiet, check=True
    )


def _binaries() -> Path | None:
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None
