"""Who can become administrator, and how: a graph of principals, walked breadth first.

An edge is a role that one may assume (both sides allow it), or a method of the table whose every step is allowed, whose
prerequisite is recorded, and whose gain is another principal's power or more of one's own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from vigie.access.document import parse
from vigie.access.power.deciding import Decision, Extent, can
from vigie.access.power.effective import Effective, Identity, IdentityKind, Layer, LayerKind
from vigie.access.power.methods import PROFILE, Gain, Method, Step, Table, table
from vigie.access.power.realm import (
    GROUP,
    INLINE,
    OF_GROUP,
    ROLE,
    USER,
    Entry,
    Realm,
    by_trusted,
    name_of,
    trusted_services,
)
from vigie.access.power.standing import Stand, Standing, stand_of
from vigie.access.power.statements import Policy, Written, policy
from vigie.access.requesters import PARTITIONS

ASSUME_ROLE: Final = "assume-role"
MOST_NODES: Final = 400
"""Principals whose edges one walk follows. Beyond, what is further away is not seen, and the walk says so."""
MOST_PATHS: Final = 25
"""Administrators that one walk finds a way to: then it ends. Sure ways that are short are found first."""
MOST_HOPS: Final = 6
_STEPS: Final = 40_000
_ALL: Final = Method(ASSUME_ROLE, "Assume a role that trusts one", Gain.ROLE, (Step("sts:AssumeRole", "role"),), "IAM")


@dataclass(frozen=True, slots=True)
class Node:
    """A principal in some state: as it is, rewritten, in a further group…"""

    arn: str
    effective: Effective
    state: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.arn, self.state

    def __str__(self) -> str:
        return f"{self.arn} ({self.state})" if self.state else self.arn


@dataclass(frozen=True, slots=True)
class Hop:
    """One edge: by which method, and which statements allow its steps."""

    source: str
    target: str
    method: Method
    steps: tuple[Decision, ...]
    by: str = ""
    """The resource that acts with the role, the service it is passed to, the group, the policy."""
    trust: str = ""
    """The statement by which the role trusts the whole account, where no step names it."""

    @property
    def sure(self) -> bool:
        return all(step.surely and step.exact for step in self.steps)

    @property
    def conditions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c for step in self.steps for c in step.conditions))

    @property
    def statements(self) -> tuple[str, ...]:
        trust = [self.trust] if self.trust else []
        return tuple(dict.fromkeys([*(s for step in self.steps for s in step.statements), *trust]))

    @property
    def words(self) -> str:
        by = f" by {self.by}" if self.by else ""
        return f"{self.method.title}{by}: {self.target}"


@dataclass(frozen=True, slots=True)
class Path:
    """A way to an administrator."""

    hops: tuple[Hop, ...]
    stand: Stand
    """Of its end."""

    @property
    def sure(self) -> bool:
        """No step needs anything but what the caller chooses, and every one is exact."""
        return self.stand.standing is Standing.ADMINISTRATOR and all(hop.sure for hop in self.hops)

    @property
    def end(self) -> str:
        return self.hops[-1].target


@dataclass(frozen=True, slots=True)
class Walk:
    """What one principal can become."""

    paths: tuple[Path, ...] = ()
    """To administrators: the shortest to each, sure ones first."""
    reached: tuple[str, ...] = ()
    """Every principal (and state) that it can act as."""
    undecided: tuple[str, ...] = ()
    """Methods whose steps are allowed and of whose prerequisite nothing is known, each with the reason; and caps."""


@dataclass
class Graph:
    """The graph over a realm. Edges are worked out when they are asked for, and kept."""

    realm: Realm
    methods: Table = field(default_factory=table)
    _edges: dict[tuple[str, str], tuple[list[tuple[Hop, Node]], list[str]]] = field(default_factory=dict)
    _stands: dict[tuple[str, str], Stand] = field(default_factory=dict)
    _walks: dict[str, Walk] = field(default_factory=dict)
    _nodes: dict[str, Node | None] = field(default_factory=dict)
    _barren: set[tuple[str, str]] = field(default_factory=set)
    """Nodes from which no administrator is reached."""
    _entries: dict[tuple[str, str], Sequence[Entry]] = field(default_factory=dict)
    _services: dict[str, frozenset[str]] = field(default_factory=dict)
    _open: dict[str, str] = field(default_factory=dict)
    _trusting: dict[str, Mapping[str, Sequence[Entry]]] = field(default_factory=dict)

    def stand(self, node: Node) -> Stand:
        if node.key not in self._stands:
            self._stands[node.key] = stand_of(node.effective)
        return self._stands[node.key]

    def stand_of(self, arn: str) -> Stand | None:
        node = self.node(arn)
        return self.stand(node) if node is not None else None

    def node(self, arn: str) -> Node | None:
        if arn not in self._nodes:
            effective = self.realm.effective(arn)
            self._nodes[arn] = Node(arn, effective) if effective is not None else None
        return self._nodes[arn]

    def walk(self, arn: str) -> Walk:
        """What the principal can become; nothing where it is not recorded."""
        if arn not in self._walks:
            start = self.node(arn)
            self._walks[arn] = self.walk_from(start) if start is not None else Walk()
        return self._walks[arn]

    def walk_from(self, start: Node, enough: Callable[[Path], bool] | None = None, most_hops: int = MOST_HOPS) -> Walk:
        """What a principal can become from this state.

        With ``enough``, the walk ends at the first path of which that is so, and ``reached`` is not whole.
        """
        ways: dict[tuple[str, str], tuple[Hop, ...]] = {start.key: ()}
        queue = deque([start])
        paths: list[Path] = []
        undecided: list[str] = []
        followed = 0
        if self.stand(start).is_administrator:
            return Walk()
        capped = done = False
        while queue and len(paths) < MOST_PATHS and not done:
            node = queue.popleft()
            if enough is not None and node.key in self._barren:
                continue
            way = ways[node.key]
            followed += 1
            if len(way) >= most_hops or followed > MOST_NODES:
                undecided.append(f"what lies beyond {node} was not looked at: the walk was capped")
                capped = True
                break
            edges, unknown = self.edges(node)
            undecided += unknown
            for hop, reached in edges:
                if reached.key in ways:
                    continue
                ways[reached.key] = (*way, hop)
                stand = self.stand(reached)
                if stand.is_administrator:
                    paths.append(Path(ways[reached.key], stand))
                    done = done or (enough is not None and enough(paths[-1]))
                else:
                    queue.append(reached)
        if not paths and not capped:
            self._barren.update(ways)
        paths.sort(key=lambda path: (not path.sure, len(path.hops)))
        ends = tuple(way[-1].target for way in ways.values() if way)
        return Walk(tuple(paths), ends, tuple(dict.fromkeys(undecided)))

    def assumers(self, role: Entry) -> list[str]:
        """The users and roles of the account that may assume the role."""
        target = self.realm.trust(role)
        found = []
        for entry in (*self.entries(USER, role.account), *self.entries(ROLE, role.account)):
            effective = self.realm.effective(entry.arn) if entry.arn != role.arn else None
            if effective is not None and can(effective, "sts:AssumeRole", (role.arn,), target=target).allowed:
                found.append(entry.arn)
        return found

    # Edges

    def edges(self, node: Node) -> tuple[list[tuple[Hop, Node]], list[str]]:
        if node.key not in self._edges:
            self._edges[node.key] = _Edges(self, node).find()
        return self._edges[node.key]

    def entries(self, type_: str, account: str) -> Sequence[Entry]:
        """The users, roles or groups of an account, but for service-linked roles, which nobody can pass or assume."""
        key = (type_, account)
        if key not in self._entries:
            found = self.realm.account_of(account)
            rows = found.of_type(type_).values() if found is not None else ()
            linked = "/aws-service-role/"
            self._entries[key] = [e for e in rows if not str(e.configuration.get("Path", "")).startswith(linked)]
        return self._entries[key]

    def services(self, role: Entry) -> frozenset[str]:
        """The services that a role trusts."""
        if role.arn not in self._services:
            self._services[role.arn] = frozenset(s.removesuffix(".cn") for s in trusted_services(role))
        return self._services[role.arn]

    def open_to(self, role: Entry) -> str:
        """The statement by which a role trusts its whole account, whatever else the request says; empty: none does."""
        if role.arn not in self._open:
            target = self.realm.trust(role)
            statements = target.policy.statements if target.policy is not None else ()
            above = [w for layer in target.organization for w in layer.statements]
            free = all(w.statement.allow for w in (*statements, *above))
            found = [w.label for w in statements if _trusts_account(w, role)] if free else []
            self._open[role.arn] = found[0] if found else ""
        return self._open[role.arn]

    def trusting(self, value: str, account: str) -> Sequence[Entry]:
        """Roles that name a principal by this value: all that are recorded; everybody's, of the account only."""
        if account not in self._trusting:
            self._trusting[account] = by_trusted(self.entries(ROLE, account))
        own = self._trusting[account].get(value, ())
        return own if value == "*" else [*own, *(r for r in self.realm.roles_naming(value) if r.account != account)]


class _Edges:
    """The edges of one node."""

    def __init__(self, graph: Graph, node: Node) -> None:
        self.graph, self.node = graph, node
        self.realm = graph.realm
        self.effective = node.effective
        self.identity = node.effective.identity
        self.entry = self.realm.entry(node.arn)
        self._decided: dict[tuple[str, str, str], Decision] = {}
        self._found: dict[tuple[str, str], tuple[Hop, Node]] = {}
        self._undecided: list[str] = []

    def find(self) -> tuple[list[tuple[Hop, Node]], list[str]]:
        self._assume()
        held = self._held()
        for method in self.graph.methods.methods:
            if method.gain is Gain.NOTHING or (method.who and method.who != self.identity.kind.value):
                continue
            if all(step.action.lower() in held for step in method.steps):
                self._try(method)
        return sorted(self._found.values(), key=lambda edge: not edge[0].sure), self._undecided

    def _held(self) -> frozenset[str]:
        """The actions of the table that some Allow of the principal's own speaks of."""
        names = self.graph.methods.actions
        found: frozenset[str] = frozenset()
        for written in self.effective.allows[0]:
            found |= written.held(names)
        return found

    def _add(self, method: Method, node: Node, steps: Sequence[Decision], by: str = "", trust: str = "") -> None:
        if node.key == self.node.key or not all(step.allowed for step in steps):
            return
        hop = Hop(str(self.node), str(node), method, tuple(steps), by, trust)
        known = self._found.get(node.key)
        if known is None or (hop.sure and not known[0].sure):
            self._found[node.key] = (hop, node)

    def _can(self, action: str, arn: str = "*", service: str = "") -> Decision:
        key = (action, arn, service)
        if key not in self._decided:
            whole = self._can(action, "*", service) if arn != "*" else None
            if whole is not None and whole.exact and whole.extent in (Extent.EVERYWHERE, Extent.NOT):
                self._decided[key] = whole
            else:
                context = {"iam:PassedToService": service} if service else {}
                self._decided[key] = can(self.effective, action, (arn,), context, steps=_STEPS)
        return self._decided[key]

    def _steps(self, method: Method, targets: Mapping[str, str]) -> list[Decision] | None:
        """The decision on each step; None as soon as one is not allowed."""
        found = []
        for step in method.steps:
            service = method.service if step.action == "iam:PassRole" else ""
            decision = self._can(step.action, targets.get(step.target, "*"), service)
            if not decision.allowed:
                return None
            found.append(decision)
        return found

    # Assuming roles

    def _assume(self) -> None:
        identity = self.identity
        values = ["*", identity.arn, identity.account, *(f"arn:{p}:iam::{identity.account}:root" for p in PARTITIONS)]
        if identity.kind is IdentityKind.ROLE:
            values.append(f"arn:{identity.partition}:sts::{identity.account}:assumed-role/{identity.name}")
        roles = {r.arn: r for value in values for r in self.graph.trusting(value, identity.account)}
        for role in roles.values():
            decision = self._assuming(role)
            node = self.graph.node(role.arn)
            if node is not None and decision.allowed:
                named = any(w.startswith("trust policy of") for w in decision.statements)
                self._add(_ALL, node, [decision], trust="" if named else self.graph.open_to(role))

    def _assuming(self, role: Entry) -> Decision:
        key = ("sts:AssumeRole", role.arn, "")
        if key not in self._decided:
            open_to = self.graph.open_to(role)
            whole = self._can("sts:AssumeRole") if open_to and role.account == self.identity.account else None
            if whole is not None and whole.exact and whole.extent is Extent.EVERYWHERE:
                self._decided[key] = whole
                return whole
            target = self.realm.trust(role)
            self._decided[key] = can(self.effective, "sts:AssumeRole", (role.arn,), target=target, steps=_STEPS)
        return self._decided[key]

    # Methods

    def _try(self, method: Method) -> None:
        match method.gain:
            case Gain.PASSED_ROLE:
                self._pass(method)
            case Gain.HOLDER_ROLE:
                self._take_over(method)
            case Gain.USER | Gain.REWRITTEN_USER:
                self._become_user(method)
            case Gain.ROLE | Gain.REWRITTEN_ROLE | Gain.ASSUMED_REWRITTEN | Gain.SAML_ROLE:
                self._become_role(method)
            case Gain.GROUP | Gain.GROUP_USER:
                self._join(method)
            case Gain.NEW_USER | Gain.NEW_ROLE:
                self._make(method)
            case Gain.OLDER_VERSION:
                self._go_back(method)
            case _:
                self._rewrite(method)

    def _others(self, type_: str) -> Iterator[tuple[Entry, Node]]:
        for entry in self.graph.entries(type_, self.identity.account):
            node = self.graph.node(entry.arn)
            if node is not None and entry.arn != self.node.arn:
                yield entry, node

    def _pass(self, method: Method) -> None:
        if self._steps(replace(method, steps=method.steps[1:]), {}) is None or not self._needs(method):
            return
        for role, node in self._others(ROLE):
            known = self._found.get(node.key)
            if method.service not in self.graph.services(role) or (known is not None and known[0].sure):
                continue
            if PROFILE in method.needs and not role.configuration.get("InstanceProfileList"):
                continue
            steps = self._steps(method, {"role": role.arn})
            if steps is not None:
                self._add(method, node, steps, method.service)

    def _needs(self, method: Method) -> bool:
        """Whether what the method needs is recorded. Where that is not known, it is noted."""
        for type_ in method.needs:
            if type_ == PROFILE or self.realm.holders_of(type_, self.identity.account):
                continue
            why = self.realm.unseen(type_, self.identity.account)
            if why is not None:
                self._undecided.append(f"{method.id} ({method.title}): {why}")
            return False
        return True

    def _take_over(self, method: Method) -> None:
        (type_,) = method.needs
        if self._steps(method, {}) is None or not self._needs(method):
            return
        for holder in self.realm.holders_of(type_, self.identity.account):
            for arn in holder.roles:
                node = self.graph.node(arn)
                if node is None or node.effective.identity.account != self.identity.account:
                    continue
                steps = self._steps(method, {"holder": holder.arn})
                if steps is not None:
                    self._add(method, node, steps, holder.arn)

    def _become_user(self, method: Method) -> None:
        for user, node in self._others(USER):
            steps = self._steps(method, {"user": user.arn})
            if steps is not None:
                self._add(method, _rewritten(node) if method.gain is Gain.REWRITTEN_USER else node, steps)

    def _become_role(self, method: Method) -> None:
        for role, node in self._others(ROLE):
            for targets in self._role_targets(method, role):
                steps = self._steps(method, targets)
                if steps is None:
                    continue
                if method.gain is Gain.ASSUMED_REWRITTEN:
                    steps.append(self._assuming(role))
                plain = method.gain in (Gain.ROLE, Gain.SAML_ROLE)
                self._add(method, node if plain else _rewritten(node), steps, targets.get("by", ""))

    def _role_targets(self, method: Method, role: Entry) -> Iterator[dict[str, str]]:
        wanted = {step.target for step in method.steps}
        if "provider" in wanted:
            document = parse(role.configuration.get("AssumeRolePolicyDocument"))
            named = {p.value for s in document.statements if s.allow for p in s.principals if p.kind == "Federated"}
            yield from ({"provider": arn, "by": arn} for arn in sorted(named) if ":saml-provider/" in arn)
        elif "policy_of_role" in wanted:
            yield from ({"role": role.arn, "policy_of_role": a, "by": a} for a in _own_policies(role))
        else:
            yield {"role": role.arn}

    def _join(self, method: Method) -> None:
        account = self.realm.account_of(self.identity.account)
        for group, _ in self._others(GROUP):
            targets = {"group": group.arn, **self._new(IdentityKind.USER)}
            steps = self._steps(method, targets)
            if steps is None or account is None:
                continue
            held = account.effective(group).layers[0].policies
            if method.gain is Gain.GROUP:
                joined = _with_policies(self.effective, [*self.effective.layers[0].policies, *held])
                self._add(method, Node(self.node.arn, joined, f"in group {name_of(group)}"), steps)
            else:
                made = _with_policies(self._made(IdentityKind.USER), held)
                self._add(method, Node(made.identity.arn, made, f"in group {name_of(group)}"), steps)

    def _new(self, kind: IdentityKind) -> dict[str, str]:
        identity = self.identity
        start = f"arn:{identity.partition}:iam::{identity.account}:"
        return {f"new_{kind.value}": f"{start}{kind.value}/a-new-one"}

    def _made(self, kind: IdentityKind) -> Effective:
        """A new user or role with a policy that allows everything: the organisation's policies bound it alone."""
        (arn,) = self._new(kind).values()
        identity = Identity(arn, self.identity.account, kind, "a-new-one", organization=self.identity.organization)
        rewritten = self.effective.rewritten().unbounded()
        return replace(rewritten, identity=identity, problems=(), _rules={})

    def _make(self, method: Method) -> None:
        kind = IdentityKind.USER if method.gain is Gain.NEW_USER else IdentityKind.ROLE
        steps = self._steps(method, self._new(kind))
        if steps is not None:
            made = self._made(kind)
            self._add(method, Node(made.identity.arn, made), steps)

    def _go_back(self, method: Method) -> None:
        account = self.realm.account_of(self.identity.account)
        if account is None or self.entry is None:
            return
        for arn in self._policies_held():
            steps = self._steps(method, {"own_policy": arn})
            for row in account.versions(arn) if steps is not None else ():
                if row.get("IsDefaultVersion") or steps is None:
                    continue
                name = arn.rpartition("/")[2]
                version = f"{name} {row.get('VersionId')}"
                kept = [p for p in self.effective.layers[0].policies if p.name.split(OF_GROUP)[0] != name]
                older = _with_policies(self.effective, [*kept, policy(version, row.get("Document"))])
                self._add(method, Node(self.node.arn, older, f"with {version}"), steps, arn)

    def _rewrite(self, method: Method) -> None:
        """More of one's own: the policies rewritten, what bounds them taken off, a Deny deleted."""
        for target, arn in self._own_targets(method):
            steps = self._steps(method, {target: arn})
            after = self._after(method.gain)
            if steps is not None and after is not None:
                self._add(method, after, steps, "" if target == "self" else arn)

    def _own_targets(self, method: Method) -> Iterator[tuple[str, str]]:
        target = method.steps[0].target
        match target:
            case "own_policy":
                yield from ((target, arn) for arn in self._policies_held())
            case "own_group":
                account = self.realm.account_of(self.identity.account)
                groups = account.groups_of(self.entry) if account is not None and self.entry is not None else ()
                yield from ((target, group.arn) for group in groups)
            case "own_boundary":
                row = self.entry.configuration.get("PermissionsBoundary") if self.entry is not None else None
                arn = str(row.get("PermissionsBoundaryArn", "")) if isinstance(row, Mapping) else ""
                if arn and ":iam::aws:" not in arn:
                    yield target, arn
            case _:
                yield "self", self.node.arn

    def _policies_held(self) -> list[str]:
        """The customer managed policies that the principal holds, itself or by a group."""
        account = self.realm.account_of(self.identity.account)
        if account is None or self.entry is None:
            return []
        entries = [self.entry, *account.groups_of(self.entry)]
        return list(dict.fromkeys(arn for entry in entries for arn in _own_policies(entry)))

    def _after(self, gain: Gain) -> Node | None:
        node = self.node
        match gain:
            case Gain.SELF:
                return _rewritten(node)
            case Gain.UNBOUNDED if self.effective.layer_of(LayerKind.BOUNDARY):
                return replace(node, effective=self.effective.unbounded(), state=_joined(node.state, "unbounded"))
            case Gain.UNDENIED_INLINE:
                return self._undenied(inline=True)
            case Gain.UNDENIED_ATTACHED:
                return self._undenied(inline=False)
            case _:
                return None

    def _undenied(self, *, inline: bool) -> Node | None:
        """Without those of its own policies that deny something."""
        held = self.effective.layers[0].policies
        kept = [p for p in held if not (_denies(p) and OF_GROUP not in p.name and p.name.startswith(INLINE) == inline)]
        if len(kept) == len(held):
            return None
        return replace(
            self.node, effective=_with_policies(self.effective, kept), state=_joined(self.node.state, "without Deny")
        )


def _trusts_account(written: Written, role: Entry) -> bool:
    statement = written.statement
    whole = {role.account, *(f"arn:{p}:iam::{role.account}:root" for p in PARTITIONS)}
    named = any(p.kind == "AWS" and p.value in whole for p in statement.principals)
    plain = statement.allow and not statement.conditions and not statement.resources
    return named and plain and not statement.not_principal and written.actions.holds("sts:assumerole")


def _denies(held: Policy) -> bool:
    return any(not w.statement.allow for w in held.statements)


def _with_policies(effective: Effective, policies: Sequence[Policy]) -> Effective:
    own = Layer(LayerKind.IDENTITY, "its policies", tuple(policies))
    return replace(effective, layers=(own, *effective.layers[1:]), _rules={})


def _rewritten(node: Node) -> Node:
    unbounded = "unbounded" in node.state
    return replace(
        node, effective=node.effective.rewritten(), state="rewritten, unbounded" if unbounded else "rewritten"
    )


def _joined(state: str, more: str) -> str:
    return f"{state}, {more}" if state else more


def _own_policies(entry: Entry) -> list[str]:
    """The customer managed policies attached to it."""
    rows = entry.configuration.get("AttachedManagedPolicies") or ()
    arns = [str(row.get("PolicyArn", "")) for row in rows if isinstance(row, Mapping)]
    return [arn for arn in arns if ":iam::aws:" not in arn]
