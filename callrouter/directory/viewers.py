"""Who looks at calls and cases, read from the directory: what the company lets that role see, and what is one's own."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory.models import CompanyRow
from callrouter.directory.names import phones_of
from callrouter.directory.privacy import AdminSees, EmployeeSees, Privacy, Role, Viewer, Whose


def privacy(session: Session) -> Privacy:
    """The company's setting; before there is a company, the default."""
    return Privacy.model_validate(session.scalar(select(CompanyRow.privacy)) or {})


def viewer(
    session: Session, role: Role, employee: str | None = None, own: Collection[str] = (), *, actor: str = ""
) -> Viewer:
    """Somebody of that *role*: the *employee* (an id), if one, with the *own* owner keys; see ``privacy.Viewer``."""
    sees = getattr(privacy(session), role)
    whose = sees.whose_calls if isinstance(sees, EmployeeSees | AdminSees) else Whose.ALL
    asks = employee is not None and (whose is Whose.OWN or sees.handlers == "hidden")
    return Viewer(
        employee=employee,
        actor=actor,
        own=frozenset(own),
        devices=phones_of(session, employee) if asks and employee else frozenset(),
        whose=whose,
        all_cases=role != "employee" and whose is Whose.ALL,
        handlers=sees.handlers == "shown",
        live=sees.live == "shown",
    )
