"""``python -m bench [NAME …] [--resources N]``: prints the tables of each benchmark."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from bench.benchmarks import BENCHMARKS, tables_of


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the named benchmarks, or all, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--resources", type=int, default=2_000, help="size of the estate (2000)")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n", flush=True)
    for name in options.names or BENCHMARKS:
        fresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=fresh) as process:
            for table in process.submit(tables_of, name, options.resources).result():
                print(table, flush=True)


if __name__ == "__main__":
    main()
