"""A part of the document changed in some of its fields: how forms and commands make the record they save."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError

from callrouter.directory import document, spelling
from callrouter.errors import RuleError

_T = TypeVar("_T", bound=document.Part)


def made(kind: type[_T], /, **values: Any) -> _T:
    """A new part of *kind* from *values*, checked; raises RuleError with every mistake and its field."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        told = [(".".join(map(str, path)), text) for path, text in spelling.problems(error, values)]
        raise RuleError("\n".join(text for _, text in told), told) from error


def revised(part: _T, /, **values: Any) -> _T:
    """*part* with *values* in place of what it has, checked anew; raises as :func:`made` does."""
    return made(type(part), **(part.model_dump(by_alias=True) | values))
