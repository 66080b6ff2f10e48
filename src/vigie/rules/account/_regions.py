"""Looking for something in every region of an account that is watched, and saying honestly where one could not look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vigie.model.change import Revision
from vigie.model.finding import Violation
from vigie.rules.declare import CannotTell
from vigie.rules.estate import Estate

IN_EVERY_REGION: Final = "AWS::EC2::EBSEncryptionByDefault"
"""A setting that every region has: where it was read, or could not be, vigie looks. What is set to be watched may
differ by sweep.
"""
EVERYWHERE: Final = "everywhere"


def watched_regions(account: Revision, estate: Estate) -> list[str]:
    """The enabled regions of an account in which vigie looks.

    Raises:
        CannotTell: the enabled regions were not read, or none is looked at.
    """
    enabled = account.configuration.get("Regions")
    if not enabled:
        raise CannotTell("the enabled regions of the account were not read")
    settings = estate.resources(IN_EVERY_REGION, account=account.account, whole=False)
    looked = {setting.region for setting in settings}
    looked |= {gap.region for gap in estate.inventory.gaps(IN_EVERY_REGION, account.account, None)}
    found = [region for region in enabled if region in looked]
    if not found:
        raise CannotTell("none of the enabled regions of the account was looked at")
    return found


@dataclass(frozen=True, slots=True)
class Absence:
    """Where something is not, and where that is not known."""

    without: tuple[str, ...]
    doubts: tuple[str, ...]
    everywhere: bool

    def violations(self, what: str) -> Iterator[Violation]:
        """One violation for the whole account where it is nowhere, else one for each region that lacks it.

        Raises:
            CannotTell: after them, where a region could not be looked at.
        """
        if self.everywhere:
            yield Violation(f"There is no {what} in any region", EVERYWHERE, {"regions": self.without})
        else:
            yield from (Violation(f"{region} has no {what}", region, {"region": region}) for region in self.without)
        if self.doubts:
            more = f" and {len(self.doubts) - 3} more" if len(self.doubts) > 3 else ""
            raise CannotTell("; ".join(self.doubts[:3]) + more)


def absence(type_: str, account: Revision, estate: Estate) -> Absence:
    """The watched regions in which the account has no resource of a type.

    Raises:
        CannotTell: which regions there are is not known.
    """
    regions = watched_regions(account, estate)
    without, doubts = [], []
    for region in regions:
        try:
            if not estate.resources(type_, account=account.account, region=region):
                without.append(region)
        except CannotTell as doubt:
            doubts.append(str(doubt))
    return Absence(tuple(without), tuple(doubts), len(regions) > 1 and len(without) == len(regions))
