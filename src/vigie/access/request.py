"""One concrete request: what a witness is, and what the evaluator answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """``principal``: ``{"AWS": arn}``, ``{"Service": name}``, ``{"Federated": provider}``, ``{"CanonicalUser": id}``;
    empty: anonymous. ``context``: key in lower case → its value, or values where it can hold several.
    """

    action: str
    resource: str
    principal: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None
    """The caller's."""
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "principal": dict(self.principal) or "anonymous",
            "account": self.account,
            "action": self.action,
            "resource": self.resource,
            "context": {k: v if isinstance(v, str) else list(v) for k, v in self.context.items()},
        }
