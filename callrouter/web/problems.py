"""Errors for programs: everything below ``/api/`` that goes wrong is told as problem details (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import NoReturn

from flask import Response, abort, request
from pydantic import BaseModel

CONTENT_TYPE = "application/problem+json"
#: When a program is to try again where the database or FreeSWITCH could not be used (seconds).
RETRY_SECONDS = 5
_PREFIX = "/api/"
_SAID = {
    404: "There is nothing at this address.",
    405: "This address does not take this method; the header Allow has those it takes.",
    413: "The body is too large.",
    500: "Something went wrong that was not foreseen, and nothing was changed.",
    503: "The database cannot be used, or is busy; try again in a moment.",
}


class FieldProblem(BaseModel):
    """One mistake: ``field`` is its place in the body (``mailbox.answer_after``), empty where it is about the whole."""

    field: str
    detail: str


class Problem(BaseModel):
    """What went wrong (RFC 9457): ``status`` as in the answer's first line, ``detail`` for people.

    ``errors`` has each mistake by itself, ``version`` is the record's after a conflict, and ``reference`` leads to the
    entry in callrouter's log.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    version: int | None = None
    reference: str | None = None


def wanted() -> bool:
    """Whether this request gets its errors as problem details and not as pages."""
    return request.path.startswith(_PREFIX)


def answer(
    status: int,
    detail: str = "",
    *,
    errors: Iterable[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    version: int | None = None,
    reference: str | None = None,
) -> Response:
    """The answer that says so; *errors* are fields with what is wrong there."""
    title = HTTPStatus(status).phrase
    problem = Problem(
        title=title,
        status=status,
        detail=detail or _SAID.get(status, title),
        errors=[FieldProblem(field=field, detail=text) for field, text in errors] or None,
        version=version,
        reference=reference,
    )
    body = json.dumps(problem.model_dump(exclude_none=True), ensure_ascii=False)
    return Response(body, status, headers=dict(headers or {}), content_type=CONTENT_TYPE)


def refuse(
    status: int,
    detail: str = "",
    *,
    errors: Iterable[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    version: int | None = None,
) -> NoReturn:
    """End the request with :func:`answer`."""
    abort(answer(status, detail, errors=errors, headers=headers, version=version))
