"""The allocator is told once, and a process goes on as before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from vigie.runtime.memory import share_arenas


def test_threads_allocate_as_before_after_the_arenas_are_shared() -> None:
    share_arenas()
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda n: len(bytearray(n)), [1 << 20] * 32))
    assert sizes == [1 << 20] * 32
