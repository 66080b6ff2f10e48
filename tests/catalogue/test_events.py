"""Events lead to the types that they tell of."""

from __future__ import annotations

import pytest

from vigie.catalogue.events import event_patterns, types_told_of
from vigie.catalogue.loader import load

PATTERNS = event_patterns(load())


@pytest.mark.parametrize(
    ("source", "name", "type_"),
    [
        ("s3.amazonaws.com", "PutBucketPolicy", "AWS::S3::Bucket"),
        ("s3.amazonaws.com", "PutBucketPublicAccessBlock", "AWS::S3::Bucket"),
        ("s3.amazonaws.com", "PutAccountPublicAccessBlock", "AWS::S3::AccountPublicAccessBlock"),
        ("ec2.amazonaws.com", "AuthorizeSecurityGroupIngress", "AWS::EC2::SecurityGroup"),
        ("iam.amazonaws.com", "AttachUserPolicy", "AWS::IAM::User"),
        ("iam.amazonaws.com", "CreateAccessKey", "AWS::IAM::User"),
        ("iam.amazonaws.com", "UpdateAssumeRolePolicy", "AWS::IAM::Role"),
        ("iam.amazonaws.com", "CreatePolicyVersion", "AWS::IAM::ManagedPolicy"),
        ("lambda.amazonaws.com", "AddPermission20150331v2", "AWS::Lambda::Function"),
        ("lambda.amazonaws.com", "CreateFunction20150331", "AWS::Lambda::Function"),
        ("cloudtrail.amazonaws.com", "StopLogging", "AWS::CloudTrail::Trail"),
        ("elasticloadbalancing.amazonaws.com", "ModifyListener", "AWS::ElasticLoadBalancingV2::Listener"),
        ("kms.amazonaws.com", "ScheduleKeyDeletion", "AWS::KMS::Key"),
        ("sqs.amazonaws.com", "DeleteQueue", "AWS::SQS::Queue"),
    ],
)
def test_an_event_tells_of_its_type(source: str, name: str, type_: str) -> None:
    assert type_ in types_told_of(PATTERNS, source, name)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("iam.amazonaws.com", "GetUser"),
        ("ec2.amazonaws.com", "DescribeNetworkInterfaceAttribute"),
        ("sns.amazonaws.com", "DeleteQueue"),
        ("s3.amazonaws.com", "PutObject"),
    ],
)
def test_reads_and_foreign_events_tell_of_nothing(source: str, name: str) -> None:
    assert types_told_of(PATTERNS, source, name) == ()


def test_what_has_a_cloudtrail_event_of_its_own_is_not_left_out() -> None:
    """Only what nobody changes by a call (a report, a summary of what is changed elsewhere) may have no events."""
    silent = {declared.type for declared in load().types.values() if not declared.events}
    assert silent == {"AWS::EC2::AWSManagedPrefixList", "AWS::IAM::CredentialReport"}
