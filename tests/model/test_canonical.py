"""The canonical form: one spelling for one state."""

from __future__ import annotations

import json
import math
import random
import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configurations import TREATMENT, raws, values
from vigie.model.canonical import (
    canonical_bytes,
    canonical_text,
    digest,
    digests,
    durable_view,
    keyed_redactor,
    normalise,
    sort_unordered,
)
from vigie.model.treatment import Treatment

KEY = b"0123456789abcdef"

settings.register_profile("vigie", deadline=None, max_examples=100)
settings.load_profile("vigie")


def shuffled(value: Any, dice: random.Random) -> Any:
    """The same state as AWS might give it another time: members and elements in another order."""
    if isinstance(value, dict):
        members = [(key, member if key == "Steps" else shuffled(member, dice)) for key, member in value.items()]
        dice.shuffle(members)
        return dict(members)
    if isinstance(value, list):
        elements = [shuffled(element, dice) for element in value]
        dice.shuffle(elements)
        return elements
    return value


@given(raws, st.randoms(use_true_random=False))
def test_another_order_of_an_unordered_list_is_the_same_configuration(raw: dict[str, Any], dice: random.Random) -> None:
    once, again = normalise(raw, TREATMENT), normalise(shuffled(raw, dice), TREATMENT)
    assert canonical_bytes(once) == canonical_bytes(again)
    assert digests(once, TREATMENT) == digests(again, TREATMENT)


def test_another_order_of_an_ordered_list_is_another_configuration() -> None:
    treatment = Treatment(ordered=("Steps",))
    once, again = normalise({"Steps": ["a", "b"]}, treatment), normalise({"Steps": ["b", "a"]}, treatment)
    assert digests(once, treatment)[0] != digests(again, treatment)[0]


@given(raws)
def test_normalising_twice_changes_nothing(raw: dict[str, Any]) -> None:
    once = normalise(raw, TREATMENT)
    assert canonical_bytes(normalise(once, TREATMENT)) == canonical_bytes(once)


@given(raws)
def test_canonical_bytes_survive_storage(raw: dict[str, Any]) -> None:
    once = normalise(raw, TREATMENT)
    stored = canonical_bytes(once)
    assert canonical_bytes(json.loads(stored)) == stored
    assert digests(json.loads(stored), TREATMENT) == digests(once, TREATMENT)


@given(raws, values)
def test_ephemeral_parts_do_not_touch_the_durable_digest(raw: dict[str, Any], other: Any) -> None:
    changed = {**raw, "Seen": other, "Volatile": [1, 2], "LastUsed": other}
    config, durable = digests(normalise({**raw, "Volatile": [3], "LastUsed": 0, "Seen": 0}, TREATMENT), TREATMENT)
    config_after, durable_after = digests(normalise(changed, TREATMENT), TREATMENT)
    assert durable == durable_after
    assert config != config_after


def test_an_ephemeral_member_may_change_the_order_of_a_list_and_still_mean_nothing() -> None:
    treatment = Treatment(ephemeral=("Keys[].A",))
    one = normalise({"Keys": [{"A": "1", "B": 1}, {"A": "2", "B": 2}]}, treatment)
    two = normalise({"Keys": [{"A": "9", "B": 1}, {"A": "2", "B": 2}]}, treatment)
    assert digests(one, treatment)[1] == digests(two, treatment)[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Action": "s3:GetObject"}, {"Action": ["S3:getobject"]}),
        ({"Principal": {"AWS": "a"}}, {"Principal": {"AWS": ["a"]}}),
        ({"Principal": {"AWS": ["b", "a"]}}, {"Principal": {"AWS": ["a", "b"]}}),
        ({"Resource": "*"}, {"Resource": ["*"]}),
        ({"Condition": {"Bool": {"k": True}}}, {"Condition": {"Bool": {"k": ["true"]}}}),
    ],
)
def test_a_policy_spelt_otherwise_is_recorded_as_it_is_and_is_no_durable_change(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    before = normalise({"Policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one}]}})
    after = normalise({"Policy": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", **other}}})
    assert digests(before)[0] != digests(after)[0]
    assert digests(before)[1] == digests(after)[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Principal": "*"}, {"Principal": {"AWS": "*"}}),
        ({"Resource": "arn:aws:s3:::A"}, {"Resource": "arn:aws:s3:::a"}),
        ({"Action": "s3:*"}, {"NotAction": "s3:*"}),
        ({"Effect": "Deny"}, {}),
    ],
)
def test_a_policy_that_says_something_else_is_a_durable_change(one: dict[str, Any], other: dict[str, Any]) -> None:
    before = normalise({"Policy": {"Statement": [{"Effect": "Allow", **one}]}})
    after = normalise({"Policy": {"Statement": [{"Effect": "Allow", **other}]}})
    assert digests(before)[1] != digests(after)[1]


def test_a_policy_respelt_inside_a_list_may_change_its_order_and_still_mean_nothing() -> None:
    def user(action: Any) -> Any:
        first = {"Document": {"Statement": [{"Effect": "Allow", "Action": action}]}, "Number": 1}
        second = {"Document": {"Statement": [{"Effect": "Allow", "Action": ["b:B"]}]}, "Number": 2}
        return normalise({"Policies": [first, second]})

    assert digests(user("c:c"))[1] == digests(user(["C:C"]))[1]


def test_statements_respelt_sort_otherwise_and_still_mean_the_same() -> None:
    def policy(*actions: Any) -> Any:
        return normalise({"Policy": {"Statement": [{"Effect": "Allow", "Action": action} for action in actions]}})

    assert digests(policy("b:b", ["a:a"]))[1] == digests(policy(["b:b"], "a:a"))[1]


def test_times_are_utc_with_a_fraction_only_if_there_is_one() -> None:
    east = timezone(timedelta(hours=2))
    raw = {
        "A": datetime(2026, 1, 2, 5, 4, 5, tzinfo=east),
        "B": datetime(2026, 1, 2, 3, 4, 5, 120_000, tzinfo=UTC),
    }
    assert normalise(raw) == {"A": "2026-01-02T03:04:05Z", "B": "2026-01-02T03:04:05.12Z"}


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        normalise({"A": datetime(2026, 1, 2)})  # noqa: DTZ001


def test_bytes_are_base64_and_whole_floats_are_integers() -> None:
    assert normalise({"A": b"\x00\xff", "B": 3.0, "C": -0.0, "D": (1, 2)}) == {"A": "AP8=", "B": 3, "C": 0, "D": [1, 2]}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        normalise({"A": value})
    with pytest.raises(ValueError, match="Out of range"):
        canonical_bytes({"A": value})


@pytest.mark.parametrize("value", [object(), {1: 2}])
def test_what_is_not_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        normalise({"A": value})


def test_metadata_and_page_tokens_of_an_answer_taken_whole_go() -> None:
    raw = {"ResponseMetadata": {}, "NextToken": "x", "Detail": {"ResponseMetadata": {}, "IsTruncated": False, "A": 1}}
    assert normalise(raw) == {"Detail": {"A": 1}}


def test_a_member_named_like_a_page_token_stays_where_it_is_no_answer() -> None:
    assert normalise({"Tags": {"Marker": "mine"}}) == {"Tags": {"Marker": "mine"}}


def test_declared_parts_are_dropped() -> None:
    treatment = Treatment(drop=("Generated*", "Rules[].Counter", "Noise[]"))
    raw = {"GeneratedTime": 1, "Rules": [{"Counter": 1, "A": 1}], "Noise": [1, 2]}
    assert normalise(raw, treatment) == {"Rules": [{"A": 1}], "Noise": []}


def test_a_lone_surrogate_becomes_the_replacement_character_and_a_pair_stays_a_pair() -> None:
    assert normalise({"A": "\ud800x", "B": "\ud834\udd1e"}) == {"A": "\ufffdx", "B": "𝄞"}


# --- redaction

SECRET = Treatment(redact=("Environment.Variables.*", "UserData", "Hooks[].Token"))


def test_a_secret_never_shows_and_its_change_does() -> None:
    redact = keyed_redactor(KEY)

    def seen(password: str) -> Any:
        raw = {
            "Environment": {"Variables": {"PASSWORD": password}},
            "UserData": "s3cret",
            "Hooks": [{"Token": "t0ken"}],
        }
        return normalise(raw, SECRET, redact)

    one, other = seen("hunter2"), seen("hunter3")
    assert not {"hunter2", "s3cret", "t0ken"} & set(canonical_text(one).split('"'))
    assert one["Environment"]["Variables"]["PASSWORD"].startswith("redacted:hmac-sha256:")
    assert digests(one, SECRET) != digests(other, SECRET)
    assert digests(one, SECRET) == digests(seen("hunter2"), SECRET)


def test_another_key_gives_another_digest_and_so_does_another_place() -> None:
    raw = {"Environment": {"Variables": {"A": "same", "B": "same"}}}
    one = normalise(raw, SECRET, keyed_redactor(KEY))["Environment"]["Variables"]
    other = normalise(raw, SECRET, keyed_redactor(KEY[::-1]))["Environment"]["Variables"]
    assert len({one["A"], one["B"], other["A"], other["B"]}) == 4


def test_a_secret_that_is_a_structure_is_redacted_whole_and_null_stays_null() -> None:
    treatment = Treatment(redact=("Pending", "None"))
    made = normalise({"Pending": {"MasterUserPassword": "x"}, "None": None}, treatment, keyed_redactor(KEY))
    assert made["Pending"].startswith("redacted:")
    assert made["None"] is None


def test_without_a_redactor_nothing_secret_passes() -> None:
    with pytest.raises(ValueError, match="redacted"):
        normalise({"UserData": "x"}, SECRET)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        keyed_redactor(b"short")


# --- RFC 8785


def test_members_are_ordered_by_utf_16_as_in_the_rfc() -> None:
    # RFC 8785, section 3.2.3
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    assert list(json.loads(canonical_bytes(dict.fromkeys(names, 0)))) == [
        "\r",
        "1",
        "\u0080",
        "\u00f6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


@pytest.mark.parametrize(
    ("bits", "text"),
    [  # RFC 8785, appendix B
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("41b3de4355555553", "333333333.3333332"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
        ("8000000000000000", "0"),
    ],
)
def test_numbers_are_spelt_as_in_the_rfc(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_text(number) == text
    assert canonical_text({"a": [number, 1]}) == f'{{"a":[{text},1]}}'


def test_integers_keep_all_their_digits() -> None:
    assert canonical_bytes({"a": 2**63 + 1}) == b'{"a":9223372036854775809}'


def test_strings_are_escaped_as_in_the_rfc() -> None:
    assert canonical_bytes('\u20ac$\u000f\nA\'B"\\\\"/\x7f') == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f"'.encode()


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(), st.floats(0.001, 1000)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(alphabet=st.characters(max_codepoint=0xD7FF)), inner)
    ),
    max_leaves=10,
)


@given(json_values)
def test_orjson_spells_the_same(value: Any) -> None:
    """So orjson may stand in where speed matters, for values without floats that are whole or have an exponent."""
    normal = normalise({"v": value})
    assert canonical_bytes(normal) == orjson.dumps(normal, option=orjson.OPT_SORT_KEYS)


@given(st.lists(values, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_a_list_is_decided_by_content_alone(elements: list[Any], dice: random.Random) -> None:
    normal = [normalise({"v": element})["v"] for element in elements]
    other = list(normal)
    dice.shuffle(other)
    assert canonical_text(sort_unordered(normal)) == canonical_text(sort_unordered(other))


def test_a_digest_is_what_anyone_can_compute_from_the_bytes() -> None:
    assert digest(b"{}") == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_the_durable_view_of_what_has_nothing_ephemeral_is_the_configuration_itself() -> None:
    configuration = normalise({"Tags": {"a": "b"}, "List": [{"Id": "x"}]})
    assert durable_view(configuration) is configuration
