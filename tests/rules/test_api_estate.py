"""What a rule may look at: look-ups, and what they say where something could not be looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from vigie.access.mechanisms import MECHANISMS
from vigie.catalogue.loader import load
from vigie.model.change import ChangeKind, Revision
from vigie.model.resource import Resource
from vigie.model.scope import Outcome, Problem, Scope
from vigie.rules.declare import CannotTell
from vigie.rules.estate import Estate, kind_of
from vigie.rules.inventory import OWNING_TYPES, MemoryInventory
from vigie.rules.readable import readable

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OWN = "111111111111"
OPEN = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}


def seen(
    type_: str, id_: str, configuration: dict[str, Any], *unread: str, account: str = OWN, present: bool = True
) -> Revision:
    resource = Resource(Scope(account, "eu-west-1", type_), id_, "eu-west-1", arn=f"arn:aws:x:::{id_}", present=present)
    problems = {key: Problem(Outcome.DENIED, "x:Get", "AccessDenied", "no", key, f"x:Get{key}") for key in unread}
    return Revision(resource, 1, ChangeKind.CREATED, NOW, configuration, unreadable=problems)


def estate(*revisions: Revision, gaps: tuple[Scope, ...] = ()) -> Estate:
    return Estate(NOW, MemoryInventory(revisions, gaps))


def test_a_key_that_could_not_be_read_is_unknown_and_one_with_a_last_value_is_not() -> None:
    configuration = readable(seen("T", "a", {"Known": 1}, "Known", "Unread")).configuration
    assert configuration["Known"] == 1
    assert configuration.get("Absent") is None
    assert "Absent" not in configuration
    for ask in (
        lambda: configuration["Unread"],
        lambda: configuration.get("Unread"),
        lambda: "Unread" in configuration,
    ):
        with pytest.raises(CannotTell, match="permission x:GetUnread lacks"):
            ask()


def test_what_is_looked_up_is_guarded_too() -> None:
    (found,) = estate(seen("T", "a", {}, "Unread")).resources("T")
    with pytest.raises(CannotTell):
        found.configuration.get("Unread")


def test_absence_in_a_gap_is_not_known_unless_it_is_not_asked_for() -> None:
    here = estate(seen("T", "a", {}), gaps=(Scope(OWN, "us-east-1", "T"),))
    with pytest.raises(CannotTell, match="not seen whole in 111111111111/us-east-1"):
        here.resources("T")
    assert [r.id for r in here.resources("T", region="eu-west-1")] == ["a"]
    assert [r.id for r in here.resources("T", whole=False)] == ["a"]
    with pytest.raises(CannotTell, match="was not read"):
        here.setting("Setting", OWN)


def test_what_is_gone_owns_nothing() -> None:
    here = estate(seen("AWS::S3::Bucket", "ours", {}), seen("AWS::S3::Bucket", "gone", {}, present=False))
    assert here.owner_of("bucket", "ours") == OWN
    assert here.owner_of("bucket", "gone") is None
    assert here.by_arn("arn:aws:x:::gone") is None


def test_grants_are_certain_and_their_end_is_not_where_something_could_not_be_read() -> None:
    queue = seen("AWS::SQS::Queue", "q", {"Attributes": {"Policy": {"Statement": [*OPEN["Statement"], 3]}}})
    public = estate(queue).access(queue).public()
    assert public
    found: list[str] = []
    with pytest.raises(CannotTell, match="it is not an object"):
        found.extend(grant.who for grant in public)
    closed = seen("AWS::SQS::Queue", "q", {}, "Attributes")
    with pytest.raises(CannotTell, match="Attributes could not be read"):
        bool(estate(closed).access(closed).public())


def test_the_public_access_block_of_the_account_is_looked_up() -> None:
    bucket = seen("AWS::S3::Bucket", "b", {"Policy": OPEN})
    unread = estate(bucket)
    with pytest.raises(CannotTell, match="public access block"):
        bool(unread.access(bucket).public())
    block = seen("AWS::S3::AccountPublicAccessBlock", OWN, {"RestrictPublicBuckets": True})
    assert not estate(bucket, block).access(bucket).public()


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("vpce-1", "vpce"),
        ("vpc-1", "vpc"),
        ("sg-1", "security_group"),
        ("AROAX", "userid"),
        ("198.51.100.1", "address"),
        ("2001:db8::/32", "address"),
        ("my-bucket", "bucket"),
    ],
)
def test_identifiers_tell_their_kind(identifier: str, kind: str) -> None:
    assert kind_of(identifier) == kind


def test_types_that_are_named_here_are_in_the_catalogue() -> None:
    named = {type_ for types in OWNING_TYPES.values() for type_ in types} | set(MECHANISMS)
    assert named <= set(load().types)


def test_reach_is_answered_once_a_batch_and_what_could_not_be_read_is_unknown_without_an_exception() -> None:
    interface = seen("AWS::EC2::NetworkInterface", "eni-1", {"Status": "in-use", "SubnetId": "subnet-1"}, "Groups")
    around = estate(interface)
    answer = around.reach(readable(interface))
    assert answer.reachable is None
    assert "Groups of eni-1 could not be read (x:Get: AccessDenied)" in answer.unknowns
    assert around.reach(interface) is answer


def test_reach_of_what_nothing_leads_to_is_known_with_nothing_else_recorded() -> None:
    private = seen("AWS::RDS::DBInstance", "db-1", {"PubliclyAccessible": False, "Endpoint": {"Port": 5432}})
    assert estate(private).reach(private).reachable is False
