"""Condition keys: which can hold several values, which say who calls, and which say nothing about who.

Rests on "AWS global condition context keys" (IAM user guide) and each service's page in the Service Authorization
Reference, read 2026.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from vigie.access.patterns import glob, matches

SEVERAL_VALUES: Final = frozenset(
    {
        "aws:principalorgpaths", "aws:sourceorgpaths", "aws:resourceorgpaths", "aws:vpceorgpaths", "aws:calledvia",
        "aws:tagkeys", "aws:principalservicenameslist", "kms:encryptioncontextkeys", "kms:resourcealiases",
        "sts:transitivetagkeys", "sts:requestcontextproviders", "dynamodb:leadingkeys", "dynamodb:attributes",
        "s3:requestobjecttagkeys",
    }
)  # fmt: skip
"""And every claim ``amr`` and ``groups`` of an identity provider."""

WHO: Final = frozenset(
    {
        "aws:principalaccount", "kms:calleraccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths",
        "aws:userid", "aws:principaltype", "aws:principalisawsservice", "aws:principalservicename",
        "aws:principalservicenameslist", "aws:sourceaccount", "aws:sourceowner", "aws:sourcearn", "aws:sourceorgid",
        "aws:sourceorgpaths", "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn", "aws:vpceaccount",
        "aws:vpceorgid", "aws:vpceorgpaths", "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
        "lambda:eventsourcetoken", "lambda:sourcefunctionarn", "ec2:sourceinstancearn", "aws:ec2instancesourcevpc",
        "aws:ec2instancesourceprivateipv4", "aws:federatedprovider", "elasticfilesystem:accesspointarn",
    }
)  # fmt: skip
"""Keys that nobody can forge: what a requester can have there is worked out (vigie.access.requesters)."""

_SAYS_NOTHING: Final = tuple(
    map(
        glob,
        (
            # chosen by the caller
            "aws:useragent", "aws:referer", "aws:requesttag/*", "aws:tagkeys", "aws:principaltag/*", "aws:username",
            "aws:securetransport", "aws:multifactorauth*", "aws:tokenissuetime", "aws:viaawsservice", "aws:calledvia*",
            "aws:requestedregion", "aws:vpcsourceip", "aws:sourceidentity", "aws:assumedroot", "aws:chatbotsourcearn",
            "aws:principalissigned*", "aws:ismcpserviceaction",
            # said of the time, or of the resource
            "aws:currenttime", "aws:epochtime", "aws:resourceaccount", "aws:resourceorg*", "aws:resourcetag/*",
            # parameters of requests and properties of resources, service by service
            "s3:*", "kms:*", "sns:*", "sqs:*", "lambda:*", "ecr:*", "ec2:*", "dynamodb:*", "secretsmanager:*", "sts:*",
            "iam:*", "elasticfilesystem:*", "es:*", "aoss:*", "glacier:*", "backup:*", "events:*", "logs:*", "ses:*",
            "ssm:*", "ram:*", "execute-api:*", "apigateway:*", "cloudformation:*", "rds:*", "glue:*", "codeartifact:*",
            "s3express:*", "s3tables:*", "s3-outposts:*", "kinesis:*", "states:*", "saml:*", "cloudtrail:*",
            "acm-pca:*", "vpc-lattice:*", "vpc-lattice-svcs:*", "kafka:*", "kafka-cluster:*", "serverlessrepo:*",
            "codebuild:*", "redshift:*", "s3-object-lambda:*", "ecr-public:*", "schemas:*", "sagemaker:*",
        ),
    )
)  # fmt: skip
TRUE_OR_FALSE: Final = frozenset(
    {
        "aws:securetransport", "aws:multifactorauthpresent", "aws:viaawsservice", "aws:principalisawsservice",
        "kms:grantisforawsresource", "lambda:invokedviafunctionurl",
    }
)  # fmt: skip
TIMES: Final = frozenset({"aws:currenttime", "aws:epochtime"})


SOURCE_CONTEXT: Final = "kms:encryptioncontext:*arn"
"""Stands for the keys of :func:`is_source_context`."""


def is_source_context(key: str) -> bool:
    """An ARN in a key's encryption context, such as ``kms:EncryptionContext:aws:logs:arn``: where a service calls, it
    writes the resource there that it acts for ("Encrypt log data in CloudWatch Logs using AWS KMS").
    """
    return key.startswith("kms:encryptioncontext:") and key.endswith("arn")


def has_several(key: str) -> bool:
    return key in SEVERAL_VALUES or key.endswith((":amr", ":groups"))


@lru_cache(maxsize=2048)
def is_known(key: str) -> bool:
    """Whether it is known what the key says. Of one that is not, any value is assumed to be anybody's."""
    return key in WHO or any(matches(pattern, key) for pattern in _SAYS_NOTHING)
