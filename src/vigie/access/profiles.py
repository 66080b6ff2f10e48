"""What each resource type can be asked for by its policy: its actions, and whether anonymous calls are served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from vigie.access.patterns import glob


@dataclass(frozen=True, slots=True)
class Profile:
    """How requests to a type look. Actions are patterns; samples are plausible ones, for witnesses."""

    actions: tuple[str, ...]
    samples: tuple[str, ...] = ()
    anonymous: bool = False
    """The service takes requests without a signature (IAM user guide, "AWS JSON policy elements: Principal")."""
    trust: bool = False
    """A role's trust policy: services act with roles of their own account only (iam:PassRole)."""
    caller_owns_source: bool = False
    """``aws:SourceOwner`` of a direct call is the caller's account (Amazon SNS developer guide, default policy)."""
    inside: str = ""
    """What follows the ARN for a sample of what is in it."""


def _profile(*actions: str, samples: tuple[str, ...] = (), **more: object) -> Profile:
    return Profile(tuple(map(glob, actions)), samples, **more)  # type: ignore[arg-type]


WEB_IDENTITY: Final = ("sts:AssumeRoleWithWebIdentity",)
SAML: Final = ("sts:AssumeRoleWithSAML",)
ANY: Final = _profile("*")
PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        "AWS::S3::Bucket": _profile(
            "s3:*", samples=("s3:GetObject", "s3:ListBucket", "s3:PutObject"), anonymous=True, inside="/object"
        ),
        "AWS::S3::AccessPoint": _profile("s3:*", samples=("s3:GetObject",), anonymous=True, inside="/object/key"),
        "AWS::SQS::Queue": _profile(
            "sqs:*", samples=("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"), anonymous=True
        ),
        "AWS::SNS::Topic": _profile(
            "sns:*", samples=("sns:Publish", "sns:Subscribe"), anonymous=True, caller_owns_source=True
        ),
        "AWS::KMS::Key": _profile("kms:*", samples=("kms:Decrypt", "kms:Encrypt")),
        "AWS::Lambda::Function": _profile(
            "lambda:*", samples=("lambda:InvokeFunction", "lambda:InvokeFunctionUrl"), anonymous=True
        ),
        "AWS::Lambda::LayerVersion": _profile("lambda:*", samples=("lambda:GetLayerVersion",)),
        "AWS::ECR::Repository": _profile(
            "ecr:*", samples=("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:PutImage")
        ),
        "AWS::SecretsManager::Secret": _profile("secretsmanager:*", samples=("secretsmanager:GetSecretValue",)),
        "AWS::DynamoDB::Table": _profile("dynamodb:*", samples=("dynamodb:GetItem", "dynamodb:Query")),
        "AWS::IAM::Role": _profile("sts:*", samples=("sts:AssumeRole", *WEB_IDENTITY, *SAML), trust=True),
        "AWS::EFS::FileSystem": _profile(
            "elasticfilesystem:*", samples=("elasticfilesystem:ClientMount",), anonymous=True
        ),
        "AWS::Glacier::Vault": _profile("glacier:*", samples=("glacier:UploadArchive",), anonymous=True),
        "AWS::OpenSearchService::Domain": _profile("es:*", samples=("es:ESHttpGet",), anonymous=True, inside="/index"),
        "AWS::Elasticsearch::Domain": _profile("es:*", samples=("es:ESHttpGet",), anonymous=True, inside="/index"),
        "AWS::Events::EventBus": _profile("events:*", samples=("events:PutEvents",)),
        "AWS::Backup::BackupVault": _profile("backup:*", samples=("backup:CopyIntoBackupVault",)),
        "AWS::Logs::ResourcePolicy": _profile("logs:*", samples=("logs:PutLogEvents",)),
        "AWS::ApiGateway::RestApi": _profile(
            "execute-api:*", samples=("execute-api:Invoke",), anonymous=True, inside="/prod/GET/"
        ),
        "AWS::SES::EmailIdentity": _profile("ses:*", samples=("ses:SendEmail",)),
        "AWS::Kinesis::Stream": _profile("kinesis:*", samples=("kinesis:GetRecords",)),
        "AWS::EC2::VPCEndpoint": ANY,
    }
)
