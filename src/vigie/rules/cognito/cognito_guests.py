"""A pool that knows guests hands AWS credentials to whoever knows its id, and the id is in every copy of the app."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "cognito-guests",
    title="Cognito identity pool gives credentials to everyone",
    applies_to="AWS::Cognito::IdentityPool",
    severity=Severity.MEDIUM,
    remedy="Turn off access for guests, or give their role nothing that matters; turn off the classic flow, which "
    "lifts the limits on what guests may do.",
    references=("https://docs.aws.amazon.com/cognito/latest/developerguide/identity-pools.html",),
    not_reported="What the guests' role may do: the rules on roles judge that. A pool in which no role is set for "
    "guests gives them nothing.",
)
def cognito_guests(pool: Revision, estate: Estate) -> Iterator[Violation]:
    settings = pool.configuration.get("Pool") or {}
    if not settings.get("AllowUnauthenticatedIdentities"):
        return
    role = (pool.configuration.get("Roles") or {}).get("unauthenticated")
    if role is None:
        return
    classic = bool(settings.get("AllowClassicFlow"))
    text = f"Anyone gets credentials of {role}" + (
        ", without AWS's limits for guests (classic flow)" if classic else ""
    )
    severity = Severity.HIGH if classic else Severity.MEDIUM
    yield Violation(text, role, {"role": role, "AllowClassicFlow": classic}, severity)
