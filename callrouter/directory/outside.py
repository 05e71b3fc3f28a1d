"""Numbers in the public network where calls are to go on: how people write them, and who may call them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from callrouter.directory import services
from callrouter.directory.digits import digits_of
from callrouter.errors import RuleError, say
from callrouter.routing import outgoing
from callrouter.routing.numbers import clean_number
from callrouter.routing.outgoing import Destination


def written(
    session: Session, who: str, destinations: Sequence[Destination] | None, part: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """*values* with each number in E.164; *who* may call *destinations* (None: those of the company).

    Raises RuleError (its field is *part* and the value's name) for a number that cannot or may not be called.
    """
    found = dict(values)
    for field, text in values.items():
        if isinstance(text, str) and text[:1] in set("+0123456789"):
            found[field] = _number(session, who, destinations, f"{part}.{field}", text)
    return found


def _number(session: Session, who: str, destinations: Sequence[Destination] | None, field: str, text: str) -> str:
    company, _version = services.company(session)
    digits = digits_of(company)
    meant = outgoing.read(clean_number(text) or "", digits)
    if meant is None or not meant.number.startswith("+"):
        said = say("%(number)s is no number that can be called; write it with the area code", number=text)
        raise RuleError(said, [(field, said)])
    if meant.kind not in company.limits.allowed(destinations):
        said = say("%(who)s may not call %(number)s, so nothing can be forwarded there", who=who, number=text)
        raise RuleError(said, [(field, said)])
    return meant.number
