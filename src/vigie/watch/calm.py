"""Where sweeps may be rare: what is known of how events arrive, and of what happens where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from vigie.aws.options import HOME_REGIONS
from vigie.catalogue.declaration import TypeDeclaration
from vigie.history.store import History
from vigie.model.queries import ResourceFilter
from vigie.model.scope import GLOBAL
from vigie.watch.schedule import Calm

HEARD: Final = timedelta(hours=24)
"""Events of a region arrive, if one did in this time, or its logs are known to be complete until this long ago."""
QUIET: Final = timedelta(hours=24)
"""A scope is quiet in which nothing was done for so long."""
TRUST: Final = timedelta(days=7)
"""A change that no event told of takes the trust from its region's events for so long."""


def calm(history: History, every: timedelta, now: datetime) -> Calm:
    """Which scopes are swept only every so often."""
    heard = history.events.heard(now - HEARD)
    heard |= {place for place, at in history.events.told_until().items() if at >= now - HEARD}
    homes = set(HOME_REGIONS.values())
    heard |= {(account, GLOBAL) for account, region in heard if region in homes}
    told = frozenset(heard - history.events.untold(now - TRUST))
    return Calm(every, told, history.archive.changed_scopes(now - QUIET))


@dataclass(frozen=True, slots=True)
class Spared:
    """What is not asked of AWS because events tell."""

    scopes: int
    of: int
    calls_a_day: int
    """At least: a listing for each look, and for each resource one call for each detail."""


def spared(history: History, types: Mapping[str, TypeDeclaration], rare: Calm, every: timedelta) -> Spared:
    """How much rare sweeps spare, as things stand."""
    coverages = [one for one in history.archive.coverage() if one.scope.type in types]
    kept = [one for one in coverages if rare.holds(types[one.scope.type], one)]
    looks = timedelta(days=1) / every - timedelta(days=1) / max(rare.every, every)
    calls = 0.0
    for one in kept:
        declared = types[one.scope.type]
        wanted = ResourceFilter(account=one.scope.account, type=one.scope.type)
        facets = history.archive.facets(wanted)
        present = facets.total if one.scope.region == GLOBAL else facets.regions.get(one.scope.region, 0)
        calls += looks * (1 + present * len(declared.details))
    return Spared(len(kept), len(coverages), int(calls))
