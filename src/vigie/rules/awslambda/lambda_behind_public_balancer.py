"""A function behind a load balancer that faces the internet is called by anybody, with no policy of its own asked."""

from collections.abc import Iterator

from vigie.access.reach.boxes import is_wide, networks_text
from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule
from vigie.rules.reached import RESTS_ON


@rule(
    "lambda-behind-public-balancer",
    title="Load balancer lets the internet call a function",
    applies_to="AWS::Lambda::Function",
    severity=Severity.LOW,
    remedy="Let the listener authenticate callers (Cognito or OIDC), or make the load balancer internal; "
    "justify public services.",
    depends_on=RESTS_ON,
    references=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html",),
    not_reported="Function URLs (lambda-url-without-auth). Balancers that only less than a /8 of IPv4 reaches. "
    "Whether an action of the listener or the function itself asks who calls is not looked at.",
)
def lambda_behind_public_balancer(function: Revision, estate: Estate) -> Iterator[Violation]:
    reach = estate.reach(function)
    doubts = list(reach.unknowns) if reach.blind else []
    for path in reach.through:
        if is_wide(path.certain.sources):
            sources = networks_text(path.certain.sources)
            name = path.through.rsplit(":loadbalancer/", 1)[-1]
            evidence = {"balancer": path.through, "from": sources}
            yield Violation(f"it is called from {sources} through {name}", path.through, evidence)
        elif is_wide(path.possible.sources):
            doubts += path.reasons
    if doubts:
        raise CannotTell("; ".join(dict.fromkeys(doubts)))
