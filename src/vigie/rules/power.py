"""Power over what is recorded: users, roles, groups and policies as revisions, the organisation's tree, and resources
that act with roles.

Everything is asked of the inventory when it is needed, account by account, and kept for the batch. What could not be
read is said in ``problems``; organisation policies that are not known are never taken for none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from vigie.access.offered import POLICY_AT
from vigie.access.power.effective import Effective
from vigie.access.power.organizations import Tree, over
from vigie.access.power.paths import MOST_HOPS, Graph, Node, Path, Walk
from vigie.access.power.realm import ROLE, Account, Entry, Holder, Organization, Realm, by_trusted, roles_in
from vigie.access.power.standing import Stand, stand_of
from vigie.access.power.statements import Policy, policy
from vigie.access.power.targets import Target
from vigie.model.change import Revision
from vigie.model.scope import Scope
from vigie.rules.looking import Inventory

HOLDERS: Final = (
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::CloudFormation::Stack",
    "AWS::CodeBuild::Project",
    "AWS::EC2::Instance",
    "AWS::EC2::LaunchTemplate",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::Lambda::Function",
    "AWS::StepFunctions::StateMachine",
)
"""The resource types of escalation's methods that the catalogue records (a test compares them)."""
ORGANIZATION: Final = "AWS::Organizations::Organization"
TREE_TYPES: Final = (
    "AWS::Organizations::OrganizationalUnit",
    "AWS::Organizations::Account",
    "AWS::Organizations::Policy",
)
PRINCIPAL_TYPES: Final = ("AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::Group")
_PROFILE: Final = "AWS::IAM::InstanceProfile"


_POLICY_PARTS: Final = frozenset({"Policy", *(keys[0] for keys in POLICY_AT.values())})


@dataclass(frozen=True)
class Power:
    """The power of one principal."""

    node: Node
    powers: Powers = field(repr=False)

    @property
    def effective(self) -> Effective:
        return self.node.effective

    @cached_property
    def stand(self) -> Stand:
        return stand_of(self.effective)

    @cached_property
    def walk(self) -> Walk:
        """What it can become."""
        return self.powers.graph.walk_from(self.node)

    def first(self, wanted: Callable[[Path], bool], most_hops: int = MOST_HOPS) -> Path | None:
        """The first path to an administrator of which this is so; None where none was found."""
        walk = self.powers.graph.walk_from(self.node, wanted, most_hops)
        return next((path for path in walk.paths if wanted(path)), None)

    @cached_property
    def can_act(self) -> bool:
        """Whether it can become anybody else, or might where what is not recorded is there."""
        edges, undecided = self.powers.graph.edges(self.node)
        return bool(edges or undecided)

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read of what it may do."""
        return self.effective.unread

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not known and might bound it further."""
        return self.effective.notes


@dataclass
class Powers:
    """All principals that are recorded."""

    inventory: Inventory
    _known: dict[tuple[Scope, str, int], Power] = field(default_factory=dict)
    _accounts: dict[str, Account] = field(default_factory=dict)
    _holders: dict[tuple[str, str], Sequence[Holder]] = field(default_factory=dict)

    def of(self, revision: Revision) -> Power:
        """The power of a recorded user, role or group, as this revision has it."""
        key = (revision.resource.scope, revision.id, revision.number)
        if key not in self._known:
            entry = entry_of(revision)
            self._known[key] = Power(Node(entry.arn, self.account(entry.account).effective(entry)), self)
        return self._known[key]

    @cached_property
    def graph(self) -> Graph:
        return Graph(self.realm)

    @cached_property
    def realm(self) -> Realm:
        return Realm(self.account, self._account_ids, self._holders_of, self._unseen, self._naming)

    @cached_property
    def _account_ids(self) -> Sequence[str]:
        return sorted({r.account for type_ in PRINCIPAL_TYPES for r in self.inventory.resources(type_, None, None)})

    def account(self, id_: str) -> Account:
        if id_ not in self._accounts:

            def load(type_: str) -> Iterator[Entry]:
                return (entry_of(r) for r in self.inventory.resources(type_, id_, None))

            self._accounts[id_] = Account(id_, load, self._organization(id_), self._policy_elsewhere)
        return self._accounts[id_]

    def _policy_elsewhere(self, arn: str) -> Entry | None:
        """AWS's own policies are the same in every account."""
        found = self.inventory.by_arn(arn) if ":iam::aws:" in arn else None
        return entry_of(found) if found is not None else None

    # The organisation

    def _organization(self, account: str) -> Organization:
        own = self.inventory.resources(ORGANIZATION, account, None)
        if not own:
            gaps = self.inventory.gaps(ORGANIZATION, account, None)
            return over(account, Tree({}, unread="its organisation was not read") if gaps else None)
        found = own[0].configuration
        management = str(found.get("MasterAccountId", ""))
        holder = self._reader_of_tree(management)
        if holder is None:
            return over(account, Tree(found, unread=f"the management account {management} is not watched, or denies"))
        return over(account, self.tree(holder, found))

    def tree(self, account: str, organization: Mapping[str, Any] | None = None) -> Tree | None:
        """The organisation's tree as this account (the management account, or a delegated one) recorded it.

        ``organization``: what is known of the organisation where the account recorded nothing of it itself.
        """
        own = next((r.configuration for r in self.inventory.resources(ORGANIZATION, account, None)), organization)
        if own is None:
            return None
        units, accounts, policies = (self._configurations(type_, account) for type_ in TREE_TYPES)
        return Tree(own, units, accounts, policies)

    def _reader_of_tree(self, management: str) -> str | None:
        """The account whose records hold the tree: the management account, or one that it delegated this to."""
        policies = self.inventory.resources("AWS::Organizations::Policy", None, None)
        accounts = dict.fromkeys([management, *(p.account for p in policies)])
        for account in accounts:
            seen = any(p.account == account for p in policies)
            if seen and not any(self.inventory.gaps(type_, account, None) for type_ in TREE_TYPES):
                return account
        return None

    def _configurations(self, type_: str, account: str) -> list[Mapping[str, Any]]:
        return [r.configuration for r in self.inventory.resources(type_, account, None)]

    # Resources with roles

    def _holders_of(self, type_: str, account: str) -> Sequence[Holder]:
        key = (type_, account)
        if key not in self._holders:
            found = self.inventory.resources(type_, account, None) if type_ in HOLDERS else ()
            self._holders[key] = [Holder(type_, r.arn or r.id, tuple(self.roles_of(r))) for r in found]
        return self._holders[key]

    def target(self, revision: Revision) -> Target:
        """A recorded resource with its own policy."""
        document: Any = revision.configuration
        for key in POLICY_AT.get(revision.type, ("Policy",)):
            document = document.get(key) if isinstance(document, Mapping) else None
        name = f"policy of {revision.name or revision.id}"
        own = policy(name, document) if document else None
        unread = [f"{key} could not be read" for key in revision.unreadable if key in _POLICY_PARTS]
        if unread:
            own = Policy(name, own.statements if own else (), (*(own.problems if own else ()), *unread))
        levels = self.account(revision.account).organization.resource_levels
        return Target(revision.arn or revision.id, revision.account, revision.type, own, levels)

    def assumers(self, role: Revision) -> list[str]:
        """The users and roles of its account that may assume a role, but for administrators and the role itself."""
        entry = entry_of(role)
        return [arn for arn in self.graph.assumers(entry) if not self._is_administrator(arn)]

    def _is_administrator(self, arn: str) -> bool:
        stand = self.graph.stand_of(arn)
        return stand is not None and stand.is_administrator

    def roles_of(self, revision: Revision) -> Iterator[str]:
        """The ARNs of the roles that a resource acts with, an instance profile's among them."""
        for arn in roles_in(revision.configuration):
            if ":instance-profile/" in arn:
                yield from self._profiles.get(revision.account, {}).get(arn, ())
            else:
                yield arn

    @cached_property
    def _profiles(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """Account → instance profile → its roles."""
        found: dict[str, dict[str, list[str]]] = {}
        for revision in self.inventory.resources(_PROFILE, None, None):
            roles = [str(role.get("Arn")) for role in revision.configuration.get("Roles") or ()]
            found.setdefault(revision.account, {})[revision.arn or ""] = roles
        return found

    def _unseen(self, type_: str, account: str) -> str | None:
        if type_ not in HOLDERS:
            return f"{type_} is not recorded"
        gaps = self.inventory.gaps(type_, account, None)
        return f"whether there is an {type_} is not known: {gaps[0].region} was not seen whole" if gaps else None

    def _naming(self, value: str) -> Sequence[Entry]:
        found = [entry_of(r) for r in self.inventory.referring_to(value, ROLE)]
        return by_trusted(found).get(value, ())


def entry_of(revision: Revision) -> Entry:
    """A recorded resource as power reads it."""
    unread = {key: f"{problem.operation}: {problem.code}" for key, problem in revision.unreadable.items()}
    configuration = dict(revision.configuration)
    arn = revision.arn or ""
    if revision.type.startswith("AWS::IAM::") and arn.split(":")[2:3] != ["iam"]:
        arn = str(configuration.get("Arn") or arn)
    return Entry(revision.type, arn or revision.id, revision.account, configuration, unread)
