"""Make a compression dictionary for configurations: ``python scripts/train_dictionary.py NUMBER``.

The samples are what the engine reads, by the catalogue's own declarations, from answers that are generated out of AWS's
output shapes (vigie.testing): no customer's configuration, and nothing that is not in this repository. Write a new
number when the catalogue has grown much; never train an old number again, for stores hold what it compressed.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import zstandard

from vigie.model.canonical import canonical_bytes
from vigie.testing.answers import Answers
from vigie.testing.conformance import wishes_for
from vigie.testing.observatory import Observatory

SIZE = 48 * 1024
ACCOUNTS = ("111122223333", "444455556666", "777788889999")
REGIONS = ("eu-west-1", "us-east-1", "ap-southeast-2")
MOST_OF_A_TYPE = 40
"""So that no type crowds out another."""
FOLDER = Path(__file__).parent.parent / "src" / "vigie" / "history" / "dictionaries"


def samples() -> Iterator[bytes]:
    with Observatory() as here:
        here.renew(Answers(wishes_for(here.catalogue.types.values())))
        for type in here.catalogue.types:
            found = [
                canonical_bytes(observation.configuration)
                for account in ACCOUNTS
                for region in REGIONS
                for observation in here.look(type, account=account, region=region).reading.observations
            ]
            yield from sorted(set(found))[:MOST_OF_A_TYPE]


def main(number: int) -> None:
    path = FOLDER / f"{number}.zdict"
    if path.exists():
        sys.exit(f"{path} exists, and stores may hold what it compressed: take another number")
    read: list[bytes | bytearray | memoryview] = list(samples())
    random.Random(number).shuffle(read)  # noqa: S311  # the trainer weighs neighbours: types are to be mixed, alike each time
    trained = zstandard.train_dictionary(SIZE, read, dict_id=number, level=3)
    path.write_bytes(trained.as_bytes())
    compressor = zstandard.ZstdCompressor(level=3, dict_data=trained)
    before, after = sum(map(len, read)), sum(len(compressor.compress(sample)) for sample in read)
    print(f"{path.name}: {len(read)} samples, {before:,} bytes → {after:,}")  # noqa: T201
    print(f"sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
