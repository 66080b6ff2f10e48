"""Secrets never leave the parser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records import record
from vigie.model.event import Event
from vigie.watch.events import read
from vigie.watch.events.redact import HIDDEN, REDACTED, redacted

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY"
MEMBERS = [
    "secretAccessKey", "SecretAccessKey", "sessionToken", "SessionToken", "masterUserPassword", "password",
    "newPassword", "oldPassword", "temporaryPassword", "secretString", "secretBinary", "sAMLAssertion",
    "webIdentityToken", "authorization", "Authorization", "clientSecret", "client_secret", "userData", "UserData",
    "keyMaterial", "privateKey", "accessToken", "idToken", "refreshToken", "authToken", "X-Amz-Security-Token",
    "X-Amz-Signature", "X-Amz-Credential", "tokenCode", "plaintext", "passphrase", "oAuthToken", "signinToken",
]  # fmt: skip
TEXTS = [
    "https://b.s3.amazonaws.com/k?X-Amz-Credential={}&X-Amz-Signature={}&X-Amz-Date=1",
    "https://user:{}@git.example.org/repo",
    "Authorization: Bearer {}",
    "aws_secret_access_key = {}",
    "password={} and more",
    '{{"a": {{"secretAccessKey": "{}"}}}}',
    '[{{"sessionToken": "{}"}}]',
    "export DB_PASSWORD={}; run",
    "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{}",
]


def shown(found: Any) -> str:
    return repr(found) + json.dumps(found.record if isinstance(found, Event) else "")


@pytest.mark.parametrize("member", MEMBERS)
def test_members_that_hold_secrets_are_emptied(member: str) -> None:
    for value in (SECRET, {"value": SECRET}, [SECRET], {"a": [{"value": SECRET}]}):
        if isinstance(value, dict) and "assword" in member:
            continue  # a policy on passwords is no password
        for place in ("requestParameters", "responseElements", "additionalEventData", "userIdentity"):
            [found] = read(record("x", "DoIt", **{place: {"outer": [{member: value}]}}))
            assert SECRET not in shown(found), (place, value)


@pytest.mark.parametrize("text", TEXTS)
def test_secrets_inside_texts_are_blanked(text: str) -> None:
    written = text.format(*[SECRET] * text.count("{}"))
    for place in ("errorMessage", "userAgent"):
        [found] = read(record("x", "DoIt", **{place: written}))
        assert SECRET not in shown(found)
    [found] = read(record("x", "DoIt", {"command": [written]}))
    assert SECRET not in shown(found)
    assert REDACTED in shown(found)


def test_values_of_environment_variables_go_and_their_names_stay() -> None:
    request = {
        "environment": {"variables": {"DB": SECRET}},
        "containerDefinitions": [{"environment": [{"name": "DB", "value": SECRET}]}],
        "project": {
            "environment": {
                "type": "LINUX",
                "image": "i",
                "environmentVariables": [{"name": "DB", "value": SECRET, "type": "PLAINTEXT"}],
            }
        },
    }
    [found] = read(record("lambda", "CreateFunction20150331", request))
    assert SECRET not in shown(found)
    assert isinstance(found, Event)
    kept = found.record["requestParameters"]
    assert kept["containerDefinitions"][0]["environment"][0]["name"] == "DB"
    assert kept["project"]["environment"]["type"] == "LINUX"
    assert kept["environment"]["variables"].keys() == {"DB"}


def test_the_value_of_a_parameter_goes_and_that_of_a_tag_stays() -> None:
    [found] = read(record("ssm", "PutParameter", {"name": "p", "value": SECRET}))
    assert SECRET not in shown(found)
    [found] = read(record("ec2", "CreateTags", {"tagSet": {"items": [{"key": "Name", "value": "web"}]}}))
    assert '"value": "web"' in shown(found)


def test_what_is_no_secret_stays() -> None:
    request = {
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "clientToken": "c-1",
        "nextToken": "n-1",
        "secretId": "prod/db",
        "passwordResetRequired": True,
        "minimumPasswordLength": 14,
        "keyId": "k",
        "policyDocument": '{"Version": "2012-10-17",  "Statement": [{"Effect": "Allow"}]}',
        "masterUserPassword": HIDDEN,
    }
    assert redacted({"requestParameters": request}) == {"requestParameters": request}


def test_the_digest_that_stands_for_an_id_is_of_what_is_left() -> None:
    """Two records that differ in a secret only must not tell it by their ids."""
    ids = set()
    for secret in ("a", "b"):
        [found] = read(record("x", "DoIt", {"password": secret}, eventID=None))
        assert isinstance(found, Event)
        ids.add(found.id)
    assert len(ids) == 1


@pytest.mark.parametrize(
    "piece",
    [
        "a.",
        "a-",
        "eyJaaaaaaa.",
        "-eyJaaaaaaa",
        "password=",
        "://a:",
        "bearer ",
        "=",
        "-----BEGIN PRIVATE KEY-----",
        '{"a":',
    ],
)
def test_texts_made_to_be_slow_are_not(piece: str) -> None:
    """Each in one pass, or nearly: a quadratic one would take minutes, and the suite's time limit would tell."""
    [found] = read(record("x", "DoIt", {"a": "= " + piece * (400_000 // len(piece))}))
    assert isinstance(found, Event)


NESTED = st.recursive(
    st.sampled_from([None, True, 7, "text"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "items", "value"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    member=st.sampled_from([m for m in MEMBERS if "assword" not in m]),
    around=NESTED,
    path=st.lists(st.sampled_from(["a", "b", 0]), max_size=5),
    place=st.sampled_from(["requestParameters", "responseElements", "serviceEventDetails", "resources"]),
)
def test_wherever_a_secret_is_planted_it_does_not_come_out(
    member: str, around: Any, path: list[Any], place: str
) -> None:
    value: Any = {member: {"deep": [SECRET, around]}, "other": around}
    for step in path:
        value = [value, around] if step == 0 else {step: value}
    [found] = read(record("x", "DoIt", **{place: value}))
    assert SECRET not in shown(found)


def test_nesting_without_end_is_cut_and_numbers_without_end_are_kept_as_texts() -> None:
    value: Any = "x"
    for _ in range(500):
        value = {"a": [value]}
    [found] = read(record("x", "DoIt", {"deep": value, "big": 10**40, "none": float("nan")}))
    assert isinstance(found, Event)
    json.dumps(found.record, allow_nan=False)
    assert found.record["requestParameters"]["none"] == "nan"
