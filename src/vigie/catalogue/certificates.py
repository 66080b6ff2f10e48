"""What a certificate says, as facts that can be compared and judged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography import x509


def certificate_facts(pem: Any) -> Any:
    """The facts of a PEM certificate: Issuer, Subject, SerialNumber (hexadecimal), NotBefore, NotAfter,
    SignatureAlgorithm, KeyAlgorithm, KeySize (bits), SubjectAlternativeNames.

    What is not a PEM certificate stays as it is, so that it can be seen.
    """
    # cryptography takes 60 ms to import; the catalogue is loaded by every command.
    from cryptography import x509

    if not isinstance(pem, str):
        return pem
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        return _facts(certificate)
    except ValueError:
        return pem


def _facts(certificate: x509.Certificate) -> dict[str, Any]:
    key = certificate.public_key()
    return {
        "Issuer": certificate.issuer.rfc4514_string(),
        "Subject": certificate.subject.rfc4514_string(),
        "SerialNumber": f"{certificate.serial_number:x}",
        "NotBefore": _instant(certificate.not_valid_before_utc),
        "NotAfter": _instant(certificate.not_valid_after_utc),
        "SignatureAlgorithm": _signature_algorithm(certificate),
        "KeyAlgorithm": _key_algorithm(key),
        "KeySize": getattr(key, "key_size", None),
        "SubjectAlternativeNames": _alternative_names(certificate),
    }


def _instant(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _signature_algorithm(certificate: x509.Certificate) -> str:
    algorithm = certificate.signature_hash_algorithm
    return algorithm.name if algorithm else certificate.signature_algorithm_oid.dotted_string


def _key_algorithm(key: object) -> str:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    kinds: dict[type, str] = {
        rsa.RSAPublicKey: "RSA",
        dsa.DSAPublicKey: "DSA",
        ed25519.Ed25519PublicKey: "Ed25519",
        ed448.Ed448PublicKey: "Ed448",
    }
    return next((name for kind, name in kinds.items() if isinstance(key, kind)), type(key).__name__)


def _alternative_names(certificate: x509.Certificate) -> list[str]:
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return sorted(str(name.value) for name in extension.value)
