"""The shipped pack as a whole: what rules read is what the watcher records, and every one is declared the same way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from vigie.access.power.methods import table
from vigie.catalogue.loader import load
from vigie.catalogue.service_models import installed
from vigie.catalogue.shapes import ListOf, MapOf, Scalar, Structure, Type
from vigie.catalogue.verify_resource import resource_defects
from vigie.model.change import Revision
from vigie.model.scope import Scope
from vigie.rules.declare import Rule
from vigie.rules.discover import RuleSet, discover
from vigie.rules.estate import Estate, Inventory
from vigie.rules.examples import Example, read_examples
from vigie.rules.inventory import MemoryInventory
from vigie.rules.judging import judge
from vigie.rules.power import HOLDERS

CATALOGUE = load()
RULES: RuleSet = discover(group=None)
EACH_RULE = [pytest.param(rule, id=rule.id) for rule in RULES]
HOOKED = {type_ for type_, declared in CATALOGUE.types.items() if declared.hook is not None}
"""Types that a hook makes: the model of the service does not tell their shape."""


@cache
def shape(type_: str) -> Type:
    """The shape of a type as recorded, by the catalogue and botocore's models; tags are a map."""
    declared = CATALOGUE.types[type_]
    built = resource_defects(declared, CATALOGUE, installed()).resource
    loose = dict.fromkeys((path.split(".")[0].split("[")[0] for path in declared.decode), Type())
    assert isinstance(built, Structure | MapOf) or type_ in HOOKED
    return built.with_members({"Tags": MapOf(), **loose}) if isinstance(built, Structure) else built


def strangers(value: Any, known: Type, path: str = "") -> Iterator[str]:
    """Paths in a configuration that AWS's answers cannot have, by the shape."""
    if value is None or type(known) is Type:
        return
    if isinstance(value, Mapping) and isinstance(known, Structure):
        for key, inner in value.items():
            member = known.member(key)
            if member is None:
                yield f"{path}{key}"
            else:
                yield from strangers(inner, member, f"{path}{key}.")
    elif isinstance(value, Mapping) and isinstance(known, MapOf):
        for key, inner in value.items():
            yield from strangers(inner, known.of(), f"{path}{key}.")
    elif isinstance(value, list) and isinstance(known, ListOf):
        for inner in value:
            yield from strangers(inner, known.of(), f"{path}[].")
    elif isinstance(value, dict | list) or not isinstance(known, Scalar):
        yield f"{path} is a {type(value).__name__}, not a {known}"


class Traced(dict[str, Any]):
    """A configuration that notes each key that is asked for and that the shape does not have."""

    def __init__(self, value: Mapping[str, Any], known: Type, path: str, wrong: set[str]) -> None:
        super().__init__(
            {key: traced(inner, _inner(known, key), f"{path}.{key}", wrong) for key, inner in value.items()}
        )
        self._known, self._path, self._wrong = known, path, wrong

    def _note(self, key: object) -> None:
        if isinstance(self._known, Structure) and isinstance(key, str) and self._known.member(key) is None:
            self._wrong.add(f"{self._path}.{key}")

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)


def _inner(known: Type, key: str) -> Type:
    if isinstance(known, Structure):
        return known.member(key) or Type()
    return known.of() if isinstance(known, MapOf) else Type()


def traced(value: Any, known: Type, path: str, wrong: set[str]) -> Any:
    if isinstance(value, Mapping):
        return Traced(value, known, path, wrong)
    if isinstance(value, list):
        element = known.of() if isinstance(known, ListOf) else Type()
        return [traced(inner, element, f"{path}[]", wrong) for inner in value]
    return value


def traced_revision(revision: Revision, wrong: set[str]) -> Revision:
    return replace(revision, configuration=Traced(revision.configuration, shape(revision.type), revision.type, wrong))


class TracedInventory:
    """An inventory whose revisions note what is read of them."""

    def __init__(self, inventory: Inventory, wrong: set[str]) -> None:
        self._inventory, self._wrong = inventory, wrong

    def resources(self, type: str, account: str | None, region: str | None) -> list[Revision]:
        return [traced_revision(r, self._wrong) for r in self._inventory.resources(type, account, region)]

    def by_arn(self, arn: str) -> Revision | None:
        found = self._inventory.by_arn(arn)
        return traced_revision(found, self._wrong) if found else None

    def referring_to(self, token: str, type: str | None) -> list[Revision]:
        return [traced_revision(r, self._wrong) for r in self._inventory.referring_to(token, type)]

    def owner_of(self, kind: str, identifier: str) -> str | None:
        return self._inventory.owner_of(kind, identifier)

    def gaps(self, type: str, account: str | None, region: str | None) -> list[Scope]:
        return list(self._inventory.gaps(type, account, region))


def all_resources(example: Example) -> list[Revision]:
    return [r for type_ in CATALOGUE.types for r in example.estate.inventory.resources(type_, None, None)] or [
        example.revision
    ]


def test_the_pack_is_there() -> None:
    assert RULES.problems == ()
    assert len(RULES) >= 130


@pytest.mark.parametrize("rule", EACH_RULE)
def test_a_rule_judges_and_looks_up_types_that_are_watched(rule: Rule) -> None:
    assert set(rule.applies_to) | set(rule.looks_up) <= set(CATALOGUE.types)


@pytest.mark.parametrize("rule", EACH_RULE)
def test_a_rule_is_found_by_its_name(rule: Rule) -> None:
    assert rule.source is not None
    assert rule.source.stem == rule.id.replace("-", "_")


@pytest.mark.parametrize("rule", EACH_RULE)
def test_examples_have_the_shape_that_the_watcher_records(rule: Rule) -> None:
    for example in read_examples(rule, RULES.samples):
        for resource in all_resources(example):
            odd = list(strangers(resource.configuration, shape(resource.type)))
            assert not odd, f"{rule.id}: {example.name}: {resource.type}: {odd}"


@pytest.mark.parametrize("rule", EACH_RULE)
def test_a_rule_reads_only_what_the_watcher_records(rule: Rule) -> None:
    """Three checks of the predecessor never fired because watcher and auditor disagreed on a key."""
    wrong: set[str] = set()
    for example in read_examples(rule, RULES.samples):
        inventory = TracedInventory(example.estate.inventory, wrong)
        estate = Estate(
            example.estate.now,
            inventory,
            example.estate.accounts,
            example.estate.organization_id,
            example.estate.networks,
        )
        judge(rule, traced_revision(example.revision, wrong), estate, parameters=example.parameters)
    assert not wrong


@pytest.mark.parametrize("rule", EACH_RULE)
def test_a_rule_gives_no_pass_to_a_resource_of_which_nothing_was_read(rule: Rule) -> None:
    """With every top-level key unreadable there is a violation or *unknown*, never compliance."""
    for example in read_examples(rule, RULES.samples):
        if example.expected.value != "non_compliant":
            continue
        keys = dict(example.revision.configuration)
        problems = {key: _denied(key) for key in keys}
        blind = replace(example.revision, configuration={}, unreadable=problems)
        verdict = judge(rule, blind, example.estate, parameters=example.parameters)
        assert not verdict.failed, verdict.error
        assert verdict.compliance.value != "compliant", example.name


def _denied(key: str) -> Any:
    from vigie.model.scope import Outcome, Problem

    return Problem(Outcome.DENIED, "test:Read", "AccessDenied", "denied", path=key)


def test_every_watched_type_that_can_be_wrong_has_a_rule() -> None:
    judged = {type_ for rule in RULES for type_ in rule.applies_to}
    for_context_only = {
        "AWS::EC2::AWSManagedPrefixList", "AWS::EC2::EgressOnlyInternetGateway", "AWS::EC2::PrefixList",
        "AWS::EC2::VPCBlockPublicAccessExclusion",
        "AWS::EC2::FlowLog", "AWS::EC2::InternetGateway", "AWS::EC2::KeyPair", "AWS::EC2::NatGateway",
        "AWS::EC2::RouteTable", "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::IAM::InstanceProfile", "AWS::IAM::OIDCProvider", "AWS::Lambda::Layer",
        "AWS::Organizations::Account", "AWS::Organizations::Organization", "AWS::Organizations::OrganizationalUnit",
        "AWS::Organizations::Policy",
        # watched for their history; what is wrong with them the rules of others say, or none yet
        "AWS::AccessAnalyzer::Analyzer", "AWS::AutoScaling::AutoScalingGroup",
        "AWS::AutoScaling::LaunchConfiguration", "AWS::CloudFormation::Stack", "AWS::CloudFront::Distribution",
        "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm", "AWS::Config::ConfigRule", "AWS::EC2::DHCPOptions",
        "AWS::EC2::LaunchTemplate", "AWS::EC2::VPNConnection", "AWS::ECS::Cluster", "AWS::ECS::Service",
        "AWS::ECS::TaskDefinition", "AWS::ElastiCache::CacheCluster", "AWS::Route53::HostedZone",
        "AWS::Route53::RecordSet", "AWS::SecurityHub::Hub", "AWS::StepFunctions::StateMachine", "AWS::WAFv2::WebACL",
    }  # fmt: skip
    assert set(CATALOGUE.types) - judged == for_context_only


def test_judging_an_empty_inventory_costs_no_rule_a_failure() -> None:
    for rule in RULES:
        for type_ in rule.applies_to:
            sample = RULES.samples.get(type_)
            assert sample is not None, f"{type_} has no sample"
            example = next(iter(read_examples(rule, RULES.samples)))
            revision = replace(
                example.revision,
                resource=replace(example.revision.resource, scope=Scope("111111111111", sample.region, type_)),
                configuration=sample.configuration,
            )
            verdict = judge(rule, revision, replace(example.estate, inventory=MemoryInventory([revision])))
            assert not verdict.failed, f"{rule.id} on {type_}: {verdict.error}"


def test_power_looks_at_every_recorded_type_that_a_method_of_escalation_needs() -> None:
    assert set(HOLDERS) == set(table().holder_types) & set(CATALOGUE.types)
