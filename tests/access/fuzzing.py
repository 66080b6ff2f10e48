"""What a fuzzer may throw at the parser and the matcher, made of bytes; run alone, by atheris under coverage.

python tests/access/fuzzing.py -max_total_time=60
"""

from __future__ import annotations

import fnmatch
import importlib
import json
import re
import sys
from typing import Any

OWN = "111111111111"
GITHUB = "token.actions.githubusercontent.com"
TYPES = ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::IAM::Role", "AWS::Lambda::Function", "AWS::SNS::Topic", "AWS::X::Y")
WORDS: tuple[Any, ...] = (
    "Version", "Statement", "Effect", "Allow", "Deny", "Principal", "NotPrincipal", "Action", "NotAction",
    "Resource", "NotResource", "Condition", "Sid", "AWS", "Service", "Federated", "CanonicalUser", "*",
    "2012-10-17", "s3:*", "sts:*", "StringLike", "StringNotEqualsIfExists", "ForAllValues:StringEquals",
    "ForAnyValue:ArnLike", "Null", "Bool", "IpAddress", "NumericLessThan", "DateGreaterThan", "aws:SourceIp",
    "aws:PrincipalArn", "aws:SourceArn", "aws:PrincipalOrgPaths", "aws:userid", "kms:CallerAccount", "s3:prefix",
    "0.0.0.0/1", "::/0", "192.0.2.0/33", OWN, "999999999999", "arn:aws:iam::999999999999:role/*",
    "arn:aws:iam::*:root", "arn:aws:s3:::b/${aws:username}", "${aws:PrincipalAccount, 'x'}", "${*}", "${",
    "o-abc123", "true", "false", "1e400", "-0", "\ud800", f"{GITHUB}:sub", "repo:a/*",
    f"arn:aws:iam::111111111111:oidc-provider/{GITHUB}", "Ref", "Fn::Sub", "Fn::Join", "Fn::If",
    "${AWS::AccountId}", "Policy", "Acl", "Grants", "acl", "public-read", "Owner", True, False, None, 0, 10**20,
    1.5,
)  # fmt: skip


class Choices:
    """Bytes as a row of choices; when they run out, the first is always chosen."""

    def __init__(self, given: bytes) -> None:
        self.left = list(given[::-1])

    def pick(self, number: int) -> int:
        return self.left.pop() % number if self.left else 0

    def word(self) -> Any:
        return WORDS[self.pick(len(WORDS))]

    def value(self, depth: int = 0) -> Any:
        kind = self.pick(6 if depth < 5 else 2)
        if kind < 2:
            return self.word()
        if kind == 2:
            return [self.value(depth + 1) for _ in range(self.pick(4))]
        return {str(self.word()): self.value(depth + 1) for _ in range(self.pick(5))}

    def statement(self) -> dict[str, Any]:
        found = {
            "Effect": ("Allow", "Allow", "Deny")[self.pick(3)],
            ("Principal", "Principal", "NotPrincipal")[self.pick(3)]: ("*", {"AWS": self.value(4)}, self.value(2))[
                self.pick(3)
            ],
            ("Action", "NotAction")[self.pick(2)]: ("*", self.value(4))[self.pick(2)],
            ("Resource", "NotResource")[self.pick(2)]: ("*", self.value(4))[self.pick(2)],
        }
        if self.pick(2):
            found["Condition"] = {str(self.word()): {str(self.word()): self.value(4)} for _ in range(self.pick(4))}
        if self.pick(8) == 1:
            found[str(self.word())] = self.value(3)
        return found

    def glob(self) -> str:
        return "".join("ab:*?/A"[self.pick(7)] for _ in range(self.pick(10)))


def one_input(given: bytes) -> None:
    """Nothing raises, what comes out is JSON, and the matcher says of patterns what a regular expression says."""
    from vigie.access import judge
    from vigie.access.explaining import explanation
    from vigie.access.offered import recorded

    choices = Choices(given)
    kind = choices.pick(8)
    if kind == 0:
        _patterns(choices)
        return
    if kind == 1:
        policy: Any = given[1:].decode("utf-8", "replace")
    elif kind == 2:
        policy = choices.value()
    else:
        policy = {"Version": "2012-10-17", "Statement": [choices.statement() for _ in range(choices.pick(4) + 1)]}
    configuration = choices.value() if choices.pick(4) == 1 else None
    type_ = TYPES[choices.pick(len(TYPES))]
    taken = recorded(type_, policy, configuration if isinstance(configuration, dict) else None)
    access = judge(type_, taken, account=OWN, arn="arn:aws:s3:::b" if choices.pick(2) else None)
    json.dumps(explanation(access, OWN))
    refused = [g for g in access.grants if "second evaluation" in g.why_not_exact]
    assert not refused, refused


def _patterns(choices: Choices) -> None:
    from vigie.access.patterns import apart, covers, glob, matches
    from vigie.access.texts import Texts, common_text

    one, two = choices.glob(), choices.glob()
    text = choices.glob().replace("*", "x").replace("?", "y")
    first, second = matches(glob(one), text), matches(glob(two), text)
    assert first == (re.fullmatch(fnmatch.translate(one), text) is not None), (one, text)
    assert not (covers(glob(one), glob(two)) and second and not first), (one, two, text)
    assert not (apart(glob(one), glob(two)) and first and second), (one, two, text)
    common = common_text([Texts((glob(one),)), Texts((glob(two),), positive=choices.pick(2) == 0)])
    if isinstance(common, str):
        assert matches(glob(one), common), (one, two, common)


def main() -> None:
    atheris: Any = importlib.import_module("atheris")  # has no types

    with atheris.instrument_imports(include=["vigie.access"]):
        import vigie.access.explaining
        import vigie.access.offered  # noqa: F401
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
