"""Random policies: the engine's verdicts against the evaluator, which shares no decision with it.

No request of an outsider is allowed unless the verdict says so, and the witness of every exact grant is allowed.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vigie.access import Access, Facts, Grant, GrantClass, judge
from vigie.access.document import parse
from vigie.access.evaluator import allows
from vigie.access.request import Request

OWN, PEER, FOREIGN, FRESH = "111111111111", "222222222222", "999999999999", "777777777777"
BUCKET = "arn:aws:s3:::b"
PRINCIPALS: list[Any] = [
    "*", "*", "*", "*", "*", {"AWS": FOREIGN}, {"AWS": f"arn:aws:iam::{PEER}:role/r"}, {"AWS": OWN},
    {"Service": "sns.amazonaws.com"},
    {"AWS": [FOREIGN, PEER]}, {"AWS": "*", "Service": "s3.amazonaws.com"},
]  # fmt: skip
ACTIONS = ["s3:*", "s3:*", "*", "s3:GetObject", "s3:Get*", "s3:PutObject", ["s3:GetObject", "s3:PutObject"]]
RESOURCES = ["*", "*", f"{BUCKET}/*", BUCKET, "*", f"{BUCKET}/public/*", [BUCKET, f"{BUCKET}/*"]]
TEXT_KEYS = {
    "aws:PrincipalAccount": [OWN, PEER, FOREIGN, "9*", "*", "?" * 12],
    "aws:PrincipalArn": [f"arn:aws:iam::{PEER}:role/{r}" for r in "r*"] + ["arn:aws:iam::*:role/admin", "*"],
    "aws:PrincipalOrgID": ["o-ours", "o-theirs", "o-*"],
    "aws:SourceVpce": ["vpce-1", "vpce-2", "vpce-*"],
    "aws:SourceAccount": [OWN, FOREIGN],
    "aws:SourceArn": [f"arn:aws:sns:eu-west-1:{OWN}:t", f"arn:aws:sns:*:{FOREIGN}:*", "arn:aws:sns:*:*:*"],
    "aws:Referer": ["x", "https://*"],
    "s3:prefix": ["public/", "p*"],
}  # fmt: skip
TEXT_OPERATORS = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"]
NETWORKS = ["192.0.2.0/24", "198.51.100.7/32", "0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/0", "2001:db8::/32", "::/0"]


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(draw(st.integers(0, 3))):
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
def statements(draw: st.DrawFn, effect: str) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": effect}
    name = "NotPrincipal" if effect == "Deny" and draw(st.booleans()) and draw(st.booleans()) else "Principal"
    found[name] = draw(st.sampled_from(PRINCIPALS[5:8] if name == "NotPrincipal" else PRINCIPALS))
    found["NotAction" if draw(st.integers(0, 6)) == 0 else "Action"] = draw(st.sampled_from(ACTIONS))
    found["NotResource" if draw(st.integers(0, 8)) == 0 else "Resource"] = draw(st.sampled_from(RESOURCES))
    condition = draw(conditions())
    return {**found, "Condition": condition} if condition else found


POLICIES = st.builds(
    lambda allows, denies: [*allows, *denies],
    st.lists(statements("Allow"), min_size=1, max_size=2),
    st.lists(statements("Deny"), max_size=3),
)


def where(draw: st.DrawFn) -> dict[str, str]:
    """From the internet, or through a VPC endpoint (then there is no address)."""
    if draw(st.booleans()):
        return {
            "aws:sourceip": draw(st.sampled_from(["192.0.2.9", "203.0.113.9", "8.8.8.8", "2001:db8::1", "2600::1"]))
        }
    endpoint = draw(st.sampled_from(["vpce-1", "vpce-2", "vpce-9"]))
    return {"aws:sourcevpce": endpoint}


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request of an outsider, with what AWS would put into it."""
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


def judged(policy: list[dict[str, Any]]) -> Access:
    configuration = {"Policy": {"Version": "2012-10-17", "Statement": policy}}
    facts = Facts(own_accounts=frozenset({OWN}))
    return judge("AWS::S3::Bucket", configuration, account=OWN, facts=facts, arn=BUCKET)


def tells(grant: Grant, request: Request) -> bool:
    """Whether a grant speaks of such a requester."""
    context = request.context
    match grant.kind:
        case GrantClass.PUBLIC | GrantClass.PUBLIC_VIA_SERVICE:
            return True
        case GrantClass.ANY_ACCOUNT_OF_ORG:
            return context.get("aws:principalorgid") == grant.who
        case GrantClass.ACCOUNT:
            return grant.account == request.account
        case GrantClass.NETWORK_LIMITED:
            return "aws:sourceip" in context or "aws:sourcevpce" in context
        case GrantClass.SERVICE | GrantClass.CONFUSED_DEPUTY:
            return request.principal.get("Service") == grant.who
    return False


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(POLICIES, st.lists(requests(), min_size=12, max_size=12))
def test_no_outsider_is_allowed_whom_the_verdict_does_not_tell(
    policy: list[dict[str, Any]], tried: list[Request]
) -> None:
    document = parse({"Version": "2012-10-17", "Statement": policy})
    access = None
    for request in tried:
        if not allows(document, request) or ("Service" in request.principal and request.account == OWN):
            continue  # a service that acts for the owner is no outsider
        access = access or judged(policy)
        assert any(tells(g, request) for g in access.grants), (request, [(g.kind.value, g.who) for g in access.grants])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(POLICIES)
@example([{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}])
def test_every_exact_grant_has_a_witness_that_is_allowed(policy: list[dict[str, Any]]) -> None:
    document = parse({"Version": "2012-10-17", "Statement": policy})
    for grant in judged(policy).grants:
        assert "second evaluation" not in grant.why_not_exact, grant
        if grant.exact:
            assert grant.witness is not None
            assert allows(document, request_of(grant.witness))


def request_of(witness: Any) -> Request:
    principal = witness["principal"] if isinstance(witness["principal"], dict) else {}
    context = {k: v if isinstance(v, str) else tuple(v) for k, v in witness["context"].items()}
    return Request(witness["action"], witness["resource"], principal, witness["account"], context)
