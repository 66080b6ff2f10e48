"""A load balancer that hands the internet on to a database or a shell publishes it, however private the machine is."""

from collections.abc import Iterator

from vigie.access.reach.boxes import is_wide, networks_text
from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule
from vigie.rules.reached import RESTS_ON, service_at, weighed


@rule(
    "ec2-instance-reachable-through-balancer",
    title="Load balancer hands the internet on to a port that is not for it",
    applies_to="AWS::EC2::Instance",
    severity=Severity.HIGH,
    remedy="Take the instance out of the target group, make the load balancer internal, or close its "
    "security groups to the networks that need it; `vigie access reachable` shows every hop.",
    depends_on=RESTS_ON,
    references=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html",
    ),
    not_reported="Ports that the table of services does not name: what a balancer is usually for. What an "
    "authentication action of the listener, or the program behind, asks of callers is not looked at. "
    "Targets in other accounts.",
)
def ec2_instance_reachable_through_balancer(instance: Revision, estate: Estate) -> Iterator[Violation]:
    reach = estate.reach(instance)
    doubts = list(reach.unknowns) if reach.blind else []
    for path in reach.through:
        if path.landing is None:
            doubts += path.reasons
            continue
        service = service_at(*path.landing)
        if service is None:
            continue
        balancer = path.through.rsplit(":loadbalancer/", 1)[-1]
        if is_wide(path.certain.sources):
            sources = path.certain.sources
            text = f"{service.name} ({service.subject}) is reached from {networks_text(sources)} through {balancer}"
            evidence = {"ports": service.subject, "balancer": path.through, "from": networks_text(sources)}
            yield Violation(text, f"{path.through}:{service.subject}", evidence, weighed(service.severity, sources))
        elif is_wide(path.possible.sources):
            doubts += path.reasons
    if doubts:
        raise CannotTell("; ".join(dict.fromkeys(doubts)))
