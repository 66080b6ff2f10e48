"""Without a policy, whoever reaches a mount target over the network mounts the file system, as root of it."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "efs-anonymous-mount",
    title="EFS file system asks nobody who mounts it",
    applies_to="AWS::EFS::FileSystem",
    severity=Severity.LOW,
    remedy="Give it a policy that allows mounting to the roles that need it, and denies root access.",
    references=("https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html",),
    not_reported="File systems without a mount target: nobody reaches them. What a policy says is judged by the rules "
    "on sharing.",
)
def efs_anonymous_mount(files: Revision, estate: Estate) -> Iterator[Violation]:
    if not files.configuration.get("MountTargets"):
        return
    if not files.configuration.get("Policy"):
        yield Violation("There is no policy: the network alone decides who mounts it", evidence={"Policy": None})
