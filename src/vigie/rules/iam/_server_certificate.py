"""The facts of a server certificate that the watcher reads out of its body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigie.model.change import Revision
from vigie.rules.declare import CannotTell


def fact(certificate: Revision, name: str) -> Any:
    """One fact of the parsed certificate.

    Raises:
        CannotTell: the certificate could not be parsed, or lacks it.
    """
    facts = certificate.configuration.get("Certificate")
    if not isinstance(facts, Mapping) or facts.get(name) is None:
        raise CannotTell(f"the certificate's {name} could not be read out of it")
    return facts[name]
