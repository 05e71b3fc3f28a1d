"""How a route of the API is declared: once, for the view that serves it and for the OpenAPI document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel
from sqlalchemy.orm import Session

from callrouter.directory import viewers
from callrouter.directory.privacy import Viewer
from callrouter.errors import RuleError, UnknownError

#: What a handler is given of the database: a view of it, a transaction, or nothing.
Access = Literal["read", "write", "nothing"]
Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Given:
    """A request: the *session*, the ``body`` and the ``query`` as declared, the ``version`` the record must be at."""

    session: Session
    body: Any
    query: Any
    version: int | None
    at: dt.datetime

    @property
    def viewer(self) -> Viewer:
        """What programs may see of people."""
        return viewers.viewer(self.session, "api")

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the body that were sent, by their names in the company file, without ``version``."""
        values: dict[str, Any] = self.body.model_dump(by_alias=True, exclude_unset=True)
        values.pop("version", None)
        return values


@dataclass(frozen=True, slots=True)
class Created:
    """What a handler returns for something new: it, and its address below ``/api/v1``."""

    made: Any
    address: str


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address.

    ``takes`` and ``asks`` are the shapes of body and query, ``gives`` the type of the answer: None for none, bytes for
    sound. ``versioned``: a record that two may change at once. ``apply``: FreeSWITCH must know of the change.
    ``part``: the fields in messages of services begin with this word and a dot. ``reveals``: new SIP passwords are in
    the answer. ``creates``: 201 where something is new.
    """

    method: str
    path: str
    scopes: tuple[str, ...]
    handler: Callable[..., Any]
    takes: type[BaseModel] | None = None
    asks: type[BaseModel] | None = None
    gives: Any = None
    access: Access = "read"
    versioned: bool = False
    apply: bool = True
    part: str = ""
    reveals: bool = False
    creates: bool = False

    @property
    def name(self) -> str:
        """The name of the operation, unique in the API."""
        return self.handler.__name__

    @property
    def about(self) -> str:
        """What it does, in words."""
        return " ".join((self.handler.__doc__ or "").split())

    @property
    def status(self) -> int:
        """The status of success, but for 201."""
        return 204 if self.gives is None else 200


class Routes:
    """The routes of one noun; ``tag`` is its name in the document."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.all: list[Route] = []

    def get(self, path: str, *, scopes: tuple[str, ...] = ("read",), **more: Any) -> Callable[[Handler], Handler]:
        """Declare a view of what there is."""
        return self._add("GET", path, scopes=scopes, **more)

    def post(self, path: str, **more: Any) -> Callable[[Handler], Handler]:
        """Declare an action, or the making of something new."""
        return self._change("POST", path, **more)

    def put(self, path: str, **more: Any) -> Callable[[Handler], Handler]:
        """Declare the saving of a whole record under its name."""
        return self._change("PUT", path, **more)

    def patch(self, path: str, **more: Any) -> Callable[[Handler], Handler]:
        """Declare the change of some fields."""
        return self._change("PATCH", path, **more)

    def delete(self, path: str, **more: Any) -> Callable[[Handler], Handler]:
        """Declare a removal."""
        return self._change("DELETE", path, **more)

    def _change(
        self,
        method: str,
        path: str,
        *,
        scopes: tuple[str, ...] = ("write",),
        access: Access = "write",
        **more: Any,
    ) -> Callable[[Handler], Handler]:
        return self._add(method, path, scopes=scopes, access=access, **more)

    def _add(self, method: str, path: str, **more: Any) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            self.all.append(Route(method, path, handler=handler, **more))
            return handler

        return add


def of_field(field: str, error: UnknownError) -> RuleError:
    """What the body's *field* names is not there: a mistake in the body, not in the address."""
    return RuleError(str(error), [(field, str(error))])
