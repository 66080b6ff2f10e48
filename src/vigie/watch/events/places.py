"""Where an event names a resource. CloudTrail writes what the API calls ``InstanceIds`` in many ways:
``instanceIds: […]``, ``instancesSet: {"items": [{"instanceId": …}]}``, ``FlowLogId: {"tag": 1, "content": …}``,
``dBInstanceIdentifier``; and newer calls of EC2 inside one more object (``CreateNatGatewayRequest``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vigie.watch.events.values import mapping, text

_LISTS: Final = ("items", "item", "member", "entry")
_WRAPPERS: Final = ("request", "response", "result", "input", "output")
Members = Mapping[str, Any]
"""Keys in lower case."""


def members(value: Any, event: str = "") -> Members:
    """The members of a request or an answer, out of the one object around them, by their names in lower case."""
    found = {key.lower(): each for key, each in mapping(value).items() if isinstance(key, str)}
    around = [key for key in found if key.endswith(_WRAPPERS) and key.startswith(event.lower()) and event]
    if len(around) == 1 and isinstance(found[around[0]], Mapping):
        inner = {key.lower(): each for key, each in found[around[0]].items() if isinstance(key, str)}
        return {**found, **inner}
    return found


def named(request: Members, name: str) -> list[str]:
    """The texts under a name: directly, in a list, or in a list of objects that bear it."""
    base = _singular(name)
    found: list[str] = []
    for key in dict.fromkeys((name, base, base + "s", base + "set", base + "list")):
        if key in request:
            found += _texts(request[key], base)
    if not found:
        for key, value in request.items():
            if key.endswith("set") and isinstance(value, Mapping):
                found += _leaves(value, base)
    return list(dict.fromkeys(found))


def _singular(name: str) -> str:
    for ending in ("set", "list"):
        if name.endswith(ending) and len(name) > len(ending) + 2:
            return name.removesuffix(ending)
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "status", "address", "alias")) else name


def _texts(value: Any, name: str) -> list[str]:
    found: list[str] = []
    for each in elements(value):
        if isinstance(each, Mapping):
            found += [word for key, inner in each.items() if _is(key, name) and (word := text(inner))]
        elif (word := text(each)) is not None:
            found.append(word)
    return found


def _leaves(value: Mapping[str, Any], name: str) -> list[str]:
    """Of a set of objects, what each has under the name itself, and nothing below it: that are references."""
    return [
        word
        for each in elements(value)
        if isinstance(each, Mapping)
        for key, inner in each.items()
        if _is(key, name) and (word := text(inner))
    ]


def _is(key: Any, name: str) -> bool:
    return isinstance(key, str) and key.lower() == name


def elements(value: Any) -> Iterator[Any]:
    """The elements of a list, in all the ways in which an XML list becomes JSON; of anything else, itself."""
    if isinstance(value, list):
        for each in value:
            yield from elements(each)
    elif isinstance(value, Mapping):
        for name in _LISTS:
            if name in value and len(value) <= 2:
                yield from elements(value[name])
                return
        if "content" in value and len(value) <= 2:
            yield value["content"]
        else:
            yield value
    elif value is not None:
        yield value


def at(answer: Members, path: str) -> list[str]:
    """The texts at a path (``vpc.vpcid``, ``instancesset.instanceid``). The outermost object may lack: RDS answers
    with what others would put into one."""
    steps = path.split(".")
    found = _at(answer, steps)
    if not found and len(steps) == 1:
        return named(answer, steps[0])
    return found or (_at(answer, steps[1:]) if len(steps) > 1 else [])


def _at(value: Any, steps: list[str]) -> list[str]:
    level: list[Any] = [value]
    for step in steps:
        base = _singular(step)
        level = [
            inner
            for outer in level
            for each in elements(outer)
            if isinstance(each, Mapping)
            for key, inner in each.items()
            if isinstance(key, str) and key.lower() in (step, base, base + "s", base + "set")
        ]
    return [word for each in level for inner in elements(each) if (word := text(inner)) is not None]
