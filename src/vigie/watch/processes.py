"""A sweep by several processes: (account, region) pairs are shared out, and all write to one store.

Each process is a whole watcher with clients, pace and threads of its own; nothing is shared but the store. A process
that dies leaves its scopes as they were recorded; they are due, and read by the next sweep.
"""

from __future__ import annotations

import multiprocessing
import queue
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vigie.aws.accounts import Entrances
from vigie.aws.caller import Line
from vigie.aws.clients import Clients
from vigie.aws.options import Options
from vigie.aws.pacing import Pacer
from vigie.catalogue.loader import load
from vigie.catalogue.policy import permission_for
from vigie.history.store import open_history
from vigie.model.canonical import keyed_redactor
from vigie.watch.summary import Progress, SweepSummary, no_progress
from vigie.watch.sweep import Request, Sweeper, SweepOptions

_LOOK_EVERY = 0.2


@dataclass(frozen=True)
class Job:
    """What a process needs to know to sweep: plain values, for they travel to it."""

    store_url: str
    aws: Options = field(default_factory=Options)
    options: SweepOptions = field(default_factory=SweepOptions)
    catalogue_paths: Sequence[Path] = ()
    redaction_key: bytes | None = field(default=None, repr=False)
    processes: int = 1


def make_line(options: Options, processes: int = 1) -> Line:
    """What the callers of one process share, made of the options."""
    clients = Clients(options)
    paced = not clients.local if options.paced is None else options.paced
    return Line(clients, Pacer(options.quota_share, paced=paced, processes=processes), permission_of=permission_for)


def sweep_in_processes(job: Job, request: Request, progress: Progress = no_progress) -> SweepSummary:
    """Sweep with ``job.processes`` processes; what they did, added up.

    Raises:
        BrokenProcessPool: A process died. The others finished; what was recorded stays.
        As :meth:`vigie.watch.sweep.Sweeper.sweep` does.
    """
    started = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with context.Manager() as shared, ProcessPoolExecutor(job.processes, mp_context=context) as pool:
        told = shared.Queue()
        futures = [
            pool.submit(_sweep_shard, job, replace(request, shard=(which, job.processes)), told)
            for which in range(job.processes)
        ]
        _tell(futures, told, progress)
        summary = SweepSummary()
        for future in futures:
            summary.join(future.result())
    summary.seconds = time.monotonic() - started
    return summary


def _sweep_shard(job: Job, request: Request, told: Any) -> SweepSummary:
    which = request.shard[0]
    line = make_line(job.aws, job.processes)
    redactor = keyed_redactor(job.redaction_key) if job.redaction_key else None
    with open_history(job.store_url, create=False) as history:
        sweeper = Sweeper(history, load(job.catalogue_paths), Entrances(line), redactor=redactor, options=job.options)
        return sweeper.sweep(request, lambda done, total, what: told.put((which, done, total, what)))


def _tell(futures: Sequence[Future[SweepSummary]], told: Any, progress: Progress) -> None:
    """Add up what the processes say of their progress, until all have ended."""
    counts: dict[int, tuple[int, int]] = {}
    while not all(future.done() for future in futures):
        try:
            which, done, total, what = told.get(timeout=_LOOK_EVERY)
        except queue.Empty:
            continue
        counts[which] = (done, total)
        progress(sum(one for one, _ in counts.values()), sum(all_ for _, all_ in counts.values()), what)
