"""Which benchmarks there are, and where."""

from __future__ import annotations

import importlib

from bench.tables import Table

BENCHMARKS = {
    "startup": "bench.startup:startup",
    "sweep": "bench.sweep:sweep",
    "recording": "bench.recording:recording",
    "past": "bench.past:past",
    "evidence": "bench.evidence:evidence",
    "judging": "bench.judging:judging",
    "access": "bench.access:access",
    "reach": "bench.reach:reaching",
    "power": "bench.power:power",
    "comparing": "bench.access:comparing",
    "events": "bench.events:events",
    "listening": "bench.listening:listening",
}


def tables_of(name: str, resources: int) -> list[Table]:
    """Run one benchmark."""
    module, _, function = BENCHMARKS[name].partition(":")
    tables: list[Table] = getattr(importlib.import_module(module), function)(resources)
    return tables
