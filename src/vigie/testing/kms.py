"""Keys of AWS KMS that sign with Ed25519, on the loopback endpoint: moto 5.2.5 has no keys of that spec.

    with Endpoint() as aws:
        key = KmsKey().serve(aws)
        # evidence.kms_key = key.arn

They take what KMS takes (``RAW``, ``ED25519_SHA_512``, at most 4096 bytes) and refuse the rest with its codes.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vigie.testing.endpoint import Endpoint
from vigie.testing.wire.replies import Error
from vigie.testing.wire.requests import Call

_LONGEST: Final = 4096
"""Bytes of a message that KMS signs (API reference of Sign)."""


class KmsKey:
    """One asymmetric key. ``secret`` may be replaced by a test: KMS itself never does so."""

    def __init__(self, *, number: int = 1, region: str = "eu-west-1", account: str = "111111111111") -> None:
        self.arn = f"arn:aws:kms:{region}:{account}:key/00000000-0000-4000-8000-{number:012}"
        self.region = region
        self.secret = Ed25519PrivateKey.generate()
        self.spec = "ECC_NIST_EDWARDS25519"
        self.usage = "SIGN_VERIFY"

    @property
    def raw(self) -> bytes:
        """The public key, 32 bytes."""
        return self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def serve(self, aws: Endpoint) -> KmsKey:
        """Answer calls for this key; itself."""
        aws.answers.script("kms", "GetPublicKey", self._public, region=self.region, KeyId=self.arn)
        aws.answers.script("kms", "Sign", self._sign, region=self.region, KeyId=self.arn)
        return self

    def _public(self, call: Call) -> Mapping[str, Any]:
        der = self.secret.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {
            "KeyId": self.arn,
            "PublicKey": der,
            "KeySpec": self.spec,
            "KeyUsage": self.usage,
            "SigningAlgorithms": ["ED25519_SHA_512", "ED25519_PH_SHA_512"],
        }

    def _sign(self, call: Call) -> Mapping[str, Any] | Error:
        asked, message = call.parameters, b64decode(call.parameters["Message"])
        if asked.get("MessageType", "RAW") != "RAW" or not 1 <= len(message) <= _LONGEST:
            return Error("ValidationException", "the message cannot be signed")
        if asked["SigningAlgorithm"] != "ED25519_SHA_512":
            return Error("InvalidKeyUsageException", f"{self.arn} does not sign with {asked['SigningAlgorithm']}")
        signature = self.secret.sign(message)
        return {"KeyId": self.arn, "Signature": signature, "SigningAlgorithm": "ED25519_SHA_512"}
