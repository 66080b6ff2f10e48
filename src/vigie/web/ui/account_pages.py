"""Accounts: own ones, third parties."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from vigie.history.users import Permission
from vigie.model.account import Account, Relation
from vigie.model.queries import ResourceFilter
from vigie.web.auth.guard import ActingPerson, Person, WebOf, need
from vigie.web.auth.identity import Identity
from vigie.web.config import Web
from vigie.web.reading import account_names, open_by
from vigie.web.ui.forms import form_text
from vigie.web.ui.rendering import render

router = APIRouter(prefix="/accounts", include_in_schema=False)
_ID: Final = re.compile(r"[0-9]{12}")
_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,576}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AccountRow:
    id: str
    name: str
    relation: str
    watched: bool
    role_arn: str | None
    reason: str | None
    resources: int
    open: int


@router.get("")
def list_accounts(request: Request, web: WebOf, identity: Person) -> Response:
    return _page(request, web, identity)


def _page(
    request: Request, web: Web, identity: Identity, problem: str | None = None, form: dict[str, str] | None = None
) -> Response:
    values: dict[str, Any] = {"problem": problem, "form": form or {}}
    return render(
        request,
        "accounts.html",
        identity,
        status=422 if problem else 200,
        rows=_rows(web),
        names=account_names(web),
        may_administer=identity.may(Permission.ADMIN),
        **values,
    )


def _rows(web: Web) -> list[AccountRow]:
    known = {account.id: account for account in web.accounts()}
    resources = web.history.archive.facets(ResourceFilter()).accounts
    found = open_by(web, "account")
    # what was swept, but is in no list, is the account of the ambient credentials
    ids = set(known) | set(resources)
    return [_row(known.get(id, Account(id)), resources.get(id, 0), found.get(id, 0)) for id in sorted(ids)]


def _row(account: Account, resources: int, found: int) -> AccountRow:
    return AccountRow(
        id=account.id,
        name=account.name or account.id,
        relation=account.relation.value,
        watched=account.watched,
        role_arn=account.role_arn,
        reason=account.reason,
        resources=resources,
        open=found,
    )


@router.post("")
async def put_account(request: Request, web: WebOf, identity: ActingPerson) -> Response:
    need(identity, Permission.ADMIN)
    form = await request.form()
    names = ("id", "name", "relation", "role_arn", "external_id", "reason", "watched")
    texts = {name: form_text(form, name, 2048) for name in names}
    return await run_in_threadpool(_put, request, web, identity, texts)


def _put(request: Request, web: Web, identity: Identity, texts: dict[str, str]) -> Response:
    problem = _problem(texts)
    if problem:
        return _page(request, web, identity, problem, texts)
    before = web.history.accounts.get(texts["id"]) or Account(texts["id"])
    web.history.accounts.put(_account(before, texts), web.clock())
    return RedirectResponse("/accounts", 303)


def _problem(texts: dict[str, str]) -> str | None:
    if not _ID.fullmatch(texts["id"]):
        return "An account id has 12 digits."
    if texts["relation"] not in (Relation.OWN, Relation.THIRD_PARTY):
        return "An account is own, or a third party's."
    if texts["role_arn"] and not _ROLE.fullmatch(texts["role_arn"]):
        return "That is not the ARN of a role: write one like arn:aws:iam::111122223333:role/vigie."
    if texts["relation"] == Relation.THIRD_PARTY and not texts["reason"]:
        return "Say why the third party is trusted."
    return None


def _account(before: Account, texts: dict[str, str]) -> Account:
    """What the form says, over what was known; an external id that is left empty stays as it was."""
    return Account(
        id=before.id,
        name=texts["name"] or before.name,
        relation=Relation(texts["relation"]),
        watched=texts["watched"] == "yes" and texts["relation"] == Relation.OWN,
        partition=before.partition,
        role_arn=texts["role_arn"] or before.role_arn,
        external_id=texts["external_id"] or before.external_id,
        regions=before.regions,
        reason=texts["reason"] or before.reason,
        canonical_ids=before.canonical_ids,
    )
