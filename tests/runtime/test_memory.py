"""The allocator is told once, and a process goes on as before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from vigie.runtime.memory import keep_little_memory


def test_threads_allocate_as_before_where_little_memory_is_kept() -> None:
    keep_little_memory()
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda n: len(bytearray(n)), [1 << 20] * 32))
    assert sizes == [1 << 20] * 32
