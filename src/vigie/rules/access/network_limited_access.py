"""Anyone may, but only from certain addresses or networks: safe while those are ours, and open the day they change
hands.
"""

from collections.abc import Iterator

from vigie.access import GrantClass
from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import POLICY_TYPES, actions, conditions, refuse_doubt


@rule(
    "network-limited-access",
    title="Only the network keeps everyone out",
    applies_to=POLICY_TYPES,
    severity=Severity.LOW,
    remedy="Say who as well: name the accounts or the organisation beside the addresses.",
    depends_on=("AWS::S3::AccountPublicAccessBlock",),
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html",),
)
def network_limited_access(resource: Revision, estate: Estate) -> Iterator[Violation]:
    access = estate.access(resource)
    for grant in access.of(GrantClass.NETWORK_LIMITED):
        yield Violation(f"Anyone from {grant.who} may {actions(grant)}{conditions(grant)}", grant.subject, grant)
    refuse_doubt(access)
