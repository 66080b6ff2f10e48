"""Managed services whose endpoint is open or closed by a flag of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vigie.access.reach.answer import Hop, Passage, Path
from vigie.access.reach.boxes import FROM_INTERNET, NOTHING, TCP, Boxes, addresses, box_of, ports, protocol_span
from vigie.access.reach.recorded import part, rows, text
from vigie.access.spans import Spans
from vigie.model.change import Revision


def endpoint(
    id: str,
    name: str,
    asked: Boxes,
    *,
    port: int = 443,
    sources: Spans | None = None,
    closed: str = "",
    words: str = "",
) -> Path:
    """An endpoint on the internet that AWS runs: one port, open to everybody or to named networks, or closed."""
    listening = box_of(protocols=protocol_span(TCP), ports=ports(port, port))
    open_to = asked & FROM_INTERNET & listening
    if sources is not None:
        open_to &= box_of(sources=sources)
    got = NOTHING if closed else open_to
    passage = Passage.OPEN if got else Passage.CLOSED
    hop = Hop("endpoint", id, passage, closed or words or f"it answers on tcp/{port}")
    return Path(name, (hop,), got, got)


def function_paths(function: Revision, asked: Boxes) -> Iterator[Path]:
    """Function URLs answer everybody's packets; whom they let in is a matter of policies (Lambda developer guide,
    "Control access to function URLs"). Raises Unread.
    """
    for label, url in _urls(function):
        kind = text(url, "AuthType") or "AWS_IAM"
        words = f"the function URL{label} answers everybody; AuthType {kind}"
        yield endpoint(function.id, text(url, "FunctionUrl"), asked, words=words)


def _urls(function: Revision) -> Iterator[tuple[str, Mapping[str, object]]]:
    own = part(function, "UrlConfig")
    if isinstance(own, Mapping) and own:
        yield "", own
    for alias in rows(part(function, "Aliases")):
        url = alias.get("UrlConfig")
        if isinstance(url, Mapping) and url:
            yield f" of {text(alias, 'Name')}", url


def kubernetes_paths(cluster: Revision, asked: Boxes) -> Iterator[Path]:
    """The API server of EKS (EKS user guide, "Cluster API server endpoint"). Raises Unread."""
    network = part(cluster, "resourcesVpcConfig")
    network = network if isinstance(network, Mapping) else {}
    name = str(part(cluster, "endpoint") or cluster.id)
    if not network.get("endpointPublicAccess"):
        yield endpoint(cluster.id, name, asked, closed="its public endpoint is switched off (endpointPublicAccess)")
        return
    cidrs = [str(cidr) for cidr in network.get("publicAccessCidrs") or ("0.0.0.0/0", "::/0")]
    words = f"its public endpoint is open to {', '.join(cidrs[:4])}"
    yield endpoint(cluster.id, name, asked, sources=addresses(*cidrs), words=words)


def search_paths(domain: Revision, asked: Boxes) -> Iterator[Path]:
    """A domain of OpenSearch outside of a VPC has an endpoint on the internet; who may call it is a matter of policies
    (OpenSearch Service developer guide, "Launching your domains within a VPC"). Raises Unread.
    """
    vpc = part(domain, "VPCOptions")
    vpc_id = text(vpc, "VPCId") if isinstance(vpc, Mapping) else ""
    name = str(part(domain, "Endpoint") or part(domain, "EndpointV2") or domain.id)
    if vpc_id:
        yield endpoint(domain.id, name, asked, closed=f"its endpoint is in {vpc_id} and has private addresses only")
        return
    options = part(domain, "DomainEndpointOptions")
    enforced = bool(isinstance(options, Mapping) and options.get("EnforceHTTPS"))
    for port in (443,) if enforced else (443, 80):
        yield endpoint(domain.id, name, asked, port=port, words=f"its endpoint is on the internet, on tcp/{port}")


def rest_api_paths(api: Revision, asked: Boxes) -> Iterator[Path]:
    """A REST API that is not private (API Gateway developer guide, "API endpoint types"). Raises Unread."""
    configured = part(api, "endpointConfiguration")
    types = configured.get("types") if isinstance(configured, Mapping) else None
    private = "PRIVATE" in (types or ())
    yield from _api(
        api, asked, f"{api.id}.execute-api", private=private, hidden=bool(part(api, "disableExecuteApiEndpoint"))
    )


def http_api_paths(api: Revision, asked: Boxes) -> Iterator[Path]:
    """An HTTP or WebSocket API: always on the internet (API Gateway developer guide). Raises Unread."""
    name = str(part(api, "ApiEndpoint") or f"{api.id}.execute-api").removeprefix("https://")
    yield from _api(api, asked, name, private=False, hidden=bool(part(api, "DisableExecuteApiEndpoint")))


def _api(api: Revision, asked: Boxes, name: str, *, private: bool, hidden: bool) -> Iterator[Path]:
    if private:
        yield endpoint(api.id, name, asked, closed="it is private: reached through VPC endpoints only")
    elif hidden:
        reason = (
            f"not modelled: domain names of its own, by which {api.id} may be called; its default one is switched off"
        )
        found = endpoint(api.id, name, asked)
        hop = Hop("endpoint", api.id, Passage.UNKNOWN, reason)
        yield Path(name, (hop,), NOTHING, found.certain, (reason,))
    else:
        yield endpoint(
            api.id, name, asked, words="its endpoint is on the internet; who may call what is for its policy"
        )
