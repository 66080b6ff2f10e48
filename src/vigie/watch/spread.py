"""Work on many resources by several threads of one shared pool."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Spread(Protocol):
    """Applies a function to every element, and gives the results in their order."""

    def __call__(self, function: Callable[[T], R], elements: Sequence[T], /) -> list[R]: ...


def one_by_one(function: Callable[[T], R], elements: Sequence[T], /) -> list[R]:
    """Without any threads."""
    return [function(element) for element in elements]


class PoolSpread:
    """The calling thread works through the elements itself, and idle threads of the pool help.

    So a pool whose threads all do the same cannot wait for itself, and one scope can keep all threads busy.
    """

    def __init__(self, pool: Executor, width: int) -> None:
        """``width``: how many threads may work on one call, the calling one included."""
        self._pool = pool
        self._width = width

    def __call__(self, function: Callable[[T], R], elements: Sequence[T], /) -> list[R]:
        """Raises the first exception that the function raises; elements not begun by then are left."""
        width = min(self._width, len(elements))
        if width <= 1:
            return one_by_one(function, elements)
        waiting = deque(range(len(elements)))
        results: dict[int, R] = {}
        stop = threading.Event()

        def work() -> None:
            while not stop.is_set():
                try:
                    index = waiting.popleft()
                except IndexError:
                    return
                try:
                    results[index] = function(elements[index])
                except BaseException:
                    stop.set()
                    raise

        helpers = self._helpers(work, width - 1)
        try:
            work()
        finally:
            for helper in helpers:
                helper.cancel()
        for helper in helpers:
            if not helper.cancelled():
                helper.result()
        return [results[index] for index in range(len(elements))]

    def _helpers(self, work: Callable[[], None], count: int) -> list[Future[None]]:
        try:
            return [self._pool.submit(work) for _ in range(count)]
        except RuntimeError:  # the pool is being shut down: what is begun is ended alone
            return []
