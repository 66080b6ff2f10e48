"""Every type of the catalogue does what its declaration says, against answers generated from AWS's own output
shapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from vigie.catalogue.declaration import TypeDeclaration
from vigie.catalogue.expression import Expression
from vigie.catalogue.loader import Catalogue, load
from vigie.model.treatment import Treatment
from vigie.testing.conformance import answers_for, check
from vigie.testing.endpoint import ACCOUNT, Endpoint
from vigie.testing.observatory import HOME, Observatory

CATALOGUE = load()
NEVER_ASKED = {"AWS::S3::Bucket": {"Location"}}
"""Details that are read only where the listing lacks something that it has today; each has a test of its own below."""


def observatory(catalogue: Catalogue) -> Observatory:
    return Observatory(Endpoint(answers_for(catalogue.types.values())), catalogue=catalogue)


@pytest.fixture(scope="module")
def here() -> Iterator[Observatory]:
    with observatory(CATALOGUE) as found:
        yield found


@pytest.mark.parametrize("type", CATALOGUE.types)
def test_a_type_is_read_whole_paged_tagged_and_the_same_again_with_its_lists_shuffled(
    here: Observatory, type: str
) -> None:
    found = check(here, type)

    assert found.mistakes == ()
    assert found.never_filled == NEVER_ASKED.get(type, set())


def test_a_bucket_whose_listing_does_not_say_its_region_is_asked_for_it() -> None:
    with observatory(CATALOGUE) as here:
        listed = here.aws.answers.generated("s3", "ListBuckets", account=ACCOUNT, region=HOME)
        regions = {bucket["Name"]: bucket.pop("BucketRegion") for bucket in listed["Buckets"]}

        found = check(here, "AWS::S3::Bucket")

        assert found.mistakes == ()
        assert found.never_filled == frozenset()
        assert found.reading is not None
        assert {one.resource.id: one.resource.region for one in found.reading.observations} == regions


def test_secrets_of_generated_answers_are_not_in_what_was_read() -> None:
    with observatory(CATALOGUE) as here:
        found = check(here, "AWS::Lambda::Function").reading
        assert found is not None
        for function in found.observations:
            variables = function.configuration["Environment"]["Variables"]
            assert variables
            assert all(value.startswith("redacted:") for value in variables.values())


# the check itself: a declaration that is wrong is told


def with_one(type: str, **changes: object) -> Catalogue:
    wrong: TypeDeclaration = replace(CATALOGUE.types[type], **changes)  # type: ignore[arg-type]
    return Catalogue({**CATALOGUE.types, type: wrong})


def mistakes_of(catalogue: Catalogue, type: str) -> str:
    with observatory(catalogue) as here:
        return "\n".join(check(here, type).mistakes)


def test_an_arn_that_is_not_in_the_answer_is_told() -> None:
    wrong = with_one("AWS::KMS::Key", arn=Expression("Arn"))
    assert "has no ARN: Arn gives None" in mistakes_of(wrong, "AWS::KMS::Key")


def test_a_listing_that_reads_another_member_is_told() -> None:
    listing = CATALOGUE.types["AWS::KMS::Key"].listing
    assert listing is not None
    wrong = with_one("AWS::KMS::Key", listing=replace(listing, items=Expression("Kees")))
    assert "MissingMember" in mistakes_of(wrong, "AWS::KMS::Key")


def test_a_detail_that_takes_nothing_is_told() -> None:
    details = CATALOGUE.types["AWS::KMS::Key"].details
    wrong = with_one("AWS::KMS::Key", details=tuple(replace(one, take=Expression("Nothing")) for one in details))
    assert "failed: MissingMember" in mistakes_of(wrong, "AWS::KMS::Key")


def test_a_list_wrongly_declared_ordered_is_told() -> None:
    # shuffled all the same, as its name is not the one that the check spares
    wrong = with_one("AWS::EC2::SecurityGroup", treatment=Treatment(ordered=("*",)))
    assert "another digest" in mistakes_of(wrong, "AWS::EC2::SecurityGroup")


def test_tags_that_are_read_from_elsewhere_are_told() -> None:
    tags = CATALOGUE.types["AWS::RDS::DBInstance"].tags
    assert tags is not None
    wrong = with_one("AWS::RDS::DBInstance", tags=replace(tags, inline=Expression("Tags")))
    assert "Tags is empty" in mistakes_of(wrong, "AWS::RDS::DBInstance")
