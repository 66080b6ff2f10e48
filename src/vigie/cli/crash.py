"""What is kept of an error inside vigie: a report that a user can send."""

from __future__ import annotations

import os
import tempfile
import traceback


def write_report(error: BaseException) -> str:
    """Write the traceback to a new file that only the user can read; returns its path."""
    descriptor, path = tempfile.mkstemp(prefix="vigie-error-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    return path
