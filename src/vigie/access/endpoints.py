"""Resources that are called at an address of their own, where more than a policy decides: APIs, domains, file systems.

Rests on "How API Gateway resource policies affect authorization workflow" (API Gateway developer guide), "Identity and
Access Management in Amazon OpenSearch Service", and "Blocking public access to file systems" (Amazon EFS user guide).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from vigie.access.subject import Subject
from vigie.access.verdict import Grant, GrantClass

_WIDE: Final = (GrantClass.PUBLIC, GrantClass.PUBLIC_VIA_SERVICE)
_INVOKE: Final = "execute-api:Invoke"
_NO_QUESTION: Final = "NONE"
_SIGNED: Final = "AWS_IAM"
_DECIDES: Final = "an authorizer or a user pool decides who may call it"


# API Gateway


def rest_api(api: Subject) -> Sequence[Grant]:
    """A REST API: its policy where it has one, and what its methods ask for.

    Without a policy a method that asks nothing is open to everyone, and one that asks for a signature to the owner's
    account. With one, both have to allow; where an authorizer or a user pool is asked, it has the last word.
    """
    if api.part("Stages") == []:
        api.notes.append("no stage is deployed: nothing answers")
        return []
    methods = list(_methods(api))
    open_ones = [name for name, row in methods if _asks(row) == _NO_QUESTION and not row.get("apiKeyRequired")]
    if any(_asks(row) == _NO_QUESTION and row.get("apiKeyRequired") for _, row in methods):
        api.notes.append("some methods ask for an API key only, which is not meant to tell who is calling")
    document = api.policy("policy")
    if document.statements or document.problems:
        return _by_policy(api.without_arn().granted_by(document), [row for _, row in methods], open_ones, api)
    if api.part("policy") is None and _is_private(api):
        api.notes.append("a private API without a policy answers nobody")
        return []
    return _open_to_all(open_ones)


def _methods(api: Subject) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Methods as ``GET /path``. Those that answer by themselves (MOCK: what browsers ask before) call nothing."""
    for resource in api.rows("Resources"):
        for method in resource.get("Methods") or ():
            integration = method.get("integration") or {}
            if integration.get("type") != "MOCK":
                yield f"{method.get('httpMethod', '?')} {resource.get('path', '?')}", method


def _asks(method: Mapping[str, Any]) -> str:
    return str(method.get("authorizationType") or _NO_QUESTION)


def _by_policy(
    grants: Sequence[Grant], methods: Sequence[Mapping[str, Any]], open_ones: Sequence[str], api: Subject
) -> Sequence[Grant]:
    """What the policy grants, as far as the methods (where they are known) do not ask somebody else."""
    if not methods or open_ones or any(_asks(row) == _SIGNED for row in methods):
        return grants
    if any(g.kind in _WIDE for g in grants):
        api.notes.append(f"the policy lets everyone in, and {_DECIDES}")
    return [g for g in grants if g.kind not in _WIDE]


def _is_private(api: Subject) -> bool:
    return "PRIVATE" in (api.part("endpointConfiguration", "types") or ())


def _open_to_all(names: Sequence[str]) -> list[Grant]:
    if not names:
        return []
    return [Grant(GrantClass.PUBLIC, "*", (_INVOKE,), statements=tuple(sorted(names)), exact=True)]


def http_api(api: Subject) -> Sequence[Grant]:
    """An HTTP or WebSocket API: it has no policy; each route asks or does not. Of a WebSocket, connecting decides."""
    if api.part("Stages") == []:
        api.notes.append("no stage is deployed: nothing answers")
        return []
    routes = api.rows("Routes")
    if api.part("ProtocolType") == "WEBSOCKET":
        routes = [row for row in routes if row.get("RouteKey") == "$connect"]
    unasked = [row for row in routes if row.get("AuthorizationType") in (None, _NO_QUESTION)]
    return _open_to_all([str(row.get("RouteKey", "?")) for row in unasked if not row.get("ApiKeyRequired")])


# OpenSearch


def search_domain(domain: Subject) -> Sequence[Grant]:
    """A domain: its policy, its network, its own users. A domain in a VPC is reached through that VPC only."""
    grants = domain.granted_by(domain.policy("AccessPolicies"))
    if not any(g.kind in _WIDE for g in grants):
        return grants
    if domain.part("AdvancedSecurityOptions", "Enabled") is True:
        if domain.part("AdvancedSecurityOptions", "AnonymousAuthEnabled") is not True:
            domain.notes.append("the policy lets everyone in, and the domain's own users and roles decide then")
            return [g for g in grants if g.kind not in _WIDE]
        domain.notes.append("fine-grained access control still lets anonymous requests in")
    vpc = domain.part("VPCOptions", "VPCId")
    return list(_within(grants, str(vpc))) if vpc else grants


def _within(grants: Iterable[Grant], network: str) -> Iterator[Grant]:
    """Grants to everyone, for a resource that only a network reaches."""
    for grant in grants:
        yield replace(grant, kind=GrantClass.NETWORK_LIMITED, who=network) if grant.kind in _WIDE else grant


def lattice(service: Subject, part: str) -> Sequence[Grant]:
    """A service or network of VPC Lattice: reached from the VPCs and shares that are joined to it, and asking for
    signatures (with its policy in force) or not ("Control access to VPC Lattice services using auth policies").
    """
    asks = service.part(part, "authType") or service.part("authType")
    if asks == _NO_QUESTION:
        service.notes.append("it asks nobody who calls: whoever its networks let in may call it")
        return []
    return list(_within(service.granted_by(service.policy("Policy")), "its service networks"))


def file_system(files: Subject) -> Sequence[Grant]:
    """A file system. Without a policy whoever reaches a mount target over the network may mount it (EFS user guide,
    "Default EFS file system policy"): that is the security groups' business, and noted.
    """
    document = files.policy("Policy")
    if not document.statements and not document.problems:
        files.notes.append("without a policy, whoever reaches a mount target over the network may mount it")
    return files.granted_by(document)
