"""How the configurations of one type are to be treated: what is ephemeral, unordered, secret."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Treatment:
    """Declared in the catalogue, applied by the canonical form and by the differ.

    Paths are written as in the catalogue: keys joined with ``.``, ``[]`` for every element of a list, and in a key
    ``*`` and ``?`` as in a shell (``Attributes.ApproximateNumberOfMessages*``, ``IpPermissions[].IpRanges``,
    ``Environment.Variables.*``). Lists are unordered unless declared ``ordered``.
    """

    ephemeral: tuple[str, ...] = ()
    """Parts that change without meaning: recorded, but not a durable change, and never notified."""
    ordered: tuple[str, ...] = ()
    """Lists whose order has a meaning (listener rules, NACL entries have numbers and need not be here)."""
    redact: tuple[str, ...] = ()
    """Values replaced by a keyed digest before anything else sees them."""
    drop: tuple[str, ...] = ()
    """Parts that are not kept at all (page tokens, ResponseMetadata, the time at which an answer was made)."""


PLAIN = Treatment()
