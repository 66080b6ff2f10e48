"""Fixtures that every part may use: real stores, and nothing that reaches outside this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from vigie.history.store import History, open_history
from vigie.history.tables.all import metadata
from vigie.testing.local_aws import LocalAccount, local_aws

# importmode=importlib: what several test modules share is imported from here
sys.path.insert(0, str(Path(__file__).parent))

# clocks assert nothing: a machine that is busy must not fail a test. CI tries the same examples every time; developers
# try new ones
settings.register_profile(
    "vigie", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("vigie")


@pytest.fixture(scope="session")
def moto_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A local AWS that all tests of a process share, each with an account of its own."""
    with local_aws(tmp_path_factory.mktemp("moto") / "moto.log", managed_policies=False) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def new_account(moto_endpoint: str) -> Callable[[], LocalAccount]:
    """Makes accounts that no other test uses."""
    numbers = count(300_000_000_001)
    return lambda: LocalAccount(moto_endpoint, str(next(numbers)))


@pytest.fixture(params=["sqlite", "postgres"])
def history(request: pytest.FixtureRequest) -> History:
    """An empty store, on a real SQLite file and on a real PostgreSQL."""
    store: History = request.getfixturevalue(f"{request.param}_history")
    return store


@pytest.fixture
def history_url(history: History) -> str:
    """Where the store of ``history`` is: what a second process opens."""
    return history.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def sqlite_history(tmp_path: Path, sqlite_template: Path) -> Iterator[History]:
    path = tmp_path / "vigie.sqlite"
    shutil.copy(sqlite_template, path)
    with open_history(f"sqlite:///{path}") as store:
        yield store


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, to be copied: cheaper than making the schema for every test."""
    path = tmp_path_factory.mktemp("template") / "vigie.sqlite"
    open_history(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def postgres_history(postgres: Cluster, postgres_database: str) -> Iterator[History]:
    with open_history(postgres.url(postgres_database)) as store:
        yield store
    postgres.empty(postgres_database)


@pytest.fixture(scope="session")
def postgres_database(postgres: Cluster) -> str:
    """One database for all tests, emptied after each: cheaper than a new one."""
    postgres.run_sql("CREATE DATABASE vigie_test")
    open_history(postgres.url("vigie_test")).close()
    return "vigie_test"


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL of our own, reachable only through a socket in its directory."""

    directory: Path
    port: int = 5432

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.directory}&port={self.port}"

    def run_sql(self, *statements: str, database: str = "postgres") -> None:
        import psycopg

        dsn = f"host={self.directory} port={self.port} user=postgres dbname={database}"
        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def empty(self, database: str) -> None:
        """As superuser, with the triggers of append-only tables asleep, and whoever is still connected thrown out."""
        names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        self.run_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "SET session_replication_role = replica",
            f"TRUNCATE {names} RESTART IDENTITY CASCADE",
            database=database,
        )


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL started for this test run, as another user where we are root (it refuses to run as root)."""
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed")
    directory = Path(tempfile.mkdtemp(prefix="vigie-pg-"))
    as_root = os.geteuid() == 0
    if as_root:
        shutil.chown(directory, "postgres", "postgres")
    data = directory / "data"

    def run(*command: str) -> None:
        user = pwd.getpwnam("postgres") if as_root else None
        done = subprocess.run(
            command,
            cwd="/",
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr}")

    try:
        run(str(binaries / "initdb"), "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D", str(data))
        options = f"-k {directory} -h '' -c fsync=off -c full_page_writes=off -c max_connections=200"
        run(str(binaries / "pg_ctl"), "-w", "-D", str(data), "-l", str(directory / "log"), "-o", options, "start")
        yield Cluster(directory)
    finally:
        if (data / "postmaster.pid").exists():
            run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(directory, ignore_errors=True)


def _postgres_binaries() -> Path | None:
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None
