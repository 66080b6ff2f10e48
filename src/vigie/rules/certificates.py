"""Certificates, wherever they are kept: when they end, and how strong they are. Pure; dates give a LookAgain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from vigie.model.finding import Severity, Violation
from vigie.rules.declare import LookAgain
from vigie.rules.times import days, shown


def expiry(
    ends: datetime, now: datetime, *, soon_days: int, later_days: int, what: str = "The certificate"
) -> Iterator[Violation | LookAgain]:
    """Expired (high), ending within ``soon_days`` (high) or within ``later_days`` (medium); otherwise when to look
    again.
    """
    evidence = {"NotAfter": ends}
    if ends <= now:
        yield Violation(f"{what} expired on {shown(ends)}", evidence=evidence | {"state": "expired"})
        return
    yield LookAgain(ends)
    if ends <= now + days(soon_days):
        yield Violation(f"{what} expires on {shown(ends)}", evidence=evidence | {"state": "soon"})
        return
    yield LookAgain(ends - days(soon_days))
    if ends <= now + days(later_days):
        message = f"{what} expires on {shown(ends)}"
        yield Violation(message, evidence=evidence | {"state": "later"}, severity=Severity.MEDIUM)
        return
    yield LookAgain(ends - days(later_days))


def is_short(algorithm: str, bits: int) -> bool:
    """Whether a key is shorter than 112 bits of strength: RSA or DSA below 2048, elliptic curves below 224 (NIST SP
    800-57 part 1).
    """
    elliptic = any(word in algorithm.upper() for word in ("EC", "ED25519", "ED448"))
    return bits < (224 if elliptic else 2048)
