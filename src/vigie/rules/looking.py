"""What can be looked up of the recorded estate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vigie.model.change import Revision
from vigie.model.scope import Scope


class Inventory(Protocol):
    """Look-ups over what is recorded *now* (present resources only). Given by audit over history, or by an example."""

    def resources(self, type: str, account: str | None, region: str | None) -> Sequence[Revision]: ...

    def by_arn(self, arn: str) -> Revision | None: ...

    def referring_to(self, token: str, type: str | None) -> Sequence[Revision]:
        """Present resources whose configuration holds this id or ARN, and the one that bears it."""
        ...

    def owner_of(self, kind: str, identifier: str) -> str | None:
        """The account that owns it now; None = nobody of ours.

        ``kind``: ``bucket``, ``userid``, ``vpc``, ``vpce``, ``address`` or ``security_group``.
        """
        ...

    def gaps(self, type: str, account: str | None, region: str | None) -> Sequence[Scope]:
        """Scopes of that type that were never, or not lately, seen whole: absence there is not known."""
        ...
