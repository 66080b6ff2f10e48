"""What generated values look like: names, addresses, policies, and the few answers that no shape describes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zlib import crc32

from vigie.testing.wire.requests import Call

GLOBAL_SERVICES = frozenset({"iam", "s3", "sts", "account", "organizations", "route53", "cloudfront"})
"""What they tell is the same, whatever region is asked."""

TAG_KEYS = ("Name", "Environment", "Owner", "CostCentre", "Team", "Project")

_EC2_PREFIXES: Mapping[str, str] = {
    "vpc": "vpc",
    "subnet": "subnet",
    "instance": "i",
    "volume": "vol",
    "snapshot": "snap",
    "image": "ami",
    "group": "sg",
    "securitygroup": "sg",
    "routetable": "rtb",
    "networkacl": "acl",
    "internetgateway": "igw",
    "natgateway": "nat",
    "networkinterface": "eni",
    "allocation": "eipalloc",
    "association": "assoc",
    "keypair": "key",
    "vpcendpoint": "vpce",
    "flowlog": "fl",
    "reservation": "r",
    "attachment": "eni-attach",
}
_IAM_PREFIXES: Mapping[str, str] = {
    "user": "AIDA",
    "role": "AROA",
    "group": "AGPA",
    "policy": "ANPA",
    "instanceprofile": "AIPA",
    "servercertificate": "ASCA",
    "accesskey": "AKIA",
    "sshpublickey": "APKA",
}
_REGIONS = ("eu-west-1", "us-east-1", "eu-central-1", "ap-southeast-2")
_POLICY_NAMES = re.compile(
    r"(^|\.)(resource)?policy(document|text)?$|policydocument$|policytext$|redrive(allow)?policy$", re.IGNORECASE
)


def is_policy(name: str, shape: str) -> bool:
    """Whether a string member is a JSON document."""
    return (
        shape == "policyDocumentType" or bool(_POLICY_NAMES.search(name)) or name in ("FilterPolicy", "DeliveryPolicy")
    )


def policy(name: str, call: Call, flat: int) -> str:
    """A valid JSON document of the kind the name means."""
    if name == "RedrivePolicy":
        arn = f"arn:{partition(call.region)}:sqs:{call.region}:{call.account}:dead-letters"
        return json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3 + flat})
    if name == "RedriveAllowPolicy":
        return json.dumps({"redrivePermission": "allowAll"})
    if name.lower().startswith("lifecyclepolicy"):
        return json.dumps(
            {"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged"}, "action": {"type": "expire"}}]}
        )
    trusted = (
        {"Service": "ec2.amazonaws.com"}
        if name.startswith("AssumeRole")
        else {"AWS": f"arn:aws:iam::{call.account}:root"}
    )
    actions = ["sts:AssumeRole"] if name.startswith("AssumeRole") else [f"{call.service}:Get*", f"{call.service}:List*"]
    statement: dict[str, Any] = {"Sid": f"Statement{flat}", "Effect": "Allow", "Action": actions}
    if name.startswith("AssumeRole") or call.service != "iam":
        statement["Principal"] = trusted
    if not name.startswith("AssumeRole"):
        statement["Resource"] = "*"
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def integer(name: str, seed: int) -> int:
    lowered = name.lower()
    if lowered.endswith("port"):
        return (22, 80, 443, 3306, 5432)[seed % 5]
    if "expir" in lowered or lowered.endswith("days"):
        return 1 + seed % 90
    return seed % 100


def string(name: str, parent: str, call: Call, place: int, token: str) -> str:
    """A string for a member. ``token`` stands for the thing (17 hexadecimal digits)."""
    lowered = name.lower()
    if (call.service, name) in _ARNS:
        return _arn(name.removesuffix("Id"), parent, call, place, token)
    for test, write in _STRINGS:
        if test(lowered):
            return write(name, parent, call, place, token)
    return f"{_kebab(name)}-{token[:8]}"


_ARNS = frozenset({("cloudformation", "StackId"), ("serverlessrepo", "ApplicationId")})
"""Members that hold an ARN and are not called so."""


def _arn(name: str, parent: str, call: Call, place: int, token: str) -> str:
    kind = _kebab(re.sub(r"(Arn|ARN)$", "", name)) or _kebab(parent) or "resource"
    signer = call.model.service_model.signing_name
    if call.service == "s3":
        return f"arn:{partition(call.region)}:s3:::bucket-{token[:10]}"
    region = "" if call.service in ("iam", "s3") else call.region
    return f"arn:{partition(call.region)}:{signer}:{region}:{call.account}:{kind}/{token}"


def _id(name: str, parent: str, call: Call, place: int, token: str) -> str:
    stem = re.sub(r"(Id|ID)$", "", name) or parent
    if call.service == "ec2":
        return f"{_EC2_PREFIXES.get(stem.lower(), _kebab(stem))}-{token}"
    if call.service == "iam" and stem.lower() in _IAM_PREFIXES:
        return f"{_IAM_PREFIXES[stem.lower()]}{token.upper()[:16]}"
    if stem.lower() in ("key", "targetkey", "kmskey"):
        return f"{token[:8]}-{token[8:12]}-4{token[12:15]}-8{token[5:8]}-{token[:12]}"
    return token


def _named(name: str, parent: str, call: Call, place: int, token: str) -> str:
    return f"{_kebab(re.sub('Name$', '', name) or parent or 'thing')}-{token[:10]}"


def _cidr(name: str, parent: str, call: Call, place: int, token: str) -> str:
    return f"10.{int(token[:2], 16)}.{int(token[2:4], 16)}.0/24"


def _cidr6(name: str, parent: str, call: Call, place: int, token: str) -> str:
    return f"2001:db8:{token[:4]}:{token[4:8]}::/64"


def _address(name: str, parent: str, call: Call, place: int, token: str) -> str:
    return f"10.{int(token[:2], 16)}.{int(token[2:4], 16)}.{int(token[4:6], 16)}"


def _time(name: str, parent: str, call: Call, place: int, token: str) -> str:
    return f"2025-{1 + int(token[:2], 16) % 12:02d}-{1 + int(token[2:4], 16) % 28:02d}T10:11:12Z"


def _url(name: str, parent: str, call: Call, place: int, token: str) -> str:
    if call.service == "sqs":
        return f"https://sqs.{call.region}.amazonaws.com/{call.account}/queue-{token[:10]}"
    return f"https://{token[:10]}.example.com/"


def _certificate(name: str, parent: str, call: Call, place: int, token: str) -> str:
    return certificate()


Writer = Callable[[str, str, Call, int, str], str]


def _constant(text: str) -> Writer:
    return lambda name, parent, call, place, token: text


_COUNTS = re.compile(r"(timeout|seconds|period|maximummessagesize|^approximatenumberof\w+)$")
"""Numbers that travel as text (attributes of queues)."""

_STRINGS: tuple[tuple[Callable[[str], bool], Writer], ...] = (
    (
        lambda name: (
            name in ("ownerid", "accountid", "awsaccountid", "registryid", "vpcowner", "account", "instanceownerid")
        ),
        lambda n, p, call, i, t: call.account,
    ),
    (lambda name: name in ("key", "tagkey"), lambda n, p, c, place, t: TAG_KEYS[place % len(TAG_KEYS)]),
    (lambda name: name in ("value", "tagvalue"), lambda n, p, c, i, token: f"value-{token[:6]}"),
    (lambda name: bool(_COUNTS.search(name)), lambda n, p, c, i, token: str(int(token[:2], 16))),
    (lambda name: name.endswith("timestamp"), lambda n, p, c, i, token: str(1_700_000_000 + int(token[:5], 16))),
    (lambda name: name.endswith("enabled"), _constant("true")),
    (lambda name: name.endswith("arn"), _arn),
    (lambda name: "ipv6cidr" in name or name == "cidripv6", _cidr6),
    (lambda name: "cidr" in name, _cidr),
    (lambda name: name.endswith(("ipaddress", "publicip", "privateip", "carrierip")) or name == "ip", _address),
    (
        lambda name: name.endswith("region") or name == "locationconstraint",
        lambda n, p, call, i, t: call.region if "." not in call.region else _REGIONS[0],
    ),
    (
        lambda name: name in ("availabilityzone", "zonename"),
        lambda n, p, call, place, t: f"{call.region}{'abc'[place % 3]}",
    ),
    (lambda name: name == "ipprotocol", _constant("tcp")),
    (lambda name: name == "path", _constant("/")),
    (lambda name: name == "certificatebody", _certificate),
    (lambda name: name.endswith(("createdate", "starttime", "lastmodified", "createtime", "creationdate")), _time),
    (lambda name: name.endswith(("url", "uri", "endpoint")), _url),
    (
        lambda name: name.endswith("dnsname"),
        lambda n, p, call, i, token: f"{token[:10]}.{call.region}.elb.amazonaws.com",
    ),
    (lambda name: name.endswith("id"), _id),
    (lambda name: name.endswith("name"), _named),
    (lambda name: name == "description", lambda n, p, c, i, token: f"What {token[:6]} is for"),
    (lambda name: name.endswith("version"), lambda n, p, c, i, token: f"{1 + int(token[0], 16)}.{int(token[1], 16)}"),
)


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


@cache
def certificate() -> str:
    """A self-signed certificate (PEM) of www.example.com, the same in every process."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.derive_private_key(0x7669676965, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "www.example.com")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(4242)
        .not_valid_before(datetime(2025, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("www.example.com")]), critical=False)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return built.public_bytes(serialization.Encoding.PEM).decode()


# answers that no shape describes


def bucket_region(name: str) -> str:
    """Where a generated bucket lives."""
    return _REGIONS[crc32(name.encode()) % len(_REGIONS)]


def _buckets(call: Call, generated: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Buckets": [{**bucket, "BucketRegion": bucket_region(bucket["Name"])} for bucket in generated["Buckets"]]}


def _location(call: Call, generated: Mapping[str, Any]) -> Mapping[str, Any]:
    region = bucket_region(str(call.parameters.get("Bucket")))
    return {"LocationConstraint": None if region == "us-east-1" else region}


def _caller(call: Call, generated: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "UserId": "AIDAVIGIE",
        "Account": call.account,
        "Arn": f"arn:{partition(call.region)}:iam::{call.account}:user/vigie",
    }


def _regions(call: Call, generated: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Regions": [{"RegionName": region, "RegionOptStatus": "ENABLED_BY_DEFAULT"} for region in _REGIONS]}


def _ec2_regions(call: Call, generated: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "Regions": [
            {"RegionName": region, "OptInStatus": "opt-in-not-required", "Endpoint": f"ec2.{region}.amazonaws.com"}
            for region in _REGIONS
        ]
    }


REPORT_COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,"
    "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,"
    "cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
"""Of the IAM credential report (IAM User Guide, "Get credential reports")."""


def credential_report(account: str, users: tuple[str, ...] = ("alice", "bob")) -> bytes:
    """A credential report: the root user and these, in CSV."""
    when = "2025-11-12T13:14:15+00:00"
    root = (
        f"<root_account>,arn:aws:iam::{account}:root,{when},not_supported,{when},not_supported,not_supported,true,"
        f"false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
    )
    rows = [
        f"{user},arn:aws:iam::{account}:user/{user},{when},true,no_information,{when},N/A,false,"
        f"true,{when},{when},eu-west-1,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
        for user in users
    ]
    return "\n".join([REPORT_COLUMNS, root, *rows]).encode()


def _report(call: Call, generated: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Content": credential_report(call.account), "ReportFormat": "text/csv"}


def _topic(call: Call, generated: Mapping[str, Any]) -> Mapping[str, Any]:
    arn = str(call.parameters.get("TopicArn", ""))
    return {
        "Attributes": {
            "TopicArn": arn,
            "Owner": call.account,
            "DisplayName": "",
            "Policy": policy("Policy", call, 0),
            "EffectiveDeliveryPolicy": json.dumps({"http": {"defaultHealthyRetryPolicy": {"numRetries": 3}}}),
            "SubscriptionsPending": "0",
            "SubscriptionsConfirmed": "1",
            "SubscriptionsDeleted": "0",
            "KmsMasterKeyId": "alias/aws/sns",
        }
    }


def _organization(call: Call, generated: Mapping[str, Any]) -> Mapping[str, Any]:
    arn = f"arn:aws:organizations::{call.account}:organization/o-1234567890"
    return {"Organization": {"Id": "o-1234567890", "Arn": arn, "MasterAccountId": call.account, "FeatureSet": "ALL"}}


def _roots(call: Call, generated: Mapping[str, Any]) -> Mapping[str, Any]:
    arn = f"arn:aws:organizations::{call.account}:root/o-1234567890/r-ab12"
    return {"Roots": [{"Id": "r-ab12", "Arn": arn, "Name": "Root"}]}


def _units(call: Call, generated: Mapping[str, Any]) -> Mapping[str, Any]:
    """Two units under the root, none under them: a tree has an end."""
    if call.parameters.get("ParentId") != "r-ab12":
        return {"OrganizationalUnits": []}
    start = f"arn:aws:organizations::{call.account}:ou/o-1234567890/"
    ids = ("ou-ab12-11111111", "ou-ab12-22222222")
    return {"OrganizationalUnits": [{"Id": id_, "Arn": start + id_, "Name": id_[-4:]} for id_ in ids]}


def _parents(call: Call, generated: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Parents": [{"Id": "ou-ab12-11111111", "Type": "ORGANIZATIONAL_UNIT"}]}


SPECIAL: Mapping[tuple[str, str], Callable[[Call, Mapping[str, Any]], Mapping[str, Any]]] = {
    ("organizations", "DescribeOrganization"): _organization,
    ("organizations", "ListRoots"): _roots,
    ("organizations", "ListOrganizationalUnitsForParent"): _units,
    ("organizations", "ListParents"): _parents,
    ("s3", "ListBuckets"): _buckets,
    ("s3", "GetBucketLocation"): _location,
    ("sts", "GetCallerIdentity"): _caller,
    ("account", "ListRegions"): _regions,
    ("ec2", "DescribeRegions"): _ec2_regions,
    ("iam", "GenerateCredentialReport"): lambda call, generated: {"State": "COMPLETE"},
    ("iam", "GetCredentialReport"): _report,
    ("sns", "GetTopicAttributes"): _topic,
}
