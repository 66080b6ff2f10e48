"""The estate: all that a rule may look at besides the revision it judges. Pure: everything is handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from vigie import access
from vigie.model.account import Account, Network, Relation
from vigie.model.change import Revision
from vigie.model.scope import Scope


class Inventory(Protocol):
    """Look-ups over what is recorded *now* (present resources only). Given by audit over history, or by an example."""

    def resources(self, type: str, account: str | None, region: str | None) -> Sequence[Revision]: ...

    def by_arn(self, arn: str) -> Revision | None: ...

    def referring_to(self, token: str, type: str | None) -> Sequence[Revision]:
        """Present resources whose configuration holds this id or ARN."""
        ...

    def owner_of(self, kind: str, identifier: str) -> str | None:
        """The account that owns a bucket name, user id, VPC, VPC endpoint, address or security group now; None = nobody of ours."""
        ...

    def gaps(self, type: str, account: str | None, region: str | None) -> Sequence[Scope]:
        """Scopes of that type that were never, or not lately, seen whole: absence there is not known."""
        ...


@dataclass(frozen=True)
class Estate:
    """Accounts, organisation, networks and look-ups across resources, at one time."""

    now: datetime
    inventory: Inventory
    accounts: Mapping[str, Account] = field(default_factory=dict)
    organization_id: str | None = None
    networks: Sequence[Network] = ()

    def relation(self, account: str) -> Relation:
        known = self.accounts.get(account)
        return known.relation if known else Relation.UNKNOWN

    def access(self, revision: Revision) -> access.Access:
        """Who outside can reach this resource, by all its sharing mechanisms (see vigie.access)."""
        raise NotImplementedError

    def resources(
        self, type: str, *, account: str | None = None, region: str | None = None, whole: bool = True
    ) -> Sequence[Revision]:
        """Present resources of a type. With ``whole`` (the default), only where every scope asked about was seen whole.

        Raises:
            CannotTell: ``whole``, and some of it could not be looked at: absence is not known.
        """
        raise NotImplementedError
