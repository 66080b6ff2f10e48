"""Looks and what is recorded, made by hand: what tests of the watcher's pure parts share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from vigie.model.canonical import digests, normalise
from vigie.model.change import ChangeKind
from vigie.model.recording import Head
from vigie.model.resource import Observation, Reading, Resource
from vigie.model.scope import Coverage, Outcome, Problem, Scope
from vigie.model.treatment import Treatment
from vigie.watch.decide import Known

SCOPE = Scope("111122223333", "eu-west-1", "AWS::Test::Thing")
THEN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = THEN + timedelta(hours=2)
TREATMENT = Treatment(ephemeral=("Seen", "Noise.*"))
DENIED = Problem(Outcome.DENIED, "test:GetPolicy", "AccessDenied", "no", "Policy", "test:GetPolicy")


def seen(identity: str, raw: Mapping[str, Any], *, unreadable: tuple[str, ...] = (), **of: Any) -> Observation:
    resource = Resource(SCOPE, identity, SCOPE.region, uid=of.get("uid"))
    return Observation(resource, normalise(raw, TREATMENT), NOW, dict.fromkeys(unreadable, DENIED), of.get("parent"))


def reading(*observations: Observation, outcome: Outcome = Outcome.COMPLETE, **more: Any) -> Reading:
    return Reading(SCOPE, NOW, NOW, outcome, observations, **more)


def known(
    recorded: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    unreadable: Mapping[str, tuple[str, ...]] | None = None,
    parents: Mapping[str, str] | None = None,
    uids: Mapping[str, str] | None = None,
    kind: ChangeKind = ChangeKind.BASELINE,
    at: datetime = THEN,
    own_keys: frozenset[str] = frozenset(),
    first: bool = False,
) -> Known:
    heads: dict[str, Head] = {}
    configurations: dict[str, Any] = {}
    for identity, raw in (recorded or {}).items():
        configuration = normalise(raw, TREATMENT)
        config_sha, durable_sha = digests(configuration, TREATMENT)
        configurations[config_sha] = configuration
        resource = Resource(SCOPE, identity, SCOPE.region, uid=(uids or {}).get(identity), pk=7)
        heads[identity] = Head(
            resource,
            1,
            kind,
            at,
            config_sha,
            durable_sha,
            (parents or {}).get(identity),
            dict.fromkeys((unreadable or {}).get(identity, ()), DENIED),
        )
    coverage = None if first else Coverage(SCOPE, Outcome.COMPLETE, THEN, THEN, THEN)
    return Known(heads, coverage, configurations.__getitem__, TREATMENT, own_keys)
