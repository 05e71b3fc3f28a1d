"""The OpenAPI document of the API, made of the same declarations that its views are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

import callrouter
from callrouter.directory import tokens
from callrouter.web import problems
from callrouter.web.api.routes import Route, Routes
from callrouter.web.api.serve import PREFIX, SECRETS

_ABOUT = """Numbers are E.164, ids are those of the company file. Every request carries a token with the scopes that the
operation names. Times have an offset from UTC. Unknown fields and filters are errors. Passwords and PINs go in and
never come out, but for a new SIP password, once. Answers about a record have its version in the header ETag; a change
with If-Match is refused with 412 when somebody else was faster."""

_SCOPES = {
    "read": "See everything but messages and secrets.",
    "write": "Change things, and begin calls.",
    "messages": "See messages and fetch their sound.",
}
_ERRORS = {
    "400": "The request cannot be read.",
    "401": "There is no token, or it is not good.",
    "403": "The token lacks a scope.",
    "404": "There is no such thing.",
    "409": "The directory, or a case, is not as it would have to be for that; mostly somebody else was faster.",
    "412": "Somebody else changed the record meanwhile; nothing was saved.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "A field is wrong; errors says which.",
    "429": "Too many requests; Retry-After says when to go on.",
    "503": "The database, or FreeSWITCH, cannot be used just now; Retry-After says when to try again.",
}
_REF = "#/components/schemas/{model}"


def describe(nouns: Iterable[Routes]) -> dict[str, Any]:
    """The document (OpenAPI 3.1) of all routes of *nouns*."""
    nouns = list(nouns)
    shapes = _Shapes([route for noun in nouns for route in noun.all])
    paths: dict[str, dict[str, Any]] = {}
    for noun in nouns:
        for route in noun.all:
            paths.setdefault(_path(route), {})[route.method.lower()] = _operation(route, noun.tag, shapes)
    return {
        "openapi": "3.1.0",
        "info": {"title": "callrouter", "version": callrouter.__version__, "description": " ".join(_ABOUT.split())},
        "servers": [{"url": PREFIX}],
        "tags": [{"name": noun.tag} for noun in nouns],
        "paths": paths,
        "components": {
            "schemas": shapes.definitions,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": " ".join(f"{scope}: {_SCOPES[scope]}" for scope in tokens.SCOPES),
                }
            },
        },
    }


class _Shapes:
    """The schemas of everything that goes in or comes out, by the type and the direction."""

    def __init__(self, routes: list[Route]) -> None:
        adapters: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = []
        for kind in {route.takes for route in routes} | {route.asks for route in routes}:
            if kind is not None:
                adapters.append((kind, "validation", TypeAdapter(kind)))
        gives = [problems.Problem, *(route.gives for route in routes if route.gives not in (None, bytes))]
        adapters += [(kind, "serialization", TypeAdapter(kind)) for kind in dict.fromkeys(gives)]
        adapters.sort(key=lambda one: (str(one[0]), one[1]))
        self._schemas, found = TypeAdapter.json_schemas(adapters, ref_template=_REF)
        self.definitions: dict[str, Any] = found.get("$defs", {})
        for schema in self.definitions.values():
            for name in SECRETS & schema.get("properties", {}).keys():
                schema["properties"][name]["writeOnly"] = True
                if name in schema.get("required", ()):
                    schema["required"].remove(name)

    def taken(self, kind: Any) -> dict[str, Any]:
        """What a body of *kind* must be."""
        return self._schemas[kind, "validation"]

    def given(self, kind: Any) -> dict[str, Any]:
        """What an answer of *kind* is."""
        return self._schemas[kind, "serialization"]

    def fields(self, kind: Any) -> tuple[dict[str, Any], list[str]]:
        """The fields of a query, and those that must be there."""
        schema = self.definitions[self.taken(kind)["$ref"].rpartition("/")[2]]
        return schema["properties"], schema.get("required", [])


def _path(route: Route) -> str:
    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", route.path)


def _operation(route: Route, tag: str, shapes: _Shapes) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [tag],
        "summary": route.about.partition(";")[0].partition(". ")[0].rstrip("."),
        "description": route.about,
        "security": [{"token": list(route.scopes)}],
        "parameters": _parameters(route, shapes),
        "responses": _responses(route, shapes),
    }
    if route.takes is not None:
        schema = shapes.taken(route.takes)
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _parameters(route: Route, shapes: _Shapes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for converter, name in re.findall(r"<(?:([^:<>]+):)?(\w+)>", route.path):
        kind = "integer" if converter.startswith("int") else "string"
        found.append({"name": name, "in": "path", "required": True, "schema": {"type": kind}})
    if route.asks is not None:
        fields, required = shapes.fields(route.asks)
        for name, schema in fields.items():
            found.append({"name": name, "in": "query", "required": name in required, "schema": schema})
    if route.versioned and route.method != "GET":
        about = 'The version that the record must still be at, as in ETag: "7".'
        found.append({"name": "If-Match", "in": "header", "description": about, "schema": {"type": "string"}})
    return found


def _responses(route: Route, shapes: _Shapes) -> dict[str, Any]:
    said: dict[str, Any] = {"description": "Done."}
    if route.gives is bytes:
        said["content"] = {"audio/wav": {}}
    elif route.gives is not None:
        said["content"] = {"application/json": {"schema": shapes.given(route.gives)}}
        if route.versioned:
            said["headers"] = {"ETag": {"description": "The record's version.", "schema": {"type": "string"}}}
    responses: dict[str, Any] = {}
    if route.method != "POST" or not route.creates:
        responses[str(route.status)] = said
    if route.creates:
        location = {"Location": {"description": "Its address.", "schema": {"type": "string"}}}
        headers = said.get("headers", {}) | location
        responses["201"] = said | {"description": "Made anew.", "headers": headers}
    problem = {problems.CONTENT_TYPE: {"schema": shapes.given(problems.Problem)}}
    for status in _statuses(route):
        responses[status] = {"description": _ERRORS[status], "content": problem}
    return responses


def _statuses(route: Route) -> list[str]:
    found = {"401", "403", "429", "503"}
    if "<" in route.path:
        found.add("404")
    if route.method != "GET":
        found |= {"400", "409"} | (set() if route.takes is None else {"413", "415"})
        found |= {"412"} if route.versioned else set()
    if route.takes is not None or route.asks is not None:
        found.add("422")
    return sorted(found)
