"""Documents inside texts, certificates inside texts, tags in both of their forms."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from vigie.catalogue.certificates import certificate_facts
from vigie.catalogue.declaration import Decode, Tags
from vigie.catalogue.decoding import decoded
from vigie.catalogue.expression import Expression

POLICY = '{"Statement": [{"Effect": "Allow", "Resource": "a%b"}]}'


@pytest.mark.parametrize("text", [POLICY, quote(POLICY)], ids=["plain", "url-encoded"])
def test_a_policy_becomes_a_document(text: str) -> None:
    assert decoded(text, Decode.JSON)["Statement"][0]["Resource"] == "a%b"


@pytest.mark.parametrize("value", ["<html>", "", None, {"already": "parsed"}, "[" * 100_000])
def test_what_is_no_document_stays_as_it_is(value: object) -> None:
    assert decoded(value, Decode.JSON) == value


def test_base64_is_decoded_and_what_is_none_stays() -> None:
    assert decoded(base64.b64encode(b"hello").decode(), Decode.BASE64) == "hello"
    assert decoded(base64.b64encode(b'{"a": 1}').decode(), Decode.BASE64_JSON) == {"a": 1}
    assert decoded("not base64!", Decode.BASE64) == "not base64!"
    assert decoded(base64.b64encode(b"\xff\xfe").decode(), Decode.BASE64) == base64.b64encode(b"\xff\xfe").decode()


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vigie.example")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(0xABC)
        .not_valid_before(datetime(2025, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2026, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("b.example"), x509.DNSName("a.example")]), False)
    )
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_a_certificate_becomes_facts() -> None:
    facts = certificate_facts(certificate(rsa.generate_private_key(65537, 2048)))
    assert facts == {
        "Issuer": "CN=vigie.example",
        "Subject": "CN=vigie.example",
        "SerialNumber": "abc",
        "NotBefore": "2025-01-01T00:00:00Z",
        "NotAfter": "2026-01-01T00:00:00Z",
        "SignatureAlgorithm": "sha256",
        "KeyAlgorithm": "RSA",
        "KeySize": 2048,
        "SubjectAlternativeNames": ["a.example", "b.example"],
    }


def test_the_curve_of_a_key_is_named() -> None:
    facts = certificate_facts(certificate(ec.generate_private_key(ec.SECP256R1())))
    assert (facts["KeyAlgorithm"], facts["KeySize"]) == ("EC secp256r1", 256)


@pytest.mark.parametrize(
    "value", ["no certificate", None, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_stays_as_it_is(value: object) -> None:
    assert certificate_facts(value) == value


def test_tags_of_every_form_become_a_map() -> None:
    assert Tags().as_map([{"Key": "a", "Value": "1"}, {"Key": "b"}]) == {"a": "1", "b": ""}
    assert Tags(key="TagKey", value="TagValue").as_map([{"TagKey": "a", "TagValue": "1"}]) == {"a": "1"}
    assert Tags().as_map({"a": "1"}) == {"a": "1"}
    assert Tags().as_map(None) == {}


def test_tags_are_moved_out_of_their_member() -> None:
    assert Tags(inline=Expression("TagList")).moved_from == ("TagList",)
    assert Tags(inline=Expression("Provider.Tags")).moved_from == ("Provider", "Tags")
    assert Tags(inline=Expression("Tags")).moved_from is None
