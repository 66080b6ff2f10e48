"""An expired certificate takes a service down, or teaches its users to click warnings away."""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.certificates import expiry
from vigie.rules.times import when

WITHOUT_DATE = ("PENDING_VALIDATION", "VALIDATION_TIMED_OUT", "FAILED", "REVOKED", "INACTIVE")


@rule(
    "acm-certificate-expiry",
    title="Certificate of ACM expires",
    applies_to="AWS::CertificateManager::Certificate",
    severity=Severity.HIGH,
    remedy="Find out why ACM does not renew it (validation, not in use, imported), or import its successor.",
    references=("https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html",),
    not_reported="Certificates that were never issued, failed or were revoked. Note that ACM renews its own 60 "
    "days before their end at the earliest: "
    "for them later_days does not apply.",
    predecessor=("acm.check_upcoming_expiration", "acm.check_future_expiration", "acm.check_expired"),
)
def acm_certificate_expiry(
    certificate: Revision, estate: Estate, *, soon_days: int = 30, later_days: int = 60
) -> Iterator[Violation | LookAgain]:
    detail = certificate.configuration.get("Detail")
    if not detail:
        raise CannotTell("the certificate was not described")
    if detail.get("Status") in WITHOUT_DATE:
        return
    renews = detail.get("Type") == "AMAZON_ISSUED" and detail.get("RenewalEligibility") == "ELIGIBLE"
    ends = when(detail.get("NotAfter"), "the end of the certificate")
    yield from expiry(ends, estate.now, soon_days=soon_days, later_days=soon_days if renews else later_days)
