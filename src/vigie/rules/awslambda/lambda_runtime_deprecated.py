"""A runtime past its end gets no security fixes any more, and soon its functions cannot be changed either."""

from collections.abc import Iterator

from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.tables import rows
from vigie.rules.times import days, midnight


@rule(
    "lambda-runtime-deprecated",
    title="Lambda function uses a runtime without security fixes",
    applies_to="AWS::Lambda::Function",
    severity=Severity.MEDIUM,
    remedy="Move the function to the current version of its language.",
    references=("https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",),
    not_reported="Functions from container images: their runtime is in the image. Runtimes that the table does "
    "not know are taken for newer than it. "
    "A runtime that ends within warn_days weighs low.",
)
def lambda_runtime_deprecated(
    function: Revision, estate: Estate, *, warn_days: int = 90
) -> Iterator[Violation | LookAgain]:
    runtime = function.configuration.get("Runtime")
    day = rows("lambda_runtimes").get(runtime or "")
    if day is None or function.configuration.get("PackageType") == "Image":
        return
    end, evidence = midnight(day), {"Runtime": runtime, "end": day}
    if end <= estate.now:
        yield Violation(f"{runtime} has had no fixes since {day}", evidence=evidence | {"ended": True})
        return
    yield LookAgain(end)
    if end <= estate.now + days(warn_days):
        yield Violation(f"{runtime} gets no fixes after {day}", evidence=evidence, severity=Severity.LOW)
    else:
        yield LookAgain(end - days(warn_days))
