"""All routes of the API on one blueprint, and the document about them."""

from __future__ import annotations

import json
from functools import cache

from flask import Blueprint, Response

from callrouter.web.api import cases, company, numbers, people, phonebook, records, serve
from callrouter.web.api.openapi import describe
from callrouter.web.roles import allow
from callrouter.web.security import csrf

#: One a noun, in the order of the document.
NOUNS = (
    people.employee_routes,
    people.device_routes,
    people.mailbox_routes,
    people.pool_routes,
    numbers.number_routes,
    numbers.block_routes,
    company.schedule_routes,
    numbers.blocked_routes,
    phonebook.contact_routes,
    company.trunk_routes,
    company.company_routes,
    records.call_routes,
    records.message_routes,
    cases.case_routes,
    company.system_routes,
)


@cache
def _document() -> str:
    return json.dumps(describe(NOUNS), ensure_ascii=False)


def create_api() -> Blueprint:
    """The blueprint; tokens take the place of cookies there, so no form of another site can use one."""
    pages = Blueprint("api", __name__, url_prefix=serve.PREFIX)

    @pages.get("/openapi.json")
    @allow("anyone")
    def openapi() -> Response:
        return Response(_document(), content_type="application/json")

    for noun in NOUNS:
        for route in noun.all:
            serve.add(pages, route)
    csrf.exempt(pages)
    return pages
