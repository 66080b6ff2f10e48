"""The generated table: up to date, and no type of the catalogue without an event that names it."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

from vigie.catalogue.declaration import TypeDeclaration
from vigie.catalogue.events import EventPattern
from vigie.catalogue.loader import load
from vigie.watch.events.table import ParsedArn, table

SCRIPTS = Path(__file__).parents[3] / "scripts"
CATALOGUE = load()
WATCHED = [declared for declared in CATALOGUE.types.values() if declared.events]


@pytest.mark.parametrize("declared", WATCHED, ids=[declared.type for declared in WATCHED])
def test_every_watched_type_is_named_by_an_event_that_its_declaration_knows(declared: TypeDeclaration) -> None:
    source = table().source(declared.event_source.split(".", 1)[0])
    assert source is not None, f"the table knows nothing of {declared.event_source}"
    patterns = [EventPattern(declared.event_source, name, declared.type) for name in declared.events]
    naming = [
        name
        for name in source.names
        for rule in (*(source.subjects(name) or ()), *source.implied(name))
        if rule.paths and (rule.kind is None or rule.kind.type == declared.type)
        if any(pattern.matches(declared.event_source, name) for pattern in patterns)
    ]
    assert naming, "add its events to scripts/event_table/reviewed.toml, and run python -m event_table"


def test_the_table_says_what_it_is_made_of() -> None:
    assert table().versions.keys() == {"botocore", "cloudformation", "authorization"}


def test_every_place_is_one_that_is_understood() -> None:
    for name in table().sources:
        source = table().source(name)
        assert source is not None
        for event in source.names:
            for rule in (*(source.subjects(event) or ()), *source.about(event), *source.implied(event)):
                for root, what, where in rule.paths:
                    assert root in "qpsra=+", (name, event)
                    assert what in ("id", "name", "arn") or root == "a", (name, event)
                    assert where == where.lower() or root == "=", (name, event)


def test_every_type_that_is_named_is_known() -> None:
    for name in table().sources:
        source = table().source(name)
        assert source is not None
        for event in source.names:
            for rule in (*(source.subjects(event) or ()), *source.about(event), *source.implied(event)):
                assert rule.type == "*" or rule.kind is not None, f"{name} {event}: {rule.type}"


@pytest.mark.parametrize(
    ("arn", "type_"),
    [
        ("arn:aws:s3:::bucket", "AWS::S3::Bucket"),
        ("arn:aws:ecs:eu-west-1:123456789012:cluster/c", "AWS::ECS::Cluster"),
        ("arn:aws:iam::123456789012:role/a/b/c", "AWS::IAM::Role"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:f", "AWS::Lambda::Function"),
        (
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/lb/1/2",
            "AWS::ElasticLoadBalancingV2::Listener",
        ),
        (
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/classic",
            "AWS::ElasticLoadBalancing::LoadBalancer",
        ),
        ("arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:s", "AWS::RDS::DBClusterSnapshot"),
        ("arn:aws:sns:eu-west-1:123456789012:topic", "AWS::SNS::Topic"),
        ("arn:aws:quux:eu-west-1:123456789012:thing/1", None),
    ],
)
def test_an_arn_tells_the_type(arn: str, type_: str | None) -> None:
    parsed = ParsedArn.of(arn)
    assert parsed is not None
    kind = table().kind_of_arn(parsed)
    assert (kind.type if kind else None) == type_


@pytest.mark.slow
def test_the_table_is_what_the_generator_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SCRIPTS)
    pytest.importorskip("cfnlint", reason="CloudFormation's schemas come with the demo's dependencies")
    from event_table.__main__ import TABLE, versions
    from event_table.__main__ import table as made

    noted = dict(table().versions)
    if versions() != noted:
        pytest.skip(f"made with {noted}; installed are botocore {metadata.version('botocore')} and other schemas")
    assert TABLE.read_bytes() == made()
    sys.modules.pop("event_table", None)
