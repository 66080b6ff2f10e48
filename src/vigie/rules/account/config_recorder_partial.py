"""A recorder that leaves types out has holes where an investigation will look."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "config-recorder-partial",
    title="Configuration recorder leaves resource types out",
    applies_to="AWS::Config::ConfigurationRecorder",
    severity=Severity.INFORMATIONAL,
    remedy="Record all supported types, with the exceptions that cost too much.",
    references=("https://docs.aws.amazon.com/config/latest/developerguide/select-resources.html",),
    not_reported="Global types, which need recording in one region only.",
)
def config_recorder_partial(recorder: Revision, estate: Estate) -> Iterator[Violation]:
    group = recorder.configuration.get("recordingGroup") or {}
    strategy = (group.get("recordingStrategy") or {}).get("useOnly", "")
    if group.get("allSupported") or strategy == "ALL_SUPPORTED_RESOURCE_TYPES":
        return
    left_out = (group.get("exclusionByResourceTypes") or {}).get("resourceTypes") or []
    if strategy == "EXCLUSION_BY_RESOURCE_TYPES":
        yield Violation(f"{len(left_out)} types are left out", evidence={"left_out": sorted(left_out)})
    else:
        named = sorted(group.get("resourceTypes") or [])
        yield Violation(f"Only {len(named)} types are recorded", evidence={"recorded": named})
