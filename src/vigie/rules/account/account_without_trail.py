"""Without a trail that logs in every region, an account forgets after 90 days who did what; in most regions nobody
looks at all.

A rule on trails cannot report this: where there is no trail there is nothing to judge.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.rules import Estate, Revision, Severity, Violation, rule

TRAIL = "AWS::CloudTrail::Trail"


@rule(
    "account-without-trail",
    title="No trail records what is done in the account",
    applies_to="AWS::::Account",
    severity=Severity.HIGH,
    remedy="Make a trail of all regions (best: of the organisation) into a bucket of an account for logs.",
    depends_on=(TRAIL,),
    references=("https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html",),
    not_reported="Trails of the organisation count: they log here too. A trail that leaves out management events "
    "does not.",
    predecessor=("cloudtrail.check_is_enabled", "cloudtrail.check_if_cloudtrail_in_all_regions"),
)
def account_without_trail(account: Revision, estate: Estate) -> Iterator[Violation]:
    known = estate.resources(TRAIL, account=account.account, whole=False)
    if any(_records(trail) for trail in known):
        return
    trails = estate.resources(TRAIL, account=account.account)
    text = "No trail of all regions is logging" if trails else "There is no trail"
    yield Violation(text, evidence={"trails": sorted(trail.id for trail in trails)})


def _records(trail: Revision) -> bool:
    configuration = trail.configuration
    logging = (configuration.get("Status") or {}).get("IsLogging")
    return bool(
        logging and configuration.get("IsMultiRegionTrail") and _management_events(configuration.get("EventSelectors"))
    )


def _management_events(selectors: Any) -> bool:
    """Whether writing management events are recorded. A trail that was never told otherwise records them all."""
    if not isinstance(selectors, Mapping):
        return True
    basic, advanced = selectors.get("Basic") or (), selectors.get("Advanced") or ()
    if not basic and not advanced:
        return True
    if any(s.get("IncludeManagementEvents") and s.get("ReadWriteType") in ("All", "WriteOnly") for s in basic):
        return True
    return any(_is_management(selector) for selector in advanced)


def _is_management(selector: Mapping[str, Any]) -> bool:
    fields = {str(f.get("Field")): f.get("Equals") for f in selector.get("FieldSelectors") or ()}
    return fields.get("eventCategory") == ["Management"] and fields.get("readOnly") != ["true"]
