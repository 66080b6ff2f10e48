"""An API that asks nobody who he is answers everybody: meant for a web site's front, and a leak behind it."""

from collections.abc import Iterator

from vigie.access import Grant
from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import conditions, refuse_doubt

SHOWN = 3


@rule(
    "apigateway-open",
    title="API can be called by everyone",
    applies_to=("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"),
    severity=Severity.MEDIUM,
    remedy="Give the methods an authorizer, a user pool or AWS_IAM, or a resource policy that names who may call; "
    "justify what is meant for everyone.",
    references=(
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html",
    ),
    not_reported="APIs without a stage; methods that answer by themselves (MOCK), which browsers ask before a call; "
    "methods that want an API key. Whether what is behind asks by itself is not visible from outside.",
)
def apigateway_open(api: Revision, estate: Estate) -> Iterator[Violation]:
    access = estate.access(api)
    for grant in access.public():
        yield Violation(f"Anyone may call {_what(grant)}{conditions(grant)}", grant.subject, grant)
    refuse_doubt(access)


def _what(grant: Grant) -> str:
    """The methods and routes of a grant; one that its policy gives is of the whole API."""
    if not all(" " in name or name.startswith("$") for name in grant.statements):
        return f"what its policy opens (statement {', '.join(grant.statements)})"
    shown = ", ".join(grant.statements[:SHOWN])
    more = len(grant.statements) - SHOWN
    return shown + (f" and {more} more" if more > 0 else "")
