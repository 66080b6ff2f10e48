"""Rules: what is judged."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from vigie.web.auth.guard import Person, WebOf
from vigie.web.errors import not_found
from vigie.web.reading import account_names, findings_of_rule, open_by
from vigie.web.ui.rendering import render

router = APIRouter(prefix="/rules", include_in_schema=False)


@router.get("")
def list_rules(request: Request, web: WebOf, identity: Person) -> Response:
    rules = sorted(web.rules(), key=lambda rule: (-rule.severity.rank, rule.id))
    return render(request, "rules.html", identity, rules=rules, open=open_by(web, "rule"))


@router.get("/{rule_id}")
def show_rule(request: Request, web: WebOf, identity: Person, rule_id: str) -> Response:
    for rule in web.rules():
        if rule.id == rule_id:
            page = findings_of_rule(web, rule_id)
            return render(request, "rule.html", identity, rule=rule, page=page, names=account_names(web))
    raise not_found("rule")
