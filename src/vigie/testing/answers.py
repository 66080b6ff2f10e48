"""What the endpoint answers: scripted by a test, else generated from the output shape; and how a long answer is
cut into pages."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from vigie.testing import generate
from vigie.testing.realism import GLOBAL_SERVICES
from vigie.testing.wire import models
from vigie.testing.wire.replies import Error
from vigie.testing.wire.requests import Call, Request

_TOKEN = re.compile(r"vigie-page-(\d+)-from-(\d+)")


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one listing, given one by one; the endpoint adds the tokens."""

    pages: Sequence[Mapping[str, Any]]


Answer = Mapping[str, Any] | Error | Pages
Scripted = Answer | Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class _Script:
    service: str
    operation: str
    account: str
    region: str
    answers: tuple[Scripted, ...]
    when: Mapping[str, Any]

    def holds(self, call: Call) -> bool:
        return (
            self.service == call.service
            and fnmatchcase(call.operation, self.operation)
            and fnmatchcase(call.account, self.account)
            and fnmatchcase(call.region, self.region)
            and all(call.parameters.get(name) == value for name, value in self.when.items())
        )


@dataclass(frozen=True, slots=True)
class Narrow:
    """A parameter with which a listing tells only of the things it names (``VpcIds``, a ``Prefix``)."""

    parameter: str
    results: str
    """The member of the answer that holds the list."""
    member: str
    """Of each thing listed: what the parameter names."""
    inside: str | None = None
    """The list one level deeper, where that holds the things (``Reservations`` → ``Instances``)."""
    not_found: str | None = None
    """The error where nothing of that name exists; None = an empty list."""

    def of(self, call: Call, whole: Answer) -> Answer:
        if not isinstance(whole, Mapping):
            return whole
        asked = call.parameters[self.parameter]
        wanted = set(asked) if isinstance(asked, list) else {asked}
        found = [self._inner(one, wanted) for one in whole[self.results]] if self.inside else whole[self.results]
        kept = [one for one in found if (one[self.inside] if self.inside else self._is_wanted(one, wanted))]
        if not kept and self.not_found:
            return Error(self.not_found, f"{self.parameter}: {', '.join(sorted(wanted))} does not exist")
        return {**whole, self.results: kept}

    def _inner(self, around: Mapping[str, Any], wanted: set[str]) -> dict[str, Any]:
        inside = str(self.inside)
        return {**around, inside: [one for one in around[inside] if self._is_wanted(one, wanted)]}

    def _is_wanted(self, one: Mapping[str, Any], wanted: set[str]) -> bool:
        value = str(one.get(self.member))
        return any(value.startswith(name) for name in wanted) if self.parameter == "Prefix" else value in wanted


class Answers:
    """Answers of one AWS. Thread-safe; the same call gets the same answer until a test changes it.

    ``page_size``: the longest page, whatever the call asks for; None = as long as it asks.
    """

    def __init__(
        self,
        wishes: generate.Wishes | None = None,
        *,
        page_size: int | None = 2,
        narrows: Mapping[tuple[str, str], Narrow] | None = None,
    ) -> None:
        self.wishes = wishes or generate.Wishes()
        self.narrows = narrows or {}
        """(service, operation) → how its listing is narrowed."""
        self.page_size = page_size
        self.reshape: Callable[[Call, dict[str, Any]], dict[str, Any]] | None = None
        """Changes every whole answer, a copy, before it is cut into pages (shuffles its lists, say)."""
        self._lock = threading.RLock()
        self._scripts: list[_Script] = []
        self._used: dict[tuple[int, str], int] = {}
        self._generated: dict[str, dict[str, Any]] = {}

    def script(
        self, service: str, operation: str, *answers: Scripted, account: str = "*", region: str = "*", **when: Any
    ) -> None:
        """Answer calls of an operation (a pattern such as ``"Get*"`` is allowed) so; the newest script that holds wins.

        Several answers are given one after the other (to page runs, not to pages), the last one for ever. ``when``
        narrows to
        calls with these parameters.
        """
        with self._lock:
            self._scripts.insert(0, _Script(service, operation, account, region, tuple(answers), when))

    def generated(
        self, service: str, operation: str, *, account: str, region: str, **parameters: Any
    ) -> dict[str, Any]:
        """The whole answer of a call that is not scripted, to be changed in place by a test: later calls see the
        change."""
        return self.of(Call(service, operation, parameters, region, access_key="", account=account))

    def of(self, call: Call) -> dict[str, Any]:
        """The same, for a call that came: ``aws.answers.of(aws.called("kms:ListKeys")[0])``."""
        return self._generate(call)

    def whole(self, call: Call) -> Answer:
        """What is answered to a call, all pages in one (or given as Pages)."""
        narrow = self.narrows.get((call.service, call.operation))
        if narrow is None or narrow.parameter not in call.parameters:
            return self._whole(call)
        others = {name: value for name, value in call.parameters.items() if name != narrow.parameter}
        return narrow.of(call, self._whole(replace(call, parameters=others)))

    def _whole(self, call: Call) -> Answer:
        with self._lock:
            for number, script in enumerate(self._scripts):
                if script.holds(call):
                    return self._scripted(call, script, len(self._scripts) - number)
        return self._generate(call)

    def _scripted(self, call: Call, script: _Script, number: int) -> Answer:
        run = (number, _identity(call) if len(script.answers) > 1 else "")
        if call.page == 1:
            self._used[run] = self._used.get(run, 0) + 1
        place = min(self._used.get(run, 1), len(script.answers)) - 1
        chosen = script.answers[place]
        return chosen(call) if callable(chosen) else chosen

    def _generate(self, call: Call) -> dict[str, Any]:
        key = _identity(call)
        with self._lock:
            if key not in self._generated:
                self._generated[key] = generate.answer(call, self.wishes)
            return self._generated[key]

    def page(self, call: Call) -> dict[str, Any] | Error:
        """The page that a call asks for, with its token where more follow. A copy: faults may change it."""
        whole = self.whole(call)
        if isinstance(whole, Error):
            return whole
        if isinstance(whole, Pages):
            return _page_given(call, whole)
        with self._lock:
            whole = dict(whole) if self.reshape is None else self.reshape(call, deepcopy(dict(whole)))
            return cut(call, whole, self.page_size)


def _identity(call: Call) -> str:
    paging = call.paging
    left_out = {*paging.input_tokens, paging.limit} if paging else set()
    asked = {name: value for name, value in call.parameters.items() if name not in left_out}
    region = "" if call.service in GLOBAL_SERVICES else call.region
    return json.dumps([call.account, region, call.name, asked], sort_keys=True, default=str)


# pages


def token(page: int, start: int) -> str:
    """The token of a page: the ``page``th of the run, which begins with the ``start``th thing."""
    return f"vigie-page-{page:04d}-from-{start:06d}"


def position(service: str, operation: str, parameters: Mapping[str, Any]) -> tuple[int, int]:
    """(page, start) that a request asks for; (1, 0) without a token."""
    paging = models.paging(service, operation)
    for name in paging.input_tokens if paging else ():
        found = _TOKEN.fullmatch(str(parameters.get(name, "")))
        if found:
            return int(found.group(1)), int(found.group(2))
    return 1, 0


def cut(call: Call, whole: Mapping[str, Any], longest: int | None) -> dict[str, Any]:
    """One page of a whole answer."""
    paging = call.paging
    if paging is None or (paging.only_with and paging.only_with not in call.parameters):
        return deepcopy(dict(whole))
    page, start = position(call.service, call.operation, call.parameters)
    size = _size(call, paging, longest)
    found = dict(whole)
    left = 0
    for result in paging.results:
        content = lookup(found, result)
        if isinstance(content, list | Mapping):
            left = max(left, len(content) - start - size)
            found = _with(found, result, _slice(content, start, start + size))
    return deepcopy(with_token(call, found, token(page + 1, start + size) if left > 0 else None))


def _slice(content: list[Any] | Mapping[str, Any], start: int, end: int) -> Any:
    return content[start:end] if isinstance(content, list) else dict(list(content.items())[start:end])


def _size(call: Call, paging: models.Paging, longest: int | None) -> int:
    asked = call.parameters.get(paging.limit) if paging.limit else None
    sizes = [int(size) for size in (asked, longest) if size is not None]
    return min(sizes) if sizes else 1_000


def _page_given(call: Call, given: Pages) -> dict[str, Any]:
    page = min(call.page, len(given.pages))
    content = deepcopy(dict(given.pages[page - 1]))
    return with_token(call, content, token(page + 1, page) if page < len(given.pages) else None)


def with_token(call: Call, answer: Mapping[str, Any], following: str | None) -> dict[str, Any]:
    """The answer with the token of the page that follows; None = it is the last."""
    found = dict(answer)
    paging = call.paging
    if paging is None:
        return found
    for name in paging.output_tokens:
        if following is not None:
            found = _with(found, name, following)
        else:
            found.pop(name, None)
    return _with(found, paging.more, following is not None) if paging.more else found


def lookup(answer: Mapping[str, Any], path: str) -> Any:
    """The value at ``a.b``, or None."""
    found: Any = answer
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def _with(answer: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    name, _, rest = path.partition(".")
    inner = answer.get(name)
    return {**answer, name: _with(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value}


def replaced(answer: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The answer with another value at ``a.b``."""
    return _with(answer, path, value)


def asked(service: str, operation: str, **parameters: Any) -> Call:
    """A call as it would come, for looking at answers without a client."""
    return Call(service, operation, parameters, "eu-west-1", "", "111111111111", request=Request("POST", "/", {}))
