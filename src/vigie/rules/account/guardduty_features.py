"""GuardDuty looks into storage, databases and functions only where it is told to."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "guardduty-features",
    title="GuardDuty protects less than it could",
    applies_to="AWS::GuardDuty::Detector",
    severity=Severity.INFORMATIONAL,
    remedy="Enable the protection plans for what the account uses.",
    references=("https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-features-activation-model.html",),
    not_reported="Suspended detectors (guardduty-suspended). Plans for what is not in the parameter.",
)
def guardduty_features(
    detector: Revision,
    estate: Estate,
    *,
    wanted: tuple[str, ...] = ("S3_DATA_EVENTS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS"),
) -> Iterator[Violation]:
    facts = detector.configuration.get("Detector") or {}
    if facts.get("Status") != "ENABLED":
        return
    on = {feature.get("Name") for feature in facts.get("Features") or () if feature.get("Status") == "ENABLED"}
    for name in wanted:
        if name not in on:
            yield Violation(f"{name} is off", name, {"feature": name})
