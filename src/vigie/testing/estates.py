"""A realistic estate of one region, answered from memory: to sweep in tests and benchmarks, and to change under
the watcher.

    estate = Estate(catalogue, resources=2_000)
    with Endpoint(estate.answers) as aws: …
    estate.change("AWS::EC2::SecurityGroup", 3, Description="another")
    estate.delete("AWS::SQS::Queue", 0)
    estate.shuffle(seed=7)

From a shell, for a benchmark in a process of its own::

    python -m vigie.testing.estates --resources 2000 --port 8000
"""

from __future__ import annotations

import argparse
import random
import re
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any, Final

from vigie.catalogue.declaration import Call as Declared
from vigie.catalogue.declaration import Reach, TypeDeclaration
from vigie.catalogue.expression import Expression
from vigie.catalogue.loader import Catalogue, load
from vigie.testing.answers import Answers
from vigie.testing.conformance import narrows_for, wishes_for
from vigie.testing.endpoint import ACCOUNT, Endpoint
from vigie.testing.generate import Wishes
from vigie.testing.observatory import HOME, REGION
from vigie.testing.wire.requests import Call

SHARES: Final[Mapping[str, float]] = {
    "AWS::EC2::NetworkInterface": 12,
    "AWS::EC2::Snapshot": 12,
    "AWS::EC2::SecurityGroup": 8,
    "AWS::EC2::Volume": 8,
    "AWS::Logs::LogGroup": 8,
    "AWS::IAM::Role": 8,
    "AWS::EC2::Instance": 6,
    "AWS::Lambda::Function": 5,
    "AWS::S3::Bucket": 4,
    "AWS::IAM::ManagedPolicy": 4,
    "AWS::SQS::Queue": 3,
    "AWS::SNS::Topic": 3,
    "AWS::KMS::Key": 3,
    "AWS::SecretsManager::Secret": 3,
    "AWS::ElasticLoadBalancingV2::TargetGroup": 3,
    "AWS::EC2::Subnet": 3,
    "AWS::DynamoDB::Table": 2,
    "AWS::ECR::Repository": 2,
    "AWS::RDS::DBSnapshot": 2,
    "AWS::IAM::User": 1,
    "AWS::CertificateManager::Certificate": 1,
}
"""How an estate is made up: parts of a hundred, roughly as accounts that run servers are. Other types: a few each."""

_FEW: Final = 3
PAGE_SIZE: Final = 100
"""The longest page. Services' own are between 50 and 1,000."""


class Estate:
    """What there is in one region of one account. Deterministic: the same numbers give the same estate."""

    def __init__(
        self,
        catalogue: Catalogue | None = None,
        *,
        resources: int = 2_000,
        account: str = ACCOUNT,
        region: str = REGION,
        page_size: int = PAGE_SIZE,
    ) -> None:
        """``resources``: about how many; those of the types that are listed one by one are of the size of their
        share."""
        self.catalogue = catalogue or load()
        self.account = account
        self.region = region
        declarations = tuple(self.catalogue.types.values())
        wishes = wishes_for(declarations)
        sized = Wishes(wishes.values, wishes.avoid, size=_FEW, sizes=sizes_for(declarations, resources))
        self.answers = Answers(sized, page_size=page_size, narrows=narrows_for(declarations))

    def listed(self, type: str) -> list[Any]:
        """What the listing of a type holds, in AWS's form: to be changed in place."""
        declaration = self.catalogue.types[type]
        if declaration.listing is None:
            raise LookupError(f"{type} is not listed")
        found: list[Any] = self.answer(declaration.listing.answered_by, declaration)[_member(declaration.listing.items)]
        return found

    def answer(self, declared: Declared, declaration: TypeDeclaration, **parameters: Any) -> dict[str, Any]:
        """The whole answer of a declared call: to be changed in place."""
        region = HOME if declaration.scope is Reach.GLOBAL else self.region
        given = {**declared.args, **parameters}
        return self.answers.of(Call(declared.service, declared.operation, given, region, "", self.account))

    def change(self, type: str, number: int, **members: Any) -> None:
        """Give members of the ``number``th listed thing other values."""
        self.listed(type)[number].update(members)

    def delete(self, type: str, number: int) -> Any:
        """Take the ``number``th listed thing away; gives it, to be put back."""
        return self.listed(type).pop(number)

    def shuffle(self, seed: int) -> None:
        """From now on every list is told in another order; the same one for the same seed."""

        def reordered(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: reordered(content) for name, content in value.items()}
            if not isinstance(value, list):
                return value
            found = [reordered(one) for one in value]
            random.Random(seed + len(found)).shuffle(found)  # noqa: S311 - for a test
            return found

        self.answers.reshape = lambda call, answer: reordered(answer)


def sizes_for(declarations: Sequence[TypeDeclaration], resources: int) -> dict[str, int]:
    """Which lists (``ec2:DescribeVpcs/Vpcs``) hold how much, for an estate of about ``resources``."""
    sizes: dict[str, int] = {}
    for declaration in declarations:
        listing = declaration.listing
        if listing is None or declaration.parent is not None:
            continue
        share = SHARES.get(declaration.type)
        wanted = _FEW if share is None else max(_FEW, round(share * resources / 100))
        inside = 2 if listing.each is not None else 1  # the generator nests two
        sizes[f"{listing.answered_by}/{_member(listing.items)}"] = -(-wanted // inside)
        for join in declaration.joins:
            sizes.setdefault(f"{join.call}/{_member(join.items)}", wanted)
    return sizes


def _member(items: Expression) -> str:
    """The member of the answer that an expression reads: ``Policies[?…]`` reads ``Policies``."""
    return re.split(r"[.\[|]", items.text)[0].strip()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve an estate until told to stop; the first line on standard output is the URL."""
    parser = argparse.ArgumentParser(prog="python -m vigie.testing.estates", description=main.__doc__)
    parser.add_argument("--resources", type=int, default=2_000)
    parser.add_argument("--region", default=REGION)
    parser.add_argument("--port", type=int, default=0, help="0 = a free one")
    options = parser.parse_args(arguments)
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    estate = Estate(resources=options.resources, region=options.region)
    with Endpoint(estate.answers, port=options.port) as aws:
        sys.stdout.write(aws.url + "\n")
        sys.stdout.flush()
        stopping.wait()


if __name__ == "__main__":
    main()
