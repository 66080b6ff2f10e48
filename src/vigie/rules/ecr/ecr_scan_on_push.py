"""Most programs in an image are somebody else's: scanning says which of them have known flaws."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ecr-scan-on-push",
    title="ECR repository does not scan images",
    applies_to="AWS::ECR::Repository",
    severity=Severity.LOW,
    remedy="Turn on scanning on push, best for the whole registry (enhanced scanning).",
    references=("https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html",),
    not_reported="Scanning that is set for the whole registry is not recorded yet: such repositories are reported"
    " all the same, weighing low.",
)
def ecr_scan_on_push(repository: Revision, estate: Estate) -> Iterator[Violation]:
    if not (repository.configuration.get("imageScanningConfiguration") or {}).get("scanOnPush"):
        yield Violation("Images are not scanned when pushed", evidence={"scanOnPush": False})
