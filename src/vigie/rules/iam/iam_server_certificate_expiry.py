"""An expired certificate takes a service down, or teaches its users to click warnings away."""

from collections.abc import Iterator

from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.certificates import expiry
from vigie.rules.iam._server_certificate import fact
from vigie.rules.times import when


@rule(
    "iam-server-certificate-expiry",
    title="Server certificate in IAM expires",
    applies_to="AWS::IAM::ServerCertificate",
    severity=Severity.HIGH,
    remedy="Move the service to a certificate of ACM, which renews itself; delete expired certificates.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs.html",),
    not_reported="Certificates that end later than later_days.",
    predecessor=("iamssl.check_upcoming_expiration", "iamssl.check_future_expiration", "iamssl.check_expired"),
)
def iam_server_certificate_expiry(
    certificate: Revision, estate: Estate, *, soon_days: int = 30, later_days: int = 60
) -> Iterator[Violation | LookAgain]:
    ends = certificate.configuration.get("Expiration") or fact(certificate, "NotAfter")
    yield from expiry(when(ends), estate.now, soon_days=soon_days, later_days=later_days)
