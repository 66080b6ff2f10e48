"""Looking for something in every region of an account that is watched, and saying honestly where one could not look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vigie.model.change import Revision
from vigie.rules.declare import CannotTell
from vigie.rules.estate import Estate


def watched_regions(account: Revision, estate: Estate) -> Sequence[str]:
    """The enabled regions of an account, or those of them that the settings let vigie watch.

    Raises:
        CannotTell: the regions were not read.
    """
    enabled = account.configuration.get("Regions")
    if not enabled:
        raise CannotTell("the enabled regions of the account were not read")
    known = estate.account(account.account)
    return [r for r in enabled if not known or not known.regions or r in known.regions]


def regions_without(type_: str, account: Revision, estate: Estate) -> Iterator[str]:
    """The watched regions in which the account has no resource of a type.

    Raises:
        CannotTell: after those that are certain, where a region could not be looked at.
    """
    doubts = []
    for region in watched_regions(account, estate):
        try:
            if not estate.resources(type_, account=account.account, region=region):
                yield region
        except CannotTell as doubt:
            doubts.append(str(doubt))
    if doubts:
        raise CannotTell("; ".join(doubts[:3]) + (f" and {len(doubts) - 3} more" if len(doubts) > 3 else ""))
