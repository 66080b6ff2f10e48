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
        "AWS::Logs::Destination": _profile("logs:*", samples=("logs:PutSubscriptionFilter",)),
        "AWS::ApiGateway::RestApi": _profile(
            "execute-api:*", samples=("execute-api:Invoke",), anonymous=True, inside="/prod/GET/"
        ),
        "AWS::SES::EmailIdentity": _profile("ses:*", samples=("ses:SendEmail",)),
        "AWS::Kinesis::Stream": _profile("kinesis:*", samples=("kinesis:GetRecords", "kinesis:PutRecord")),
        "AWS::Kinesis::StreamConsumer": _profile("kinesis:*", samples=("kinesis:SubscribeToShard",)),
        "AWS::ECR::RegistryPolicy": _profile("ecr:*", samples=("ecr:ReplicateImage", "ecr:CreateRepository")),
        "AWS::ECR::PublicRepository": _profile("ecr-public:*", samples=("ecr-public:PutImage",)),
        "AWS::S3::MultiRegionAccessPoint": _profile("s3:*", samples=("s3:GetObject",), inside="/object/key"),
        "AWS::S3ObjectLambda::AccessPoint": _profile(
            "s3-object-lambda:*", "s3:*", samples=("s3-object-lambda:GetObject",)
        ),
        "AWS::S3Express::DirectoryBucket": _profile(
            "s3express:*", samples=("s3express:CreateSession", "s3express:GetBucketPolicy")
        ),
        "AWS::S3::AccessGrantsInstance": _profile("s3:*", samples=("s3:GetDataAccess",)),
        "AWS::S3Express::AccessPoint": _profile("s3express:*", samples=("s3express:CreateSession",)),
        "AWS::S3Tables::TableBucket": _profile("s3tables:*", samples=("s3tables:GetTableData",), inside="/table/t"),
        "AWS::S3Outposts::Bucket": _profile("s3-outposts:*", samples=("s3-outposts:GetObject",)),
        "AWS::S3Outposts::AccessPoint": _profile("s3-outposts:*", samples=("s3-outposts:GetObject",)),
        "AWS::CodeArtifact::Domain": _profile("codeartifact:*", samples=("codeartifact:GetAuthorizationToken",)),
        "AWS::CodeArtifact::Repository": _profile("codeartifact:*", samples=("codeartifact:ReadFromRepository",)),
        "AWS::CodeBuild::Project": _profile("codebuild:*", samples=("codebuild:BatchGetProjects",)),
        "AWS::CodeBuild::ReportGroup": _profile("codebuild:*", samples=("codebuild:BatchGetReports",)),
        "AWS::MediaStore::Container": _profile("mediastore:*", samples=("mediastore:GetObject",), anonymous=True),
        "AWS::VpcLattice::Service": _profile(
            "vpc-lattice-svcs:*", samples=("vpc-lattice-svcs:Invoke",), anonymous=True, inside="/path"
        ),
        "AWS::VpcLattice::ServiceNetwork": _profile(
            "vpc-lattice-svcs:*", "vpc-lattice:*", samples=("vpc-lattice-svcs:Invoke",), anonymous=True
        ),
        "AWS::Glue::ResourcePolicy": _profile("glue:*", samples=("glue:GetTable", "glue:GetDatabase")),
        "AWS::ACMPCA::CertificateAuthority": _profile("acm-pca:*", samples=("acm-pca:IssueCertificate",)),
        "AWS::SageMaker::ModelPackageGroup": _profile("sagemaker:*", samples=("sagemaker:DescribeModelPackage",)),
        "AWS::CloudTrail::EventDataStore": _profile("cloudtrail:*", samples=("cloudtrail:StartQuery",)),
        "AWS::CloudTrail::Channel": _profile("cloudtrail-data:*", samples=("cloudtrail-data:PutAuditEvents",)),
        "AWS::EventSchemas::Registry": _profile("schemas:*", samples=("schemas:DescribeSchema",)),
        "AWS::MSK::Cluster": _profile("kafka:*", "kafka-cluster:*", samples=("kafka:CreateVpcConnection",)),
        "AWS::SSM::Parameter": _profile("ssm:*", samples=("ssm:GetParameters",)),
        "AWS::SSMIncidents::ResponsePlan": _profile("ssm-incidents:*", samples=("ssm-incidents:StartIncident",)),
        "AWS::SSMContacts::Contact": _profile("ssm-contacts:*", samples=("ssm-contacts:StartEngagement",)),
        "AWS::XRay::ResourcePolicy": _profile("xray:*", samples=("xray:PutTraceSegments",)),
        "AWS::ServerlessRepo::Application": _profile(
            "serverlessrepo:*", samples=("serverlessrepo:CreateCloudFormationTemplate",)
        ),
        "AWS::Lex::Bot": _profile("lex:*", samples=("lex:RecognizeText",)),
        "AWS::Rekognition::Project": _profile("rekognition:*", samples=("rekognition:CopyProjectVersion",)),
        "AWS::NetworkFirewall::FirewallPolicy": _profile(
            "network-firewall:*", samples=("network-firewall:AssociateFirewallPolicy",)
        ),
        "AWS::NetworkFirewall::RuleGroup": _profile(
            "network-firewall:*", samples=("network-firewall:CreateFirewallPolicy",)
        ),
        "AWS::ImageBuilder::ImageRecipe": _profile("imagebuilder:*", samples=("imagebuilder:GetImageRecipe",)),
        "AWS::ImageBuilder::Component": _profile("imagebuilder:*", samples=("imagebuilder:GetComponent",)),
        "AWS::RefactorSpaces::Environment": _profile("refactor-spaces:*", samples=("refactor-spaces:GetEnvironment",)),
        "AWS::Organizations::ResourcePolicy": _profile(
            "organizations:*", samples=("organizations:DescribeOrganization",)
        ),
        "AWS::RedshiftServerless::Snapshot": _profile(
            "redshift-serverless:*", samples=("redshift-serverless:RestoreFromSnapshot",)
        ),
        "AWS::Signer::SigningProfile": _profile("signer:*", samples=("signer:StartSigningJob",)),
        "AWS::EC2::VPCEndpoint": ANY,
    }
)
