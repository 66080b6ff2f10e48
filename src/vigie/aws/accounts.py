"""Entering accounts: whose credentials these are, whether they are of the expected account, and where one may look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from botocore.credentials import ReadOnlyCredentials

from vigie.aws.caller import Caller, Line, RestrictedCaller
from vigie.aws.credentials import Purse, RolePurse, Session
from vigie.aws.errors import CallFailed
from vigie.aws.options import DEFAULT_REGION, HOME_REGIONS
from vigie.model.account import Account, partition_of
from vigie.model.scope import Outcome, Problem

ENTRY_OPERATIONS: Final = frozenset(
    {
        ("sts", "GetCallerIdentity"),
        ("sts", "AssumeRole"),
        ("account", "ListRegions"),
        ("ec2", "DescribeRegions"),
    }
)
"""What vigie calls beside the declared types: to be in the generated IAM policy too."""

ANCHOR_OPERATION: Final = ("s3", "PutObject")
"""The one call that writes: a signed head into the bucket of an anchor that the settings name, with the ambient
credentials and never in a watched account's role (vigie.catalogue.policy.evidence_policy allows exactly that)."""

SESSION_NAME: Final = "vigie"
_SESSION_SECONDS: Final = 3600
_OWN_SECONDS: Final = 60.0
_OWN_SECONDS_LOCAL: Final = 5.0

ALWAYS_ENABLED: Final = frozenset(
    {
        *(f"us-{side}-{number}" for side in ("east", "west") for number in (1, 2)),
        *("ca-central-1", "sa-east-1", "eu-central-1", "eu-north-1"),
        *(f"eu-west-{number}" for number in (1, 2, 3)),
        *(f"ap-northeast-{number}" for number in (1, 2, 3)),
        *("ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    }
)
"""Regions that no account can disable (AWS General Reference, "Managing AWS Regions")."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom AWS takes us for (GetCallerIdentity)."""

    account: str
    arn: str

    @property
    def partition(self) -> str:
        return partition_of(self.arn)


@dataclass(frozen=True, slots=True)
class Regions:
    """The enabled regions of an account, and what hindered learning them."""

    names: tuple[str, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether AWS said so; otherwise they are those that botocore knows."""
        return not self.problems


class Entrances:
    """Gives callers of accounts. Threads share it."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def trusted_region(self, partition: str) -> str:
        """A region of the partition that cannot be disabled: the default one, if it is such, or the home region."""
        default = self.line.clients.default_region
        if self.line.clients.partition_of(default) != partition:
            return HOME_REGIONS.get(partition, DEFAULT_REGION)
        if partition == "aws" and default not in ALWAYS_ENABLED:
            return HOME_REGIONS["aws"]
        return default

    def current(self) -> Account:
        """The account of the ambient credentials.

        Raises:
            CallFailed: ``CREDENTIALS`` where there are none, or AWS refuses them.
        """
        clients = self.line.clients
        partition = clients.partition_of(clients.default_region)
        identity = self.identity(self._caller("", clients.ambient, partition))
        return Account(identity.account, partition=identity.partition)

    def put_anchor(self, region: str, parameters: Mapping[str, Any]) -> None:
        """Keep a signed head of the evidence log in S3. Raises CallFailed."""
        clients = self.line.clients
        caller = self._caller("", clients.ambient, clients.partition_of(region))
        service, operation = ANCHOR_OPERATION
        caller.call(service, region, operation, parameters)

    def own(self, region: str, allowed: frozenset[tuple[str, str]]) -> RestrictedCaller:
        """What calls with the ambient credentials, never in a watched account's role, and only what is declared; all
        within a minute (5 seconds of an AWS on this machine), for a throttled call would wait for many.

        Raises:
            CredentialsError: The AWS configuration cannot be read.
        """
        clients = self.line.clients
        caller = self._caller("", clients.ambient, clients.partition_of(region))
        seconds = _OWN_SECONDS_LOCAL if clients.local else _OWN_SECONDS
        return RestrictedCaller(caller, allowed, region, self.line.clock() + seconds)

    def enter(self, account: Account) -> Caller:
        """A caller that was seen to be of this account.

        Raises:
            CallFailed: ``CREDENTIALS``: the role cannot be assumed, or the keys are refused or of another account.
        """
        ambient = self.line.clients.ambient
        if account.role_arn is None:
            caller = self._caller(account.id, ambient, account.partition)
        else:
            partition = partition_of(account.role_arn)
            caller = self._caller(account.id, self._role(account, partition), partition)
        identity = self.identity(caller)
        if identity.account != account.id:
            message = f"the credentials are of the account {identity.account} ({identity.arn}), not of {account.id}"
            raise CallFailed(Outcome.CREDENTIALS, "WrongAccount", message, "sts:GetCallerIdentity")
        return caller

    def identity(self, caller: Caller) -> Identity:
        """Whom AWS takes the caller for. Raises CallFailed."""
        answer = caller.call("sts", caller.trusted_region, "GetCallerIdentity", expect="Account")
        return Identity(str(answer["Account"]), str(answer.get("Arn", "")))

    def regions(self, caller: Caller) -> Regions:
        """The enabled regions of the account, sorted: asked of the account service, else of EC2, else as known."""
        problems: list[Problem] = []
        for ask in (_listed_regions, _described_regions):
            try:
                names = ask(caller)
            except CallFailed as failure:
                if failure.outcome is Outcome.CREDENTIALS:
                    raise
                problems.append(failure.problem())
            else:
                # a simulated AWS names those of all partitions
                here = [name for name in names if self.line.clients.partition_of(name) == caller.partition]
                if here:
                    return Regions(tuple(sorted(here)))
        known = self.line.clients.known_regions(caller.partition) or (caller.trusted_region,)
        return Regions(tuple(sorted(known)), tuple(problems))

    def _caller(self, account: str, purse: Purse, partition: str) -> Caller:
        return Caller(self.line, account, purse, partition=partition, trusted_region=self.trusted_region(partition))

    def _role(self, account: Account, partition: str) -> RolePurse:
        assumer = self._caller("", self.line.clients.ambient, partition)
        parameters: dict[str, Any] = {
            "RoleArn": account.role_arn,
            "RoleSessionName": SESSION_NAME,
            "DurationSeconds": _SESSION_SECONDS,
        }
        if account.external_id:
            parameters["ExternalId"] = account.external_id

        def assume() -> Session:
            try:
                answer = assumer.call("sts", assumer.trusted_region, "AssumeRole", parameters, expect="Credentials")
            except CallFailed as failure:
                raise _not_entered(failure, account) from failure
            return _session(answer["Credentials"])

        return RolePurse(assume, self.line.now)


def _not_entered(failure: CallFailed, account: Account) -> CallFailed:
    """Whatever hinders the assumption of a role: the account could not be looked at, and nothing is said of it."""
    if failure.outcome in (Outcome.DENIED, Outcome.DENIED_SCP):
        hint = "its trust policy must name us" + (", with this external id" if account.external_id else "")
        return failure.but(Outcome.CREDENTIALS, f"{failure.message} ({account.role_arn} cannot be assumed: {hint})")
    return failure.but(Outcome.CREDENTIALS)


def _session(given: dict[str, Any]) -> Session:
    keys = ReadOnlyCredentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return Session(keys, datetime.fromisoformat(str(given["Expiration"])))


def _listed_regions(caller: Caller) -> list[str]:
    pages = caller.pages(
        "account",
        caller.trusted_region,
        "ListRegions",
        {"RegionOptStatusContains": ["ENABLED", "ENABLED_BY_DEFAULT"]},
        expect="Regions",
    )
    return [region["RegionName"] for page in pages for region in page["Regions"]]


def _described_regions(caller: Caller) -> list[str]:
    answer = caller.call("ec2", caller.trusted_region, "DescribeRegions", {"AllRegions": False}, expect="Regions")
    return [region["RegionName"] for region in answer["Regions"]]
