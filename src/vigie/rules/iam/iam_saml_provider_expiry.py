"""When the metadata of an identity provider ends, nobody signs in any more, and someone will open a back door in
haste.
"""

from collections.abc import Iterator

from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.certificates import expiry
from vigie.rules.times import when


@rule(
    "iam-saml-provider-expiry",
    title="Metadata of the SAML provider ends",
    applies_to="AWS::IAM::SAMLProvider",
    severity=Severity.MEDIUM,
    remedy="Fetch new metadata from the identity provider and update the SAML provider.",
    references=("https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetSAMLProvider.html",),
    not_reported="Metadata that names no end.",
)
def iam_saml_provider_expiry(
    provider: Revision, estate: Estate, *, soon_days: int = 30, later_days: int = 60
) -> Iterator[Violation | LookAgain]:
    ends = (provider.configuration.get("Provider") or {}).get("ValidUntil") or provider.configuration.get("ValidUntil")
    if ends:
        yield from expiry(when(ends), estate.now, soon_days=soon_days, later_days=later_days, what="The metadata")
