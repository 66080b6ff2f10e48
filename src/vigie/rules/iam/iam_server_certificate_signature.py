"""Signatures with MD5 and SHA-1 can be forged: a second certificate with the same signature was made for both."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.iam._server_certificate import fact

BROKEN = {"md5": Severity.MEDIUM, "md2": Severity.MEDIUM, "sha1": Severity.LOW}


@rule(
    "iam-server-certificate-signature",
    title="Server certificate in IAM is signed with a broken hash",
    applies_to="AWS::IAM::ServerCertificate",
    severity=Severity.MEDIUM,
    remedy="Have a new certificate issued, signed with SHA-256 or better.",
    references=("https://csrc.nist.gov/pubs/sp/800/131/a/r2/final",),
    predecessor=("iamssl.check_signature_algorith_for_md5", "iamssl.check_signature_algorith_for_sha1"),
)
def iam_server_certificate_signature(certificate: Revision, estate: Estate) -> Iterator[Violation]:
    algorithm = str(fact(certificate, "SignatureAlgorithm"))
    plain = algorithm.lower().replace("-", "").replace("_", "")
    for name, severity in BROKEN.items():
        if name in plain:
            yield Violation(f"Signed with {algorithm}", name, {"SignatureAlgorithm": algorithm}, severity)
