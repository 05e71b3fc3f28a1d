"""The mark on every view that says who may call it; ``security`` refuses a view without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

Role = Literal["anyone", "employee", "admin"]
View = TypeVar("View", bound=Callable[..., Any])


def allow(role: Role) -> Callable[[View], View]:
    """Say who may call a view: ``anyone``; ``employee``: everybody signed in (check the object too); ``admin``."""

    def mark(view: View) -> View:
        view.allowed = role  # type: ignore[attr-defined]
        return view

    return mark
