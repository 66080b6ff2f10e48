"""Where a tag may be moved, what was reviewed and what is run can be two different images."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ecr-immutable-tags",
    title="ECR repository lets tags be moved",
    applies_to="AWS::ECR::Repository",
    severity=Severity.LOW,
    remedy="Make tags immutable, or deploy by digest.",
    references=("https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html",),
    not_reported="Immutable repositories with exceptions for some tags.",
)
def ecr_immutable_tags(repository: Revision, estate: Estate) -> Iterator[Violation]:
    setting = repository.configuration.get("imageTagMutability", "MUTABLE")
    if not setting.startswith("IMMUTABLE"):
        yield Violation(f"Tags are {setting.lower()}", evidence={"imageTagMutability": setting})
