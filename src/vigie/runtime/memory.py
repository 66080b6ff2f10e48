"""What this process's allocator keeps for itself."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_M_ARENA_MAX: Final = -8
"""``malloc.h`` of glibc."""
_ARENAS: Final = 1


def share_one_arena() -> None:
    """Let all threads share one pool of memory, where glibc would give each of many threads its own.

    A sweep with 24 threads then takes a sixth less; no slower, as Python runs one of them at a time. To be called
    before they start. Does nothing where the allocator is another one.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has one too, which refuses
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
