"""What this process's allocator keeps for itself."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

# malloc.h of glibc
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8

_LARGE: Final = 128 * 1024
"""Bytes. glibc's own first choice, which it raises as it goes unless told."""


def keep_little_memory() -> None:
    """Let all threads share one pool of memory, and give large pieces back to the system when they are free.

    Left to itself, glibc gives each of many threads a pool of its own: a sweep with 24 threads takes a fifth more, and
    is no faster, as Python runs one of them at a time. To be called before they start. Does nothing where the allocator
    is another one.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has one too, which refuses
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
