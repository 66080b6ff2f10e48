"""Random policies and random requests of outsiders, with what AWS would put into them. For hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from vigie.access.request import Request

OWN, PEER, FOREIGN, FRESH = "111111111111", "222222222222", "999999999999", "777777777777"
BUCKET = "arn:aws:s3:::b"
PRINCIPALS: list[Any] = [
    "*", "*", "*", "*", {"AWS": FOREIGN}, {"AWS": f"arn:aws:iam::{PEER}:role/r"}, {"AWS": OWN}, {"AWS": PEER},
    {"Service": "sns.amazonaws.com"}, {"AWS": [FOREIGN, PEER]}, {"AWS": "*", "Service": "s3.amazonaws.com"},
]  # fmt: skip
ACTIONS = ["s3:*", "*", "s3:GetObject", "s3:Get*", "s3:PutObject", ["s3:GetObject", "s3:PutObject"]]
RESOURCES = ["*", f"{BUCKET}/*", BUCKET, f"{BUCKET}/public/*", [BUCKET, f"{BUCKET}/*"]]
TEXT_KEYS = {
    "aws:PrincipalAccount": [OWN, PEER, FOREIGN, "9*", "*", "?" * 12],
    "aws:PrincipalArn": [f"arn:aws:iam::{PEER}:role/{r}" for r in "r*"] + ["arn:aws:iam::*:role/admin", "*"],
    "aws:PrincipalOrgID": ["o-ours", "o-theirs", "o-*"],
    "aws:SourceVpce": ["vpce-1", "vpce-2", "vpce-*"],
    "aws:SourceAccount": [OWN, FOREIGN],
    "aws:SourceArn": [f"arn:aws:sns:eu-west-1:{OWN}:t", f"arn:aws:sns:*:{FOREIGN}:*", "arn:aws:sns:*:*:*"],
    "aws:Referer": ["x", "https://*"],
    "s3:prefix": ["public/", "p*"],
}
TEXT_OPERATORS = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "Odd"]
NETWORKS = ["192.0.2.0/24", "198.51.100.7/32", "0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/0", "2001:db8::/32", "::/0"]


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
        kind = draw(st.integers(0, 5))
        suffix = draw(st.sampled_from(["", "", "IfExists"]))
        if kind <= 2:
            key = draw(st.sampled_from(list(TEXT_KEYS)))
            values = draw(st.lists(st.sampled_from(TEXT_KEYS[key]), min_size=1, max_size=2))
            operator = draw(st.sampled_from(["", "", "", "ForAllValues:", "ForAnyValue:"])) + draw(
                st.sampled_from(TEXT_OPERATORS)
            )
            found.setdefault(operator + suffix, {})[key] = values
        elif kind == 3:
            values = draw(st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=2))
            operator = draw(st.sampled_from(["IpAddress", "NotIpAddress"]))
            found.setdefault(operator + suffix, {})["aws:SourceIp"] = values
        elif kind == 4:
            key = draw(st.sampled_from(["aws:SecureTransport", "aws:PrincipalIsAWSService"]))
            found.setdefault("Bool" + suffix, {})[key] = draw(st.sampled_from(["true", "false"]))
        else:
            key = draw(st.sampled_from([*TEXT_KEYS, "aws:SourceIp"]))
            found.setdefault("Null", {})[key] = draw(st.sampled_from(["true", "false"]))
    return found


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    name = "NotPrincipal" if found["Effect"] == "Deny" and draw(st.integers(0, 3)) == 0 else "Principal"
    found[name] = draw(st.sampled_from(PRINCIPALS[4:8] if name == "NotPrincipal" else PRINCIPALS))
    found["NotAction" if draw(st.integers(0, 6)) == 0 else "Action"] = draw(st.sampled_from(ACTIONS))
    found["NotResource" if draw(st.integers(0, 8)) == 0 else "Resource"] = draw(st.sampled_from(RESOURCES))
    condition = draw(conditions())
    return {**found, "Condition": condition} if condition else found


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Statements before and after a change: some stay, some go, some come, and one part of one may be another."""
    stay = draw(st.lists(statements(), max_size=2))
    before = [*stay, *draw(st.lists(statements(), max_size=2))]
    after = [*stay, *draw(st.lists(statements(), max_size=2))]
    is_edited: bool = draw(st.booleans())
    if before and is_edited:
        edited, other = dict(draw(st.sampled_from(before))), draw(statements())
        part = draw(st.sampled_from(["Action", "Resource", "Condition", "Principal"]))
        if part in other and (part in edited or part == "Condition"):
            edited[part] = other[part]
            after.append(edited)
    return before, draw(st.permutations(after))


def where(draw: st.DrawFn) -> dict[str, str]:
    """From the internet, or through a VPC endpoint (then there is no address)."""
    if draw(st.booleans()):
        return {
            "aws:sourceip": draw(st.sampled_from(["192.0.2.9", "203.0.113.9", "8.8.8.8", "2001:db8::1", "2600::1"]))
        }
    return {"aws:sourcevpce": draw(st.sampled_from(["vpce-1", "vpce-2", "vpce-9"]))}


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request of an outsider, or of a service for anybody."""
    context: dict[str, str | tuple[str, ...]] = {}
    if draw(st.booleans()):
        context["aws:referer"] = draw(st.sampled_from(["x", "https://a"]))
    if draw(st.booleans()):
        context["s3:prefix"] = draw(st.sampled_from(["public/", "private/"]))
    context["aws:securetransport"] = draw(st.sampled_from(["true", "false"]))
    action = draw(st.sampled_from(["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetBucketAcl"]))
    resource = draw(st.sampled_from([BUCKET, f"{BUCKET}/public/a", f"{BUCKET}/secret"]))
    kind = draw(st.sampled_from(["anonymous", "account", "account", "account", "service"]))
    if kind == "anonymous":
        context |= {**where(draw), "aws:principalaccount": "anonymous"}
        return Request(action, resource, {}, None, context)
    account = draw(st.sampled_from([PEER, FOREIGN, FRESH, "912345678901"]))
    if kind == "service":
        name = draw(st.sampled_from(["sns.amazonaws.com", "s3.amazonaws.com", "events.amazonaws.com"]))
        source = draw(st.sampled_from([account, OWN, FOREIGN]))
        context |= {"aws:principalisawsservice": "true", "aws:sourceaccount": source}
        context["aws:sourcearn"] = f"arn:aws:sns:eu-west-1:{source}:t"
        return Request(action, resource, {"Service": name}, source, context)
    context |= where(draw)
    arn = f"arn:aws:iam::{account}:" + draw(st.sampled_from(["role/r", "role/admin", "user/u"]))
    context |= {"aws:principalaccount": account, "aws:principalarn": arn, "aws:principalisawsservice": "false"}
    organization = draw(st.sampled_from([None, "o-ours", "o-theirs", "o-evil"]))
    if organization:
        context["aws:principalorgid"] = organization
    return Request(action, resource, {"AWS": arn}, account, context)
