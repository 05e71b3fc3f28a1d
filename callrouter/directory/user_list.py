"""The list of users, paged and searched in the database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callrouter.directory import searching
from callrouter.directory.accounts import UserRow
from callrouter.directory.lists import PAGE, Page
from callrouter.directory.models import EmployeeRow


@dataclass(frozen=True, slots=True)
class UserLine:
    """A user in the list; ``employee`` is the id of the employee they are, if any."""

    login: str
    role: str
    employee: str | None
    employee_name: str | None
    signed_in_at: dt.datetime | None


def users(session: Session, search: str = "", *, page: int = 1, size: int = PAGE) -> Page[UserLine]:
    """Users by login; *search* also looks into the employee's name and id."""
    query = (
        select(UserRow.login, UserRow.role, EmployeeRow.key, EmployeeRow.name, UserRow.signed_in_at)
        .outerjoin(EmployeeRow, EmployeeRow.id == UserRow.employee_id)
        .order_by(UserRow.login)
    )
    if search.strip():
        query = query.where(searching.contains(session, search, UserRow.login, EmployeeRow.key, EmployeeRow.name))
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = session.execute(query.limit(size).offset(max(page - 1, 0) * size))
    return Page([UserLine(*row) for row in rows], total)


def of_employee(session: Session, key: str) -> list[str]:
    """The user names with which the employee *key* signs in."""
    query = select(UserRow.login).join(EmployeeRow, EmployeeRow.id == UserRow.employee_id)
    return list(session.scalars(query.where(EmployeeRow.key == key).order_by(UserRow.login)))
