"""The mark on every view that says who may call it; ``security`` refuses a view without one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

Role = Literal["anyone", "employee", "admin", "token"]
View = TypeVar("View", bound=Callable[..., Any])


def allow(role: Role, *, scopes: Sequence[str] = (), most_bytes: int = 0) -> Callable[[View], View]:
    """Say who may call a view: ``anyone``; ``employee``: everybody signed in (check the object too); ``admin``.

    ``token``: no person at all, but a program whose token has all of *scopes* (one at least). *most_bytes*: so much
    may an administrator send there, files too; 0: no more than to any page, and no file.
    """

    def mark(view: View) -> View:
        view.allowed = role  # type: ignore[attr-defined]
        view.scopes = tuple(scopes)  # type: ignore[attr-defined]
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return mark
