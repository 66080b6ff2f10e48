"""Steps that bring the schema of a store up to date, run by alembic when a store is opened.

A step is a file ``alembic/versions/vNNNN_what.py`` and is never edited once released.
``python scripts/freeze_schema.py`` makes the first out of the tables; later ones are written by hand (with
``op.batch_alter_table``, for SQLite cannot alter much; a batch on an append-only table must make its triggers again).
A test holds that the steps together give the very schema of ``vigie.history.tables``.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent / "alembic"
"""Not a package: env.py is only ever run by alembic."""
_STEP = re.compile(r"v(\d{4})_\w+\.py")


def known(folder: Path = FOLDER) -> list[str]:
    """The numbers of the steps that this vigie knows, in order; the last is what it works with."""
    steps = (_STEP.fullmatch(file.name) for file in (folder / "versions").iterdir())
    return sorted(step.group(1) for step in steps if step)
