"""One unit of work shared out among processes of this machine, with their progress added up."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

R = TypeVar("R")
A = TypeVar("A")
Progress = Callable[[int, int, str], None]


def in_processes(
    work: Callable[[A, tuple[int, int], Progress], R], argument: A, processes: int, progress: Progress
) -> list[R]:
    """Call ``work(argument, (which, of how many), progress)`` in so many new processes; returns their results.

    ``work`` is a function of a module; ``argument`` and the results can be pickled. Processes are spawned, so that none
    inherits connections or locks.

    Raises:
        Exception: The first that any of them raised; the others end their work first.
    """
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(processes, mp_context=context) as pool:
        reports = manager.Queue()
        listener = threading.Thread(target=_add_up, args=(reports, processes, progress), daemon=True)
        listener.start()
        futures = [pool.submit(_call, work, argument, (which, processes), reports) for which in range(processes)]
        try:
            return [future.result() for future in futures]
        finally:
            reports.put(None)
            listener.join(timeout=5)


def _call(work: Callable[..., R], argument: Any, shard: tuple[int, int], reports: Any) -> R:
    def report(done: int, total: int, what: str) -> None:
        reports.put((shard[0], done, total, what))

    return work(argument, shard, report)


def _add_up(reports: Any, processes: int, progress: Progress) -> None:
    latest = dict.fromkeys(range(processes), (0, 0))
    while (report := reports.get()) is not None:
        which, done, total, what = report
        latest[which] = (done, total)
        progress(sum(done for done, _ in latest.values()), sum(total for _, total in latest.values()), what)
