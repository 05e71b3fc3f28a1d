"""Makes a view of each declared route: reads the request, runs the handler, and writes the answer as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast
from urllib.parse import quote, urlencode

import pydantic_core
from flask import Blueprint, Response, request
from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from callrouter.directory import audit, spelling, store
from callrouter.directory.lists import Page
from callrouter.errors import ConflictError, RuleError, StateError, SwitchError, UnknownError
from callrouter.web import problems
from callrouter.web.api.routes import Created, Given, Route
from callrouter.web.api.shapes import Listing
from callrouter.web.bearer import bearer
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow

PREFIX = "/api/v1"
#: The largest body (bytes): a pool with thousands of numbers fits.
_MOST_BYTES = 1_000_000
#: Never in an answer, but for a new SIP password.
SECRETS = frozenset(("sip_password", "password", "pin"))


def add(blueprint: Blueprint, route: Route) -> None:
    """Serve *route* on *blueprint*, for tokens that have its scopes."""
    adapter = None if route.gives in (None, bytes) else _adapter(route.gives)

    @allow("token", scopes=route.scopes)
    def view(**names: Any) -> Response:
        request.max_content_length = _MOST_BYTES
        if any("\0" in text for text in (request.path, *request.args.keys(), *request.args.values())):
            problems.refuse(400, "The address has a character that nothing here can have (U+0000).")
        body, query = _body(route), _query(route)
        version = _version(route, body)
        with _session(route) as session:
            given = Given(session, body, query, version, parts().clock())
            try:
                result = route.handler(given, **names)
            except ConflictError as error:
                problems.refuse(412, str(error), version=error.version)
            except UnknownError as error:
                problems.refuse(404, _for_programs(str(error)))
            except RuleError as error:
                _refuse_rule(route, error)
            except SwitchError as error:
                problems.refuse(503, str(error), headers={"Retry-After": str(problems.RETRY_SECONDS)})
        return _answer(route, adapter, result, query)

    blueprint.add_url_rule(route.path, route.name, view, methods=[route.method])


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@contextmanager
def _session(route: Route) -> Iterator[Session]:
    if route.access == "write":
        with parts().database.write() as session:
            audit.act_as(session, bearer().actor)
            if route.apply:
                store.hold(session)
            yield session
        if route.apply:
            parts().apply.request()
    elif route.access == "read":
        with reading() as session:
            yield session
    else:
        yield cast(Session, None)


def _body(route: Route) -> BaseModel | None:
    if route.takes is None:
        return None
    if not request.is_json:
        problems.refuse(415, "The body must be JSON, with the header Content-Type: application/json.")
    try:
        told = pydantic_core.from_json(request.get_data(cache=False), allow_inf_nan=False)
    except ValueError as error:
        problems.refuse(400, f"The body is no JSON: {error}.")
    if _has_null(told):
        problems.refuse(422, "The body has a character that nothing here can have (U+0000).")
    return _read(route.takes, told, "The body is not as it must be")


def _has_null(told: Any) -> bool:
    if isinstance(told, dict):
        return any(_has_null(one) for pair in told.items() for one in pair)
    if isinstance(told, list):
        return any(map(_has_null, told))
    return isinstance(told, str) and "\0" in told


def _query(route: Route) -> BaseModel | None:
    asked = request.args.to_dict()
    if route.asks is None:
        if asked:
            problems.refuse(422, f"This address takes no {', '.join(sorted(asked))} in its query.")
        return None
    # A + in a query is a space; nothing that is asked for begins with one.
    asked = {name: re.sub(r"^ (?=\d)", "+", value) for name, value in asked.items()}
    return _read(route.asks, asked, "The query is not as it must be")


def _read(kind: type[BaseModel], told: Any, what: str) -> BaseModel:
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        found = [(".".join(map(str, path)), text) for path, text in spelling.problems(error, told)]
        problems.refuse(422, f"{what}: {'; '.join(text for _, text in found)}", errors=found)


def _version(route: Route, body: BaseModel | None) -> int | None:
    told: int | None = getattr(body, "version", None)
    header = request.headers.get("If-Match", "").strip()
    if route.method == "GET" or header in ("", "*"):
        return told
    match = re.fullmatch(r'"(\d{1,9})"', header)
    if match is None or not route.versioned:
        problems.refuse(400, 'If-Match takes one version as it is in the header ETag, for example "7".')
    return int(match[1])


def _for_programs(text: str) -> str:
    """*text* without the hint at the command line."""
    return re.sub(r"; `callrouter [^`]*` \w+ them$", "", text)


def _refuse_rule(route: Route, error: RuleError) -> None:
    """422 where the body is what is wrong, 409 where the directory, or a case, is not as it would have to be."""
    status = 409 if isinstance(error, StateError) or (route.takes is None and route.asks is None) else 422
    found = [(_field(route, path), _for_programs(text)) for path, text in error.problems]
    problems.refuse(status, _for_programs(str(error)), errors=found)


def _field(route: Route, path: str) -> str:
    """*path* of a service as a place in the body; empty where the body has no such field."""
    if route.part:
        path = path.removeprefix(route.part).removeprefix(".")
    fields = route.takes.model_fields if route.takes else {}
    known = {*fields, *(info.alias for info in fields.values())}
    return path if path.partition(".")[0] in known else ""


def _answer(route: Route, adapter: TypeAdapter[Any] | None, result: Any, query: Any) -> Response:
    if isinstance(result, Response):
        return result
    status, headers = route.status, {}
    if isinstance(result, Created):
        status, headers["Location"] = 201, PREFIX + quote(result.address, safe="/+:")
        result = result.made
    if adapter is None:
        return Response(status=status, headers=headers)
    if isinstance(result, Page):
        result = _listing(route, result, query)
    hidden = SECRETS - {"sip_password"} if route.reveals else SECRETS
    told = _without(adapter.dump_python(result, mode="json", by_alias=True), hidden)
    response = Response(json.dumps(told, ensure_ascii=False), status, headers=headers, content_type="application/json")
    if getattr(result, "version", None) and route.versioned:
        response.set_etag(str(result.version))
    return response


def _listing(route: Route, page: Page[Any], query: Any) -> Listing[Any]:
    following: dict[str, str | int] | None = None
    later = bool(getattr(query, "before", ""))
    if page.next:
        following = {"before": page.next}
    elif hasattr(query, "page") and page.rows and (page.capped or query.page * query.size < page.total):
        following = {"page": query.page + 1}
    link = f"{request.path}?{urlencode({**request.args.to_dict(), **following})}" if following else None
    listing: Listing[Any] = route.gives.model_construct(
        items=page.rows, total=None if later else page.total, capped=page.capped, next=link
    )
    return listing


def _without(part: Any, hidden: Collection[str]) -> Any:
    if isinstance(part, dict):
        return {key: _without(value, hidden) for key, value in part.items() if key not in hidden}
    return [_without(value, hidden) for value in part] if isinstance(part, list) else part
