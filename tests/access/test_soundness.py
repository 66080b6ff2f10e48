"""Random policies: the engine's verdicts against the evaluator, which shares no decision with it.

No request of an outsider is allowed unless the verdict says so, and the witness of every exact grant is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vigie.access import Access, Facts, Grant, GrantClass, judge
from vigie.access.document import parse
from vigie.access.evaluator import allows
from vigie.access.mentions import account_in
from vigie.access.request import Request
from vigie.access.spans import inside

OWN, PEER, FOREIGN, FRESH = "111111111111", "222222222222", "999999999999", "777777777777"
BUCKET = "arn:aws:s3:::b"
PRINCIPALS: list[Any] = [
    "*", "*", "*", "*", "*", {"AWS": FOREIGN}, {"AWS": f"arn:aws:iam::{PEER}:role/r"}, {"AWS": OWN},
    {"Service": "sns.amazonaws.com"},
    {"AWS": [FOREIGN, PEER]}, {"AWS": "*", "Service": "s3.amazonaws.com"},
    {"AWS": f"arn:aws:iam::{FOREIGN}:root"}, {"AWS": [f"arn:aws:iam::{PEER}:user/u", OWN]},
]  # fmt: skip
ACTIONS = ["s3:*", "s3:*", "*", "s3:GetObject", "s3:Get*", "s3:PutObject", ["s3:GetObject", "s3:PutObject"]]
RESOURCES = [
    "*", "*", f"{BUCKET}/*", BUCKET, "*", f"{BUCKET}/public/*", [BUCKET, f"{BUCKET}/*"],
    f"{BUCKET}/${{aws:PrincipalAccount}}/*",
]  # fmt: skip
TEXT_KEYS = {
    "aws:PrincipalAccount": [OWN, PEER, FOREIGN, "9*", "*", "?" * 12, "${aws:ResourceAccount}"],
    "aws:PrincipalArn": [f"arn:aws:iam::{PEER}:role/{r}" for r in "r*"] + ["arn:aws:iam::*:role/admin", "*"],
    "aws:PrincipalOrgID": ["o-ours", "o-theirs", "o-*"],
    "aws:PrincipalOrgPaths": ["o-ours/*", "o-theirs/r-1/*", "o-*/*", "*"],
    "aws:PrincipalType": ["User", "AssumedRole", "Anonymous", "*"],
    "aws:userid": [f"AROA{PEER}:*", f"AIDA{FOREIGN}", "AIDA*", "*", FOREIGN],
    "aws:SourceVpce": ["vpce-1", "vpce-2", "vpce-*"],
    "aws:SourceVpc": ["vpc-1", "vpc-2", "vpc-*"],
    "aws:VpceAccount": [OWN, PEER, "*"],
    "aws:SourceAccount": [OWN, FOREIGN, "${aws:ResourceAccount}", "9*"],
    "aws:SourceArn": [f"arn:aws:sns:eu-west-1:{OWN}:t", f"arn:aws:sns:*:{FOREIGN}:*", "arn:aws:sns:*:*:*"],
    "aws:SourceOrgID": ["o-ours", "o-*"],
    "aws:PrincipalServiceName": ["sns.amazonaws.com", "*.amazonaws.com"],
    "aws:Referer": ["x", "https://*", "${aws:UserAgent}", "${aws:PrincipalAccount, 'x'}"],
    "aws:TagKeys": ["a", "b", "*"],
    "s3:prefix": ["public/", "p*", "${*}", "home/${aws:userid}"],
}  # fmt: skip
TEXT_OPERATORS = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"]
TEXT_OPERATORS += ["StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"]
ARN_OPERATORS = ["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"]
COMPARISONS = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]
QUANTIFIERS = ["", "", "", "ForAllValues:", "ForAnyValue:"]
NETWORKS = ["192.0.2.0/24", "198.51.100.7/32", "0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/0", "2001:db8::/32", "::/0"]
NETWORKS += ["::ffff:192.0.2.0/120", "10.0.0.0/8", "192.0.2.9"]
FLAGS = ["aws:SecureTransport", "aws:PrincipalIsAWSService", "aws:ViaAWSService"]
TIMES = ["2024-06-01T00:00:00Z", "2025-01", "1735689600"]


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(draw(st.integers(0, 3))):
        operator, key, values = draw(_CONDITION)
        found.setdefault(operator, {})[key] = values
    return found


@st.composite
def of_texts(draw: st.DrawFn, keys: list[str], operators: list[str]) -> tuple[str, str, Any]:
    key = draw(st.sampled_from(keys))
    values = draw(st.lists(st.sampled_from(TEXT_KEYS[key]), min_size=1, max_size=2))
    operator = draw(st.sampled_from(QUANTIFIERS)) + draw(st.sampled_from(operators))
    return operator + draw(_SUFFIX), key, values


_SUFFIX = st.sampled_from(["", "", "IfExists"])
_TRUTH = st.sampled_from(["true", "false"])
_CONDITION = st.one_of(
    of_texts(list(TEXT_KEYS), TEXT_OPERATORS),
    of_texts(list(TEXT_KEYS), TEXT_OPERATORS),
    of_texts(list(TEXT_KEYS), TEXT_OPERATORS),
    of_texts(["aws:PrincipalArn", "aws:SourceArn"], ARN_OPERATORS),
    st.tuples(
        st.builds(str.__add__, st.sampled_from(["IpAddress", "NotIpAddress"]), _SUFFIX),
        st.just("aws:SourceIp"),
        st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=2),
    ),
    st.tuples(st.builds(str.__add__, st.just("Bool"), _SUFFIX), st.sampled_from(FLAGS), _TRUTH),
    st.tuples(
        st.builds(lambda c, s: f"Numeric{c}{s}", st.sampled_from(COMPARISONS), _SUFFIX),
        st.just("s3:max-keys"),
        st.sampled_from(["1", "10"]),
    ),
    st.tuples(
        st.builds(lambda c, s: f"Date{c}{s}", st.sampled_from(COMPARISONS), _SUFFIX),
        st.just("aws:CurrentTime"),
        st.sampled_from(TIMES),
    ),
    st.tuples(st.just("Null"), st.sampled_from([*TEXT_KEYS, "aws:SourceIp", "s3:max-keys"]), _TRUTH),
)


@st.composite
def statements(draw: st.DrawFn, effect: str) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": effect}
    name = "NotPrincipal" if draw(st.integers(0, 3 if effect == "Deny" else 9)) == 0 else "Principal"
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
    number, owner = draw(st.sampled_from([("1", OWN), ("2", PEER), ("9", FRESH)]))
    return {"aws:sourcevpce": f"vpce-{number}", "aws:sourcevpc": f"vpc-{number}", "aws:vpceaccount": owner}


def chosen(draw: st.DrawFn) -> dict[str, str | tuple[str, ...]]:
    """What any caller chooses, and what speaks of the resource and of the time."""
    context: dict[str, str | tuple[str, ...]] = {"aws:resourceaccount": OWN, "s3:resourceaccount": OWN}
    for key, values in {
        "aws:referer": ["x", "https://a", "agent"],
        "aws:useragent": ["agent"],
        "s3:prefix": ["public/", "private/", "*", f"home/AIDA{FOREIGN}"],
        "s3:max-keys": ["1", "5", "1000"],
    }.items():
        if draw(st.booleans()):
            context[key] = draw(st.sampled_from(values))
    tags = tuple(draw(st.lists(st.sampled_from("abc"), max_size=2, unique=True)))
    if tags:
        context["aws:tagkeys"] = tags
    context["aws:securetransport"] = draw(_TRUTH)
    context["aws:currenttime"] = draw(st.sampled_from(["2024-01-01T00:00:00Z", "2025-06-01T00:00:00Z"]))
    return context


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request of an outsider, with what AWS would put into it."""
    context = chosen(draw)
    action = draw(st.sampled_from(["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetBucketAcl"]))
    resource = draw(st.sampled_from([BUCKET, f"{BUCKET}/public/a", f"{BUCKET}/secret", f"{BUCKET}/{FRESH}/a"]))
    kind = draw(st.sampled_from(["anonymous", "account", "account", "account", "service"]))
    if kind == "anonymous":
        context |= {**where(draw), "aws:principalaccount": "anonymous", "aws:principaltype": "Anonymous"}
        return Request(action, resource, {}, None, context)
    account = draw(st.sampled_from([PEER, FOREIGN, FRESH, "912345678901"]))
    organization = draw(st.sampled_from([None, "o-ours", "o-theirs", "o-evil"]))
    if kind == "service":
        name = draw(st.sampled_from(["sns.amazonaws.com", "s3.amazonaws.com", "events.amazonaws.com"]))
        source = draw(st.sampled_from([account, OWN, FOREIGN]))
        context |= {"aws:principalisawsservice": "true", "aws:sourceaccount": source}
        context |= {"aws:principalservicename": name, "aws:sourcearn": f"arn:aws:sns:eu-west-1:{source}:t"}
        if organization:
            context["aws:sourceorgid"] = organization
        return Request(action, resource, {"Service": name}, source, context)
    context |= where(draw)
    kind, name = draw(st.sampled_from([("role", "r"), ("role", "admin"), ("user", "u")]))
    arn = f"arn:aws:iam::{account}:{kind}/{name}"
    context |= {"aws:principalaccount": account, "aws:principalarn": arn, "aws:principalisawsservice": "false"}
    context["aws:userid"] = f"AROA{account}:s" if kind == "role" else f"AIDA{account}"
    context["aws:principaltype"] = "AssumedRole" if kind == "role" else "User"
    if organization:
        path = draw(st.sampled_from(["r-1/", "r-2/ou-3/"]))
        context |= {"aws:principalorgid": organization, "aws:principalorgpaths": (f"{organization}/{path}",)}
    return Request(action, resource, {"AWS": arn}, account, context)


def judged(policy: list[dict[str, Any]]) -> Access:
    configuration = {"Policy": {"Version": "2012-10-17", "Statement": policy}}
    facts = Facts(own_accounts=frozenset({OWN}))
    return judge("AWS::S3::Bucket", configuration, account=OWN, facts=facts, arn=BUCKET)


def tells(grant: Grant, request: Request) -> bool:
    """Whether a grant speaks of such a requester."""
    context = request.context
    match grant.kind:
        case GrantClass.PUBLIC:
            return True
        case GrantClass.PUBLIC_VIA_SERVICE:
            return "Service" in request.principal
        case GrantClass.ANY_ACCOUNT_OF_ORG:
            own = context.get("aws:principalorgid") or context.get("aws:sourceorgid")
            return own is not None and grant.who.split("/")[0] == own
        case GrantClass.ACCOUNT:
            user_id = str(context.get("aws:userid", "")).split(":")[0]
            return request.account in (grant.account, account_in(grant.who)) or grant.who == user_id
        case GrantClass.NETWORK_LIMITED:
            return any(is_from(network, context) for network in grant.who.split(", "))
        case GrantClass.SERVICE | GrantClass.CONFUSED_DEPUTY:
            return request.principal.get("Service") == grant.who
    return False


def is_from(network: str, context: Mapping[str, Any]) -> bool:
    if "/" in network:
        return "aws:sourceip" in context and inside(context["aws:sourceip"], [network])
    places = [context.get(key) for key in ("aws:sourcevpce", "aws:sourcevpc", "aws:vpceaccount")]
    return network.removeprefix("VPC endpoints of ") in places


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
