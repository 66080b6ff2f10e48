"""A repository open to everyone gives its programs away; open for pushing, it lets strangers put theirs into yours."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import public


@rule(
    "ecr-repository-public",
    title="ECR repository is open to everyone",
    applies_to="AWS::ECR::Repository",
    severity=Severity.CRITICAL,
    remedy="Name the accounts in the policy; publish through ECR Public where images are for everyone.",
    references=("https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html",),
)
def ecr_repository_public(repository: Revision, estate: Estate) -> Iterator[Violation]:
    yield from public(repository, estate)
