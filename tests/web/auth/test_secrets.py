"""Passwords and tokens."""

from __future__ import annotations

import pytest

from vigie.web.auth import secrets


def test_a_password_is_known_again_and_another_is_not() -> None:
    encoded = secrets.hash_password("correct horse battery staple")
    assert encoded.startswith("$argon2id$")
    assert secrets.password_matches("correct horse battery staple", encoded)
    assert not secrets.password_matches("incorrect horse battery staple", encoded)


@pytest.mark.parametrize("encoded", [None, "", "not a hash"])
def test_where_there_is_no_hash_no_password_matches(encoded: str | None) -> None:
    assert not secrets.password_matches("anything", encoded)


def test_a_password_of_a_megabyte_is_not_hashed() -> None:
    assert not secrets.password_matches("x" * 1_000_000, None)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "too short"),
        ("x" * 2000, "too long"),
        ("aaaaaaaaaaaaaaaa", "too few"),
        ("administrator", "your name"),
        ("the old password", "the old one"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password: str, why: str) -> None:
    problem = secrets.password_problem(password, user_name="administrator", old="the old password")
    assert problem is not None and why in problem


def test_a_long_phrase_is_taken() -> None:
    assert secrets.password_problem("a long phrase of words", user_name="admin", old="x") is None


def test_one_time_passwords_and_tokens_do_not_repeat() -> None:
    assert len({secrets.one_time_password() for _ in range(200)}) == 200
    token = secrets.new_api_token()
    assert token.startswith("vigie_") and len(token) > 40
    assert secrets.digest(token) != token and len(secrets.digest(token)) == 64
