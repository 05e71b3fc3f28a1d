"""The audit log: who changed what, when, from what to what."""

from __future__ import annotations

from flask import Blueprint, abort, request

from callrouter.directory import audit
from callrouter.errors import RuleError
from callrouter.web.audit_words import field
from callrouter.web.format import NOUNS
from callrouter.web.forms import Answer, answer
from callrouter.web.paging import CursorPager, cursor
from callrouter.web.parts import reading
from callrouter.web.roles import allow
from callrouter.web.security import viewer

pages = Blueprint("audit", __name__, url_prefix="/audit")


def _filter(name: str) -> str:
    return request.args.get(name, "").strip()[:120]


@pages.get("")
@allow("admin")
def index() -> Answer:
    """The list, the latest first; by kind, by its name, by who did it."""
    filters = {name: _filter(name) for name in ("noun", "key", "actor")}
    actor = filters["actor"]
    if actor and ":" not in actor and actor != "system":
        actor = f"web:{actor}"
    with reading() as session:
        try:
            noun, key = filters["noun"], filters["key"]
            found = audit.listed(session, noun=noun, key=key, actor=actor, before=cursor(), viewer=viewer())
        except RuleError:  # a cursor that is none
            abort(404)
    return answer(
        "audit/index.html", changes=found.rows, nouns=NOUNS, filters=filters, pager=CursorPager.of(found), field=field
    )
