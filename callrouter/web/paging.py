"""Which page of a list is asked for, and the links to the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from callrouter.directory.lists import Page

_MOST_PAGES = 1_000_000


def page_number() -> int:
    """``?page=`` of this request, from 1; whatever is no number is 1."""
    text = request.args.get("page", "1")
    return min(max(int(text), 1), _MOST_PAGES) if text.isascii() and text.isdecimal() and len(text) < 9 else 1


def cursor() -> str:
    """``?before=`` of this request, where a list goes by cursors; empty: its first page."""
    text = request.args.get("before", "")
    return text if len(text) <= 80 and text.isprintable() else ""


def search_text() -> str:
    """``?q=`` of this request: what is searched for."""
    return request.args.get("q", "").strip()[:120]


@dataclass(frozen=True, slots=True)
class Pager:
    """The place of one page in a list of *total* rows."""

    page: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """The number of the first row here, from 1; 0 where there is none."""
        return min((self.page - 1) * self.size + 1, self.total)

    @property
    def last(self) -> int:
        return min(self.page * self.size, self.total)

    def url(self, page: int) -> str:
        """This list's address at another page; search and filters stay."""
        return _here(page=page)


@dataclass(frozen=True, slots=True)
class CursorPager:
    """The place in a list that goes by cursors, however long it is: to the first page, and to the next."""

    total: int
    capped: bool
    next: str | None

    @classmethod
    def of(cls, page: Page[Any]) -> CursorPager:
        """The pager of what a list function returned."""
        return cls(page.total, page.capped, page.next)

    @property
    def first_url(self) -> str:
        """The address of the first page; empty where this is it."""
        return _here(before=None) if cursor() else ""

    @property
    def next_url(self) -> str:
        """The address of the next page; empty where this is the last."""
        return _here(before=self.next) if self.next else ""


def _here(**changed: object) -> str:
    """This list's address with other arguments; search and filters stay."""
    values: dict[str, Any] = {**request.args.to_dict(), **(request.view_args or {}), **changed}
    return url_for(str(request.endpoint), **values)
