"""Keys that were in use while OpenSSL leaked memory (Heartbleed, until April 2014) must be taken for stolen."""

from collections.abc import Iterator
from datetime import date

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.times import midnight, shown, when

DISCLOSED = date(2014, 4, 7)


@rule(
    "iam-server-certificate-heartbleed",
    title="Server certificate is older than the end of Heartbleed",
    applies_to="AWS::IAM::ServerCertificate",
    severity=Severity.HIGH,
    remedy="Delete it; if it is still in use, replace it with a new key first.",
    references=("https://nvd.nist.gov/vuln/detail/CVE-2014-0160",),
    not_reported="Certificates with an old key that were uploaded after the disclosure: the age of a key is not "
    "visible.",
    predecessor=("iamssl.check_upload_date_for_heartbleed",),
)
def iam_server_certificate_heartbleed(certificate: Revision, estate: Estate) -> Iterator[Violation]:
    uploaded = when(certificate.configuration.get("UploadDate"), "the upload of the certificate")
    if uploaded < midnight(DISCLOSED):
        yield Violation(f"Uploaded on {shown(uploaded)}, before the disclosure", evidence={"UploadDate": uploaded})
