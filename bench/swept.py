"""An estate as a sweep recorded it: what other benchmarks begin with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.processes import REGION, VIGIE, environment, estate, run


@contextmanager
def swept(resources: int) -> Iterator[Path]:
    """The data directory of a sweep of about so many resources. The AWS that was swept is gone: nothing can ask it."""
    with TemporaryDirectory() as folder:
        with estate(resources) as url:
            run([*VIGIE, "--data-dir", folder, "sweep", "--region", REGION], environment(url), allowed=(0, 3))
        yield Path(folder)
