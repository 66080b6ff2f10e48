"""Short keys can be computed: whoever does reads, and poses as, the service."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.certificates import is_short
from vigie.rules.iam._server_certificate import fact


@rule(
    "iam-server-certificate-key-size",
    title="Server certificate in IAM has a short key",
    applies_to="AWS::IAM::ServerCertificate",
    severity=Severity.MEDIUM,
    remedy="Replace it by a certificate with a key of 2048 bits (RSA) or 256 bits (elliptic curve) at least.",
    references=("https://csrc.nist.gov/pubs/sp/800/57/pt1/r5/final",),
    not_reported="Elliptic curve keys of 224 bits and more: they are as strong as RSA keys ten times as long.",
    predecessor=("iamssl.check_cert_size_lt_1024", "iamssl.check_cert_size_lt_2048"),
)
def iam_server_certificate_key_size(certificate: Revision, estate: Estate) -> Iterator[Violation]:
    algorithm = str(fact(certificate, "KeyAlgorithm"))
    if algorithm in ("Ed25519", "Ed448"):
        return
    bits = int(fact(certificate, "KeySize"))
    if is_short(algorithm, bits):
        severity = Severity.CRITICAL if bits < 1024 else Severity.MEDIUM
        evidence = {"KeyAlgorithm": algorithm, "KeySize": bits}
        yield Violation(f"The key is {algorithm} with {bits} bits", evidence=evidence, severity=severity)
