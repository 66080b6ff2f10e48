"""Who may call: classes of requesters, each with what the keys that it cannot forge hold in its requests.

"AWS global condition context keys" (IAM user guide) says which key is there for whom: anonymous requests have
``aws:PrincipalAccount = anonymous`` and no other key of a principal; a role's ``aws:PrincipalArn`` is that of the role,
not of the session; services have no key of a principal but that of being one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from vigie.access.constraints import ABSENT, Constraint, among, equal, none_of
from vigie.access.document import Principal, Statement
from vigie.access.keys import SOURCE_CONTEXT, is_source_context
from vigie.access.mentions import account_in
from vigie.access.patterns import ONE_IN_PART, STAR, STAR_IN_PART, WITH_A_STAR, glob

Bounds = Mapping[str, tuple[Constraint, ...]]
PARTITIONS: Final = ("aws", "aws-cn", "aws-us-gov")
STRANGER_ORGANIZATION: Final = "o-stranger00"
_ANY: Final = ()
_TYPED: Final = ("function", "stateMachine", "log-group", "db", "cluster", "alarm", "secret", "backup-vault")
_NO_PRINCIPAL: Final[Bounds] = dict.fromkeys(
    (
        "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:userid", "aws:username",
        "aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist", "aws:principaltag/*",
        "aws:multifactorauthpresent", "aws:multifactorauthage", "aws:tokenissuetime", "aws:federatedprovider",
        "ec2:sourceinstancearn", "aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4",
        "lambda:sourcefunctionarn",
    ),
    (ABSENT,),
)  # fmt: skip
_NO_SOURCE: Final[Bounds] = dict.fromkeys(
    (
        "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths",
        "lambda:eventsourcetoken",
    ),
    (ABSENT,),
)  # fmt: skip
_NO_NETWORK: Final[Bounds] = dict.fromkeys(
    (
        "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid",
        "aws:vpceorgpaths", "elasticfilesystem:accessedviamounttarget", "elasticfilesystem:accesspointarn",
    ),
    (ABSENT,),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Requester:
    """A class of requesters. A key without bounds holds whatever the requester likes, or nothing."""

    principal: Mapping[str, str]
    """As a witness tells it: ``{"AWS": arn}``, ``{"Service": name}``… ; empty: anonymous."""
    names: frozenset[Principal] = frozenset()
    """Principal elements that mean it, besides everybody."""
    bounds: Bounds = field(default_factory=dict)
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    account: str | None = None

    def is_meant_by(self, statement: Statement) -> bool:
        if not statement.principals:
            return False
        named = any(p in self.names or (p.kind == "AWS" and p.value == "*") for p in statement.principals)
        return named != statement.not_principal

    def bound(self, key: str) -> tuple[Constraint, ...]:
        found = self.bounds.get(key)
        if found is None and key.startswith("aws:principaltag/"):
            found = self.bounds.get("aws:principaltag/*")
        if found is None and is_source_context(key):
            found = self.bounds.get(SOURCE_CONTEXT)
        return found or _ANY

    def within(self, more: Bounds) -> Requester:
        """The same, within further bounds."""
        joined = {key: (*self.bounds.get(key, ()), *constraints) for key, constraints in more.items()}
        return replace(self, bounds={**self.bounds, **joined})


def anonymous() -> Requester:
    kinds = {"aws:principalaccount": (equal("anonymous"),), "aws:principaltype": (equal("Anonymous"),)}
    bounds = {
        **_NO_PRINCIPAL, **_NO_SOURCE, **kinds, "kms:calleraccount": (ABSENT,),
        "s3:dataaccesspointaccount": (ABSENT,), "s3:dataaccesspointarn": (ABSENT,),
    }  # fmt: skip
    return Requester({}, bounds=bounds)


@dataclass(frozen=True, slots=True)
class Of:
    """Where an account belongs, and what of it is named elsewhere."""

    partition: str = "aws"
    no_arns: tuple[str, ...] = ()
    """ARNs of principals that are classes of their own."""
    no_user_ids: tuple[str, ...] = ()
    organization: Bounds = field(default_factory=dict)
    caller_owns_source: bool = False
    stranger: bool = False


IN_NO_ORGANIZATION: Final[Bounds] = {"aws:principalorgid": (ABSENT,), "aws:principalorgpaths": (ABSENT,)}


def in_organization(organization: str, path: str = "") -> Bounds:
    paths = among((glob(path or f"{organization}/*"),))
    return {"aws:principalorgid": (equal(organization),), "aws:principalorgpaths": (paths,)}


def outside_organizations(organizations: Sequence[str]) -> Bounds:
    return {
        "aws:principalorgid": (none_of(organizations),),
        "aws:principalorgpaths": (none_of([glob(f"{o}/*") for o in organizations]),),
    }


def principals_of(account: str, of: Of) -> Requester:
    """The users, roles and the root of an account, but for those that are classes of their own."""
    start = f"arn:{of.partition}:iam::{account}:"
    own = [start + "user/" + STAR, start + "role/" + STAR, start + "root"]
    own.append(f"arn:{of.partition}:sts::{account}:federated-user/" + STAR_IN_PART)  # its name has no colon
    arns = (among(own), none_of((WITH_A_STAR, *of.no_arns)))
    ids = [c for c in (_ids_of(account, of.stranger), none_of((WITH_A_STAR, *_ids(of.no_user_ids)))) if c is not None]
    bounds: dict[str, tuple[Constraint, ...]] = {
        **_as_caller(account, of),
        "aws:principalarn": arns,
        "aws:userid": tuple(ids),
    }
    if of.stranger:
        bounds["s3:dataaccesspointaccount"] = (among((account,), optional=True),)
        bounds["s3:dataaccesspointarn"] = (among(access_points_of(account), optional=True),)
    name = "stranger" if of.stranger else "someone"
    samples = {"aws:principalarn": (f"{start}user/{name}", f"{start}role/{name}")}
    return Requester({"AWS": account}, _names_of(account), bounds, samples, account)


def named_principal(arn: str, account: str, of: Of) -> Requester:
    """One user, role, session or federated user. ``aws:PrincipalArn`` of a session is its role's."""
    names = _names_of(account) | {Principal("AWS", arn)}
    bound = equal(arn)
    samples: tuple[str, ...] = (arn,)
    if ":assumed-role/" in arn:
        role = arn.partition(":assumed-role/")[2].split("/")[0]
        start = f"arn:{of.partition}:iam::{account}:role/"
        bound = among((start + role, start + STAR + "/" + role))
        names |= {Principal("AWS", start + role)}
        samples = (start + role,)
    bounds = {**_as_caller(account, of), "aws:principalarn": (bound,)}
    return Requester({"AWS": arn}, names, bounds, {"aws:principalarn": samples}, account)


def user_id(identifier: str, account: str | None, of: Of) -> Requester:
    """A user or role that is known by its unique id only."""
    bounds: dict[str, tuple[Constraint, ...]] = {
        **(_as_caller(account, of) if account else _NO_SOURCE),
        "aws:userid": (among((identifier, identifier + ":" + STAR)),),
        "aws:principalisawsservice": (equal("false"),),
        "aws:principalservicename": (ABSENT,),
    }
    return Requester({"AWS": identifier}, frozenset(), bounds, {}, account)


def _as_caller(account: str, of: Of) -> dict[str, tuple[Constraint, ...]]:
    bounds: dict[str, tuple[Constraint, ...]] = {
        **_NO_SOURCE,
        "aws:principalaccount": (equal(account),),
        "kms:calleraccount": (equal(account),),
        "aws:principalisawsservice": (equal("false"),),
        "aws:principalservicename": (ABSENT,),
        "aws:principalservicenameslist": (ABSENT,),
        "aws:principaltype": (equal("AssumedRole", "User", "Account", "FederatedUser"),),
        **of.organization,
    }
    if of.stranger:
        for key in ("lambda:sourcefunctionarn", "ec2:sourceinstancearn"):
            bounds[key] = (among(arns_in(account, of.partition), optional=True),)
        bounds["aws:ec2instancesourcevpc"] = (ABSENT,)
    if of.caller_owns_source:
        bounds["aws:sourceowner"] = (equal(account),)
    return bounds


def _names_of(account: str) -> frozenset[Principal]:
    roots = (f"arn:{partition}:iam::{account}:root" for partition in PARTITIONS)
    return frozenset(Principal("AWS", name) for name in (account, *roots))


def _ids_of(account: str, stranger: bool) -> Constraint | None:
    return among((account, account + ":" + STAR, "AIDA" + STAR, "AROA" + STAR + ":" + STAR)) if stranger else None


def _ids(identifiers: Sequence[str]) -> list[str]:
    return [pattern for i in identifiers for pattern in (i, i + ":" + STAR)]


def access_points_of(account: str) -> list[str]:
    """Patterns of the ARNs of S3 access points in an account."""
    return [f"arn:aws:s3:{STAR_IN_PART}:{account}:accesspoint/{STAR}"]


def arns_in(account: str, partition: str) -> list[str]:
    """ARNs of resources in an account, as far as their owner can choose: a region has a hyphen, and names no colon."""
    start = f"arn:{partition}:{STAR_IN_PART}:"
    regional = f"{start}{STAR_IN_PART}-{STAR_IN_PART}-{ONE_IN_PART}:{account}:"
    found = [regional + STAR_IN_PART, f"{start}:{account}:{STAR_IN_PART}"]
    found += [f"{regional}{typed}:{STAR_IN_PART}" for typed in _TYPED]
    return found


# Services


@dataclass(frozen=True, slots=True)
class Source:
    """For whom a service acts."""

    account: str | None = None
    """None: whoever the other bounds allow."""
    bounds: Bounds = field(default_factory=dict)


def source_of(account: str, partition: str, names: Sequence[str] = (), more: Bounds | None = None) -> Source:
    """Resources of an account as the source; ``names``: patterns of ARNs without an account that are its own, too."""
    buckets = f"arn:{partition}:s3:{STAR_IN_PART}:{account}:{STAR}"  # no such: the ARN of a bucket tells no account
    bounds: dict[str, tuple[Constraint, ...]] = {
        "aws:sourceaccount": (among((account,), optional=True),),
        "aws:sourceowner": (among((account,), optional=True),),
        "aws:sourcearn": (
            among([*arns_in(account, partition), *names], optional=True),
            none_of((WITH_A_STAR, buckets)),
        ),
    }
    for key, constraints in (more or {}).items():
        bounds[key] = (*bounds.get(key, ()), *constraints)
    bounds[SOURCE_CONTEXT] = bounds["aws:sourcearn"]
    return Source(account, bounds)


def service(name: str | None, source: Source, others: Sequence[str] = ()) -> Requester:
    """A service of AWS acting for a source. Without a name: any but the ``others``."""
    called: Constraint = equal(name) if name else none_of(others)
    flags = {
        "aws:principalisawsservice": (equal("true"),),
        "aws:principalservicename": (called,),
        "aws:principalservicenameslist": (equal(name) if name else none_of(others),),
        "aws:principalaccount": (ABSENT,),
        "kms:calleraccount": (ABSENT,),
    }
    bounds = {**_NO_PRINCIPAL, **_NO_NETWORK, **flags, **source.bounds}
    shown = name or "any.amazonaws.com"
    names = frozenset({Principal("Service", name)}) if name else frozenset()
    samples = {"aws:principalservicename": (shown,), "aws:principalservicenameslist": (shown,)}
    return Requester({"Service": shown}, names, bounds, samples, source.account)


# Others


def provider(name: str, claims: Bounds, actions: Bounds) -> Requester:
    """Identities of an identity provider."""
    bounds = {
        **_NO_PRINCIPAL, **_NO_SOURCE, "aws:principalaccount": (ABSENT,), "aws:federatedprovider": (equal(name),),
        **claims, **actions,
    }  # fmt: skip
    return Requester({"Federated": name}, frozenset({Principal("Federated", name)}), bounds, {}, account_in(name))


def canonical_user(identifier: str, account: str | None) -> Requester:
    known: Any = {"aws:principalaccount": (equal(account),)} if account else {}
    names = frozenset({Principal("CanonicalUser", identifier)}) | (_names_of(account) if account else frozenset())
    return Requester({"CanonicalUser": identifier}, names, {**_NO_SOURCE, **known}, {}, account)


def cloudfront_identity(arn: str) -> Requester:
    bounds = {**_NO_PRINCIPAL, **_NO_SOURCE, "aws:principalaccount": (ABSENT,)}
    return Requester({"AWS": arn}, frozenset({Principal("AWS", arn)}), bounds)
