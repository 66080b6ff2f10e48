"""The predefined TLS policies of Elastic Load Balancing, from the table."""

from __future__ import annotations

from collections.abc import Iterator

from vigie.model.finding import Severity, Violation
from vigie.rules.declare import CannotTell
from vigie.rules.tables import rows

WEIGHTS = {"SSLv3": Severity.HIGH, "1.0": Severity.MEDIUM, "1.1": Severity.MEDIUM}


def judge_policy(name: str, kind: str, subject: str) -> Iterator[Violation]:
    """Violations of a predefined policy (``kind``: ``v2`` or ``classic``): old protocols, weak ciphers.

    Raises:
        CannotTell: the table does not know the policy.
    """
    known = {policy.lower(): row for policy, row in rows("tls_policies")[kind].items()}
    row = known.get(name.lower())
    if row is None:
        raise CannotTell(f"the TLS policy {name} is not in vigie's table of policies")
    oldest, weak = row["oldest"], row.get("weak", [])
    if oldest in WEIGHTS or weak:
        accepted = oldest if oldest.startswith("SSL") else f"TLS {oldest}"
        text = f"{name} accepts {accepted}" + (f" and {', '.join(weak)}" if weak else "")
        severity = Severity.HIGH if weak else WEIGHTS[oldest]
        yield Violation(text, subject, {"policy": name, "oldest": oldest, "weak": weak}, severity)
