"""A service of AWS serves every customer: a policy that trusts it without saying for whom lets any customer send it.

Anybody can make a topic, a rule or a bucket of his own whose service then acts on your resource in his name.
"""

from collections.abc import Iterator

from vigie.access import GrantClass
from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import POLICY_TYPES, actions, refuse_doubt


@rule(
    "confused-deputy",
    title="A service may act here for anyone",
    applies_to=POLICY_TYPES,
    severity=Severity.MEDIUM,
    remedy="Add a condition on aws:SourceArn, aws:SourceAccount or aws:SourceOrgID to the statement.",
    depends_on=("AWS::S3::AccountPublicAccessBlock",),
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",),
    not_reported="Services that only act for the account that the resource is in.",
)
def confused_deputy(resource: Revision, estate: Estate) -> Iterator[Violation]:
    access = estate.access(resource)
    for grant in access.of(GrantClass.CONFUSED_DEPUTY):
        yield Violation(f"{grant.who} may {actions(grant)}, whoever sends it", grant.subject, grant)
    refuse_doubt(access)
