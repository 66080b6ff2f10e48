"""The credential report: made, waited for, and read as values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from vigie.catalogue.hooks import REPORT_ATTEMPTS, ReportNotReadyError, credential_report
from vigie.model.scope import Scope

SCOPE = Scope("111122223333", "global", "AWS::IAM::CredentialReport")
REPORT = b"""user,arn,password_enabled,mfa_active,access_key_1_last_rotated,password_last_used
<root_account>,arn:aws:iam::111122223333:root,not_supported,false,N/A,2025-01-01T00:00:00+00:00
alice,arn:aws:iam::111122223333:user/alice,TRUE,true,2024-05-06T07:08:09+00:00,no_information
"""


class ScriptedCall:
    """Answers GetCredentialReport from a script: error codes, then the report."""

    def __init__(self, *codes: str) -> None:
        self.codes = list(codes)
        self.called: list[str] = []
        self.waited = 0.0

    def __call__(self, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        self.called.append(operation)
        return {"Content": REPORT} if operation == "iam:GetCredentialReport" else {"State": "STARTED"}

    def unless(self, codes: Collection[str], operation: str, /, **parameters: Any) -> Mapping[str, Any] | None:
        code = self.codes.pop(0) if self.codes else None
        if code is None:
            return self(operation)
        self.called.append(operation)
        if code not in codes:
            raise LookupError(code)
        return None

    def wait(self, seconds: float) -> None:
        self.waited += seconds


def test_a_report_that_is_there_is_read_with_one_call() -> None:
    caller = ScriptedCall()
    root, alice = credential_report(caller, SCOPE)
    assert caller.called == ["iam:GetCredentialReport"]
    assert root["user"] == "<root_account>"
    assert (root["password_enabled"], root["mfa_active"], root["access_key_1_last_rotated"]) == (None, False, None)
    assert (alice["password_enabled"], alice["mfa_active"], alice["password_last_used"]) == (True, True, None)
    assert alice["access_key_1_last_rotated"] == "2024-05-06T07:08:09+00:00"


@pytest.mark.parametrize("code", ["ReportNotPresent", "ReportExpired", "ReportInProgress"])
def test_a_report_that_is_not_there_is_made_and_waited_for(code: str) -> None:
    caller = ScriptedCall(code, "ReportInProgress")
    assert len(list(credential_report(caller, SCOPE))) == 2
    assert caller.called.count("iam:GenerateCredentialReport") == 2
    assert caller.waited > 0


def test_another_failure_is_not_taken_for_a_report_that_is_not_ready() -> None:
    with pytest.raises(LookupError, match="AccessDenied"):
        list(credential_report(ScriptedCall("AccessDenied"), SCOPE))


def test_a_report_that_never_comes_ends_the_look() -> None:
    with pytest.raises(ReportNotReadyError):
        list(credential_report(ScriptedCall(*["ReportInProgress"] * REPORT_ATTEMPTS), SCOPE))
