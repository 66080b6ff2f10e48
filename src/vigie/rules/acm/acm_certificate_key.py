"""Short keys can be computed: whoever does reads, and poses as, the service."""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule
from vigie.rules.certificates import is_short


@rule(
    "acm-certificate-key",
    title="Certificate of ACM has a short key",
    applies_to="AWS::CertificateManager::Certificate",
    severity=Severity.MEDIUM,
    remedy="Request or import a certificate with a key of 2048 bits (RSA) or 256 bits (elliptic curve) at least.",
    references=("https://csrc.nist.gov/pubs/sp/800/57/pt1/r5/final",),
)
def acm_certificate_key(certificate: Revision, estate: Estate) -> Iterator[Violation]:
    detail = certificate.configuration.get("Detail") or {}
    # the API says RSA_2048 in one place and RSA-2048 in another; EC_prime256v1, EC_secp384r1
    algorithm = str(detail.get("KeyAlgorithm") or certificate.configuration.get("KeyAlgorithm") or "").replace("-", "_")
    if not algorithm:
        raise CannotTell("the key of the certificate is not known")
    if algorithm.startswith("RSA_") and is_short("RSA", int(algorithm.removeprefix("RSA_"))):
        yield Violation(f"The key is {algorithm}", evidence={"KeyAlgorithm": algorithm})
