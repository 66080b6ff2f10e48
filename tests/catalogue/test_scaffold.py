"""A scaffolded declaration loads and verifies; what cannot be declared is told; gaps are what nobody declares."""

from __future__ import annotations

import tomllib

import pytest

from vigie.catalogue.declaration import Tier, TypeDeclaration
from vigie.catalogue.gaps import Gap, gaps
from vigie.catalogue.loader import Catalogue, declarations, load
from vigie.catalogue.scaffold import new
from vigie.catalogue.service_models import ServiceModels
from vigie.catalogue.verify import verify
from vigie.model.errors import UsageError


def scaffolded(service: str, operation: str) -> TypeDeclaration:
    (declared,) = declarations("new.toml", tomllib.loads(new(service, operation)), frozenset())
    return declared


@pytest.mark.parametrize(
    ("service", "operation", "identifier"),
    [
        ("efs", "DescribeFileSystems", "FileSystemId"),
        ("ecs", "ListClusters", "clusterArn"),
        ("ec2", "DescribeTransitGateways", "TransitGatewayId"),
        ("ssm", "DescribeParameters", "ARN"),
        ("stepfunctions", "ListStateMachines", "stateMachineArn"),
        ("codepipeline", "ListPipelines", "name"),
        ("fsx", "DescribeBackups", "BackupId"),
    ],
)
def test_what_is_scaffolded_loads_verifies_and_is_marked(service: str, operation: str, identifier: str) -> None:
    declared = scaffolded(service, operation)
    assert [str(defect) for defect in verify(Catalogue({declared.type: declared}))] == []
    assert declared.tier is Tier.SCAFFOLDED
    assert str(declared.id) == identifier


def test_secrets_and_counters_are_proposed_for_review() -> None:
    declared = scaffolded("lambda", "ListFunctions")
    assert "Environment.Variables" in declared.treatment.redact
    assert "RevisionId" in declared.treatment.ephemeral
    assert "CreateFunction" in declared.events
    assert "GetFunction" not in declared.events


@pytest.mark.parametrize(
    ("service", "operation", "sentence"),
    [
        ("efss", "DescribeFileSystems", "botocore knows no service 'efss': did you mean .*efs"),
        ("efs", "DescribeFileSystem", "efs has no operation 'DescribeFileSystem': did you mean .*DescribeFileSystems"),
        ("efs", "DeleteFileSystem", "cannot be declared: the IAM action elasticfilesystem:DeleteFileSystem is not"),
        ("ecr", "GetAuthorizationToken", "cannot be declared: credentials"),
        ("iam", "GetAccountSummary", "answers with no list"),
    ],
)
def test_what_cannot_be_scaffolded_is_told(service: str, operation: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        new(service, operation)


class TwoServices(ServiceModels):
    """All models take ten seconds to load."""

    def names(self) -> list[str]:
        return ["sqs", "kms", "efs"]


def test_gaps_are_what_can_be_listed_and_is_not_declared() -> None:
    found = gaps(load(), TwoServices())
    assert Gap("efs", "DescribeReplicationConfigurations", "Replications") in found
    assert Gap("kms", "DescribeCustomKeyStores", "CustomKeyStores") in found
    names = {(gap.service, gap.operation) for gap in found}
    assert ("kms", "ListKeys") not in names
    assert ("kms", "ListGrants") not in names  # asks for a key: a detail, not a listing
    assert str(found[0]).count(":") == 1


@pytest.mark.slow
def test_everything_that_aws_can_list_can_be_scaffolded() -> None:
    """What is scaffolded from any of AWS's listings loads; all but a handful verify without a word."""
    refused, defects = [], []
    listed = gaps(Catalogue({}))
    for gap in listed:
        try:
            declared = scaffolded(gap.service, gap.operation)
        except UsageError:
            refused.append(gap)
            continue
        defects += verify(Catalogue({declared.type: declared}))
    assert len(listed) > 1500
    assert len(refused) < 10
    assert len(defects) < 10, [str(defect) for defect in defects]
