"""A function's own address without authorisation answers whoever finds it."""

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "lambda-url-without-auth",
    title="Lambda function has an address without authorisation",
    applies_to="AWS::Lambda::Function",
    severity=Severity.HIGH,
    remedy="Set the address's AuthType to AWS_IAM, or put the function behind API Gateway or CloudFront; justify "
    "public webhooks.",
    references=("https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",),
    not_reported="Whether the function checks callers by itself: that is not visible from outside.",
)
def lambda_url_without_auth(function: Revision, estate: Estate) -> Iterator[Violation]:
    yield from _open(function.configuration.get("UrlConfig"), "")
    for alias in function.configuration.get("Aliases") or ():
        yield from _open(alias.get("UrlConfig"), alias.get("Name", ""))


def _open(url: Mapping[str, Any] | None, alias: str) -> Iterator[Violation]:
    if url and url.get("AuthType") == "NONE":
        of = f" of the alias {alias}" if alias else ""
        address = url.get("FunctionUrl", "The address")
        yield Violation(f"{address}{of} asks for no authorisation", alias, {"AuthType": "NONE", "alias": alias})
