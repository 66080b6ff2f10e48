"""Listening: events a second from a queue to the commit, and how long a change takes from its event to a notification.

The queue of the first table answers at once (bench/quick_queue.py); that of the second, and what is read, are a local
AWS (moto). Both are processes of their own on the same machine. The delays after an
event are a twentieth of those on AWS (0.15 s instead of 3 s until the first look): add the difference for AWS.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.processes import VIGIE, cpu_of, environment, run
from bench.tables import Table
from vigie.app import App
from vigie.settings import load_settings
from vigie.testing.local_aws import REGION, LocalAccount, local_aws
from vigie.testing.trail import Trail, user

ACCOUNT = "111122223333"
TARGET = 300
CHANGES_A_SECOND = 20
Row = tuple[str, ...]


def listening(resources: int) -> list[Table]:
    """``resources``: so many events, and a tenth as many changes (at most 400)."""
    with TemporaryDirectory() as folder, local_aws(Path(folder) / "moto.log", managed_policies=False) as url:
        account = LocalAccount(url, ACCOUNT)
        taken = [_from_queue(Path(folder), max(resources, 100))]
        told = [_to_notification(Path(folder), account, min(max(resources // 10, 10), 400))]
    return [
        Table(
            "listening: events from the queue to the commit (no read is needed)",
            ("", "events", "wall s", "events a second", "CPU ms an event", "bytes an event in the store"),
            taken,
            [f"Target: {TARGET} a second on 2 cores. The queue's own process is not in the CPU time."],
        ),
        Table(
            f"listening: from the event to the notification, at {CHANGES_A_SECOND} changes a second",
            ("", "changes", "told", "p50 s", "p99 s", "CPU ms a change"),
            told,
            [
                "From the time at which the event is put into the queue to that at which a webhook has the change.",
                "CPU: of the listening process, from the first change until all are told, without its start.",
            ],
        ),
    ]


def _settings(folder: Path, queue: str, more: str = "") -> Path:
    file = folder / "vigie.toml"
    file.write_text(
        f'regions = ["{REGION}"]\ntypes = ["AWS::SQS::Queue"]\n[[events.queues]]\nurl = "{queue}"\n{more}',
        encoding="utf-8",
    )
    return file


def _from_queue(folder: Path, count: int) -> Row:
    command = [sys.executable, "-m", "bench.quick_queue", "0", str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        url = f"http://127.0.0.1:{port}"
        keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": REGION}
        with _environ(environment(url) | keys):
            return _taken_in(folder, f"{url}/{ACCOUNT}/events", count)
    finally:
        process.kill()
        process.wait()


def _taken_in(folder: Path, queue: str, count: int) -> Row:
    app = App(load_settings(_settings(folder, queue), overrides={"data_dir": str(folder / "queue")}))
    source = app.queue_sources[0]
    app.intake, source.calling.caller(None), app.history, app._interpreter
    began, cpu = time.perf_counter(), time.process_time()
    taken = 0
    while taken < count:
        new = source.step().events
        if not new:
            raise RuntimeError(f"the queue ended after {taken} events")
        taken += new
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    path = Path(app.history.engine.url.database or "")
    app.close()
    size = path.stat().st_size
    return (
        "SQLite",
        f"{count:,}",
        f"{wall:.2f}",
        f"{count / wall:,.0f}",
        f"{1000 * used / count:.2f}",
        f"{size / count:,.0f}",
    )


def _to_notification(folder: Path, account: LocalAccount, count: int) -> Row:
    sqs = account("sqs")
    queue = sqs.create_queue(QueueName=f"events-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    queues = [sqs.create_queue(QueueName=f"q{number}")["QueueUrl"] for number in range(count)]
    with _webhook() as (hook, arrived):
        channel = f'[channels.hook]\nkind = "webhook"\nurl = "{hook}"\nallow_private = true\n'
        route = '[[routes]]\nname = "all"\ntopic = "change"\nchannels = ["hook"]\nstorm_limit = 10000\n'
        file = _settings(folder, queue, channel + route)
        variables = environment(account.endpoint) | account.environment | {"VIGIE_CONFIG": str(file)}
        run([*VIGIE, "--data-dir", str(folder / "told"), "sweep"], variables, allowed=(0, 3))
        process = subprocess.Popen(
            [*VIGIE, "--data-dir", str(folder / "told"), "listen"], env=variables, stderr=subprocess.DEVNULL
        )
        time.sleep(4)  # until it listens
        began = cpu_of(process.pid)
        sent = _change(account, queue, queues)
        deadline = time.monotonic() + 60
        while len(arrived) < count and time.monotonic() < deadline:
            time.sleep(0.2)
        used = cpu_of(process.pid) - began
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    seconds = sorted(arrived[name] - sent[name] for name in arrived if name in sent)
    p99 = seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))] if seconds else float("nan")
    p50 = statistics.median(seconds) if seconds else float("nan")
    return (
        "SQLite, one process",
        f"{count:,}",
        f"{len(seconds):,}",
        f"{p50:.1f}",
        f"{p99:.1f}",
        f"{1000 * used / max(count, 1):.0f}",
    )


def _change(account: LocalAccount, queue: str, queues: list[str]) -> dict[str, float]:
    """Change each queue, at the rate. Name → when its event was put into the queue."""
    trail, sqs, sender = Trail(), account("sqs"), LocalAccount(account.endpoint, ACCOUNT)("sqs")
    trail.watch(sqs, user("alice", ACCOUNT))
    sent: dict[str, float] = {}
    began = time.monotonic()
    for number, url in enumerate(queues):
        time.sleep(max(0.0, began + number / CHANGES_A_SECOND - time.monotonic()))
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(100 + number)})
        trail.send(sender, queue)
        sent[url.rpartition("/")[2]] = time.monotonic()
    trail.unwatch(sqs)
    return sent


@contextmanager
def _webhook() -> Iterator[tuple[str, dict[str, float]]]:
    """A server that notes when it was first told of each resource."""
    arrived: dict[str, float] = {}

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            for group in told["groups"]:
                for event in group["events"]:
                    arrived.setdefault(event["name"], time.monotonic())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", arrived
    finally:
        server.shutdown()


@contextmanager
def _environ(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
