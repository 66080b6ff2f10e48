from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from vigie.watch.spread import PoolSpread, one_by_one


def test_results_come_in_the_order_of_the_elements() -> None:
    with ThreadPoolExecutor(4) as pool:
        assert PoolSpread(pool, 4)(lambda n: n * n, range(100)) == one_by_one(lambda n: n * n, range(100))


def test_a_pool_whose_threads_all_spread_does_not_wait_for_itself() -> None:
    with ThreadPoolExecutor(2) as pool:
        spread = PoolSpread(pool, 4)
        outer = [pool.submit(spread, lambda n: n + 1, range(50)) for _ in range(6)]

        assert all(future.result(timeout=10) == list(range(1, 51)) for future in outer)


def test_idle_threads_help() -> None:
    meeting = threading.Barrier(3, timeout=5)
    with ThreadPoolExecutor(2) as pool:
        assert PoolSpread(pool, 3)(lambda _: meeting.wait() >= 0, range(3)) == [True] * 3


def test_the_first_exception_is_raised() -> None:
    def fail(n: int) -> int:
        if n == 7:
            raise ValueError("seven")
        return n

    with ThreadPoolExecutor(4) as pool, pytest.raises(ValueError, match="seven"):
        PoolSpread(pool, 4)(fail, range(20))
