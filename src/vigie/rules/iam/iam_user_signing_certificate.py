"""X.509 signing certificates are credentials from before access keys: nobody looks at them, and they sign requests
still.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "iam-user-signing-certificate",
    title="User has an active signing certificate",
    applies_to="AWS::IAM::User",
    severity=Severity.LOW,
    remedy="Deactivate and delete it, unless an old SOAP client truly needs it.",
    references=("https://docs.aws.amazon.com/IAM/latest/APIReference/API_SigningCertificate.html",),
)
def iam_user_signing_certificate(user: Revision, estate: Estate) -> Iterator[Violation]:
    for certificate in user.configuration.get("SigningCertificates") or ():
        if certificate.get("Status") == "Active":
            name = certificate.get("CertificateId", "")
            yield Violation(f"Signing certificate {name} is active", name, {"CertificateId": name})
