"""Known accounts."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints
from starlette.responses import Response

from vigie.model import documents
from vigie.model.account import Account, Relation
from vigie.web.api.answers import OR_MISSING, OR_UNREADABLE, Json
from vigie.web.api.parameters import Strict, Text
from vigie.web.api.schemas import AccountShape, Listing
from vigie.web.auth.guard import Administrator, Reader, WebOf
from vigie.web.errors import not_found

router = APIRouter(prefix="/accounts", tags=["accounts"])
InPath = Annotated[str, Path(pattern=r"^[0-9]{12}$", description="12 digits.")]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,576}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]$")]


class AccountBody(Strict):
    """What is known of an account. It replaces all that was known before, but for an external id that is null."""

    name: Text | None = None
    relation: Literal["own", "third-party"] = "own"
    watched: bool = True
    partition: Literal["aws", "aws-cn", "aws-us-gov"] = "aws"
    role_arn: RoleArn | None = Field(None, description="Role to assume; null: the ambient credentials.")
    external_id: Text | None = Field(None, description="Written, never read back.")
    regions: list[Region] = Field([], max_length=100, description="Empty: all that are enabled.")
    reason: Text | None = Field(None, description="Why a third party is trusted.")

    def account(self, account_id: str, before: Account | None) -> Account:
        return Account(
            id=account_id,
            name=self.name,
            relation=Relation(self.relation),
            watched=self.watched,
            partition=self.partition,
            role_arn=self.role_arn,
            external_id=self.external_id or (before.external_id if before else None),
            regions=tuple(self.regions),
            reason=self.reason,
            canonical_ids=before.canonical_ids if before else (),
        )


@router.get("", response_model=Listing[AccountShape])
def list_accounts(web: WebOf, _: Reader) -> Response:
    """Every known account."""
    return Json(documents.list_document(map(documents.account_document, web.accounts())))


@router.get("/{account_id}", response_model=AccountShape, responses=OR_MISSING)
def get_account(web: WebOf, _: Reader, account_id: InPath) -> Response:
    """One account."""
    account = next((known for known in web.accounts() if known.id == account_id), None)
    if account is None:
        raise not_found("account")
    return Json(documents.account_document(account))


@router.put("/{account_id}", response_model=AccountShape, responses=OR_UNREADABLE)
def put_account(web: WebOf, _: Administrator, account_id: InPath, body: AccountBody) -> Response:
    """Add an account, or label it anew."""
    account = body.account(account_id, web.history.accounts.get(account_id))
    web.history.accounts.put(account, web.clock())
    return Json(documents.account_document(account))


@router.delete("/{account_id}", status_code=204, responses=OR_MISSING)
def delete_account(web: WebOf, _: Administrator, account_id: InPath) -> Response:
    """Forget an account: it is unknown from now on. Its history stays."""
    if web.history.accounts.get(account_id) is None:
        raise not_found("account")
    web.history.accounts.remove(account_id)
    return Response(status_code=204)
