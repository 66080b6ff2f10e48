"""Power: principals a second, on one core, holding AWS managed policies (moto bundles their documents).

Each holds three of them, every third is bound by a boundary, and all by two levels of service control policies.
Of each: its standing, all that it can become over the others, and what it lost when one policy was taken off.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data

from bench.tables import Table
from vigie.access.power.comparing import shifts
from vigie.access.power.deciding import can
from vigie.access.power.dump import realm_of_dump
from vigie.access.power.effective import Layer, LayerKind
from vigie.access.power.paths import Graph
from vigie.access.power.realm import Organization
from vigie.access.power.statements import policy

ACCOUNT = "111111111111"
PRINCIPALS = 300
ASKED = ("s3:GetObject", "iam:PassRole", "ec2:RunInstances", "kms:Decrypt", "sts:AssumeRole", "lambda:*")
COLUMNS = ("question", "principals", "a second", "median ms", "slowest ms")


def power(resources: int) -> list[Table]:
    """Over as many principals, and no more than 300."""
    began = time.process_time()
    document = account(max(1, min(PRINCIPALS, resources)))
    realm = realm_of_dump(document, organization())
    graph = Graph(realm)
    arns = [row["Arn"] for key in ("UserDetailList", "RoleDetailList") for row in document[key]]
    rows = [
        ("read, standing and six decisions (cold)", *_timed(arns, lambda arn: _decide(graph, arn), began)),
        ("what it can become", *_timed(arns, graph.walk)),
        ("a policy taken off: what was lost", *_timed(arns, lambda arn: _compare(realm, arn))),
    ]
    return [Table("Power: principals with AWS managed policies, CPU of one core", COLUMNS, rows)]


def _decide(graph: Graph, arn: str) -> None:
    graph.stand_of(arn)
    effective = graph.realm.effective(arn)
    if effective is not None:
        for action in ASKED:
            can(effective, action)


def _compare(realm: Any, arn: str) -> None:
    entry = realm.entry(arn)
    own = realm.account_of(ACCOUNT)
    less = {**entry.configuration, "AttachedManagedPolicies": entry.configuration["AttachedManagedPolicies"][1:]}
    shifts(own.effective(entry), own.effective(type(entry)(entry.type, entry.arn, entry.account, less)))


def _timed(arns: Sequence[str], work: Callable[[str], Any], began: float | None = None) -> tuple[str, ...]:
    took = []
    start = time.process_time() if began is None else began
    for arn in arns:
        at = time.process_time()
        work(arn)
        took.append(time.process_time() - at)
    whole = time.process_time() - start
    median, slowest = statistics.median(took) * 1000, max(took) * 1000
    return f"{len(arns):,}", f"{len(arns) / whole:,.0f}", f"{median:.2f}", f"{slowest:.0f}"


def organization() -> Organization:
    outside = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}
    rows = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "NotAction": ["iam:*", "sts:*", "s3:*"], "Resource": "*", "Condition": outside},
        {"Effect": "Deny", "Action": "iam:*", "Resource": "arn:aws:iam::*:role/Audit*"},
    ]
    full = policy("FullAWSAccess", {"Version": "2012-10-17", "Statement": rows[0]})
    regions = policy("regions", {"Version": "2012-10-17", "Statement": rows})
    levels = (Layer(LayerKind.SCP, "root", (full,)), Layer(LayerKind.SCP, "account", (regions,)))
    return Organization("o-1234567890", levels)


def account(principals: int) -> dict[str, Any]:
    """An account as GetAccountAuthorizationDetails tells it."""
    shipped = json.loads(aws_managed_policies_data)
    policies = [
        {
            "Arn": f"arn:aws:iam::aws:policy{row['Path']}{name}",
            "PolicyName": name,
            "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": row["Document"]}],
        }
        for name, row in sorted(shipped.items())
    ]
    users: list[Any] = []
    roles: list[Any] = []
    for number in range(principals):
        chosen = [policies[(number * 37 + step * 101) % len(policies)] for step in range(3)]
        row: dict[str, Any] = {
            "AttachedManagedPolicies": [{"PolicyName": p["PolicyName"], "PolicyArn": p["Arn"]} for p in chosen],
            "Path": "/",
        }
        if number % 3 == 0:
            row["PermissionsBoundary"] = {"PermissionsBoundaryArn": "arn:aws:iam::aws:policy/PowerUserAccess"}
        kind, rows = ("User", users) if number % 2 else ("Role", roles)
        row |= {f"{kind}Name": f"p{number}", "Arn": f"arn:aws:iam::{ACCOUNT}:{kind.lower()}/p{number}"}
        if kind == "Role":
            service = ("lambda", "ec2", "ecs-tasks", "glue")[number // 2 % 4]
            trust = {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": f"{service}.amazonaws.com"},
            }
            row["AssumeRolePolicyDocument"] = {"Version": "2012-10-17", "Statement": [trust]}
        rows.append(row)
    return {"UserDetailList": users, "RoleDetailList": roles, "GroupDetailList": [], "Policies": policies}
