"""JMESPath expressions and ARN templates of declarations: compiled at first use, quick for the plain cases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError

_PLAIN: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_ROOTS: Final = re.compile(r"(?<![\w.'\"])(scope|parent)\.")
_FIELD: Final = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call is made: what ``scope.`` means in an expression, and the words of an ARN template."""

    account: str
    region: str
    """The region of the scope (``"global"``), or that of the resource where a template is filled for it."""
    partition: str = "aws"

    def words(self) -> dict[str, str]:
        return {"account": self.account, "region": self.region, "partition": self.partition}


@dataclass(frozen=True)
class Expression:
    """A JMESPath expression over a resource as read so far.

    Beside the members of the resource, ``scope.account``, ``scope.region``, ``scope.partition`` and ``parent.<member>``
    may be used.
    """

    text: str

    @cached_property
    def keys(self) -> tuple[str, ...] | None:
        """The keys of a plain dotted path (``"State.Name"``), which needs no JMESPath; None where it is more."""
        if self.text == "@":
            return ()
        return tuple(self.text.split(".")) if _PLAIN.fullmatch(self.text) else None

    @cached_property
    def wants_context(self) -> bool:
        """Whether it looks at ``scope`` or ``parent``."""
        return _ROOTS.search(self.text) is not None

    def read(self, value: Any, place: Place | None = None, parent: Mapping[str, Any] | None = None) -> Any:
        """The value of the expression over ``value``; None where nothing is there (JMESPath makes no difference)."""
        if self.wants_context:
            value = {**(value or {}), "scope": place.words() if place else {}, "parent": parent or {}}
        if self.keys is None:
            return compiled(self.text).search(value)
        for key in self.keys:
            if not isinstance(value, Mapping):
                return None
            value = value.get(key)
        return value

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Name(Expression):
    """What people call a resource: of an ARN, its last part."""

    def read(self, value: Any, place: Place | None = None, parent: Mapping[str, Any] | None = None) -> Any:
        found = super().read(value, place, parent)
        if isinstance(found, str) and found.startswith("arn:"):
            return re.split("[:/]", found)[-1]
        return found or None


@dataclass(frozen=True)
class Template:
    """A text with fields: ``arn:{partition}:ec2:{region}:{OwnerId}:vpc/{VpcId}``. Fields other than the words of
    ``Place`` are expressions over the resource."""

    text: str

    @cached_property
    def fields(self) -> tuple[Expression, ...]:
        return tuple(Expression(field) for field in _FIELD.findall(self.text))

    def read(self, value: Any, place: Place | None = None, parent: Mapping[str, Any] | None = None) -> str | None:
        """The filled text; None where one of the fields has no value."""
        words = place.words() if place else {}
        filled = self.text
        for field in self.fields:
            found = words[field.text] if field.text in words else field.read(value, place, parent)
            if found is None:
                return None
            filled = filled.replace("{" + field.text + "}", str(found))
        return filled

    def __str__(self) -> str:
        return self.text


@cache
def compiled(text: str) -> Any:
    """The parsed expression. JMESPath's own cache holds only 128."""
    return jmespath.compile(text)


def mistake_in(expression: Expression | Template) -> str | None:
    """Why the expression cannot be parsed, or None where it can."""
    parts = expression.fields if isinstance(expression, Template) else (expression,)
    for part in parts:
        try:
            compiled(part.text)
        except JMESPathError as error:
            return str(error).splitlines()[0]
    return None
