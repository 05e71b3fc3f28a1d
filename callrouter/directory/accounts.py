"""Who may sign in, and the record of who changed what: users, their passwords, the audit log.

A user is an administrator of the company, or one employee who sees nothing but what is their own.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Iterable
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from callrouter.directory import audit, store
from callrouter.directory.models import Base, EmployeeRow
from callrouter.directory.versions import check_version
from callrouter.errors import RuleError, say

#: NIST SP 800-63B, 5.1.1.1: length is what counts, composition rules are not.
MIN_PASSWORD = 10
_MAX_PASSWORD = 1024
#: Epochs begin below it, far from the end of a database's integers.
_EPOCHS = 2**30
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,119}")
_HASHER = PasswordHasher()
#: Verified in place of the hash of a user who does not exist, so that the answer takes as long.
_NOBODY = _HASHER.hash(secrets.token_urlsafe())


class UserRow(Base):
    """Somebody who may sign in. ``epoch`` is in every session; counting it up ends all of them.

    It begins at random: SQLite gives the id of a removed user to the next one, whom old cookies must not sign in.
    ``version`` counts the changes that administrators make.
    """

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    role: Mapped[str]
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id", ondelete="CASCADE"), index=True)
    language: Mapped[str | None]
    epoch: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[dt.datetime]
    signed_in_at: Mapped[dt.datetime | None]
    employee: Mapped[EmployeeRow | None] = relationship()
    __table_args__ = (
        CheckConstraint("role in ('admin', 'employee')", name="user_role"),
        CheckConstraint("role = 'admin' or employee_id is not null", name="employee_has_one"),
    )


def new_password() -> str:
    """A random password, easy to read out: four groups of four letters and digits (80 bits)."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


def _checked(password: str) -> str:
    if len(password) < MIN_PASSWORD:
        raise RuleError(
            say(
                "the password has %(length)s characters; take %(shortest)s or more",
                length=len(password),
                shortest=MIN_PASSWORD,
            )
        )
    if len(password) > _MAX_PASSWORD:
        raise RuleError(say("the password is longer than %(longest)s characters", longest=_MAX_PASSWORD))
    return _HASHER.hash(password)


def find(session: Session, login: str) -> UserRow:
    """The user who signs in as *login*; raises RuleError."""
    user = session.scalar(select(UserRow).where(UserRow.login == login.strip().lower()))
    if user is None:
        raise RuleError(say("there is no user %(login)r", login=login.strip()[:120]))
    return user


def _held(session: Session, login: str) -> UserRow:
    """As :func:`find`; nobody else changes the user until this transaction ends (SQLite has one writer anyway).

    Administrators are held too, in the one order of all who hold them: how many there are may matter next.
    """
    held = (UserRow.login == login.strip().lower()) | (UserRow.role == "admin")
    session.execute(select(UserRow.id).where(held).order_by(UserRow.id).with_for_update())
    user = find(session, login)
    session.refresh(user)
    return user


def add(
    session: Session, login: str, password: str, *, role: str, at: dt.datetime, employee: str | None = None
) -> UserRow:
    """Add a user; *employee* is the id of the employee a user of role ``employee`` is. Raises RuleError."""
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise RuleError(
            say(
                "%(login)r is no user name; take letters, digits and . _ @ + - (a mail address will do)",
                login=login[:120],
            )
        )
    if role not in ("admin", "employee"):
        raise RuleError(say("%(role)r is no role; there are admin and employee", role=role))
    if session.scalar(select(UserRow.id).where(UserRow.login == login)) is not None:
        raise RuleError(say("there is a user %(login)s already", login=login))
    person = None
    if employee is not None:
        person = session.scalar(select(EmployeeRow).where(EmployeeRow.key == employee))
        if person is None:
            raise RuleError(say("there is no employee %(employee)s", employee=employee))
    elif role == "employee":
        raise RuleError(say("user %(login)s is to be an employee; say which one", login=login))
    user = UserRow(
        login=login,
        password_hash=_checked(password),
        role=role,
        employee=person,
        epoch=secrets.randbelow(_EPOCHS),
        created_at=at,
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError:  # on PostgreSQL somebody else may have been added since we looked
        raise RuleError(say("there is a user %(login)s already", login=login)) from None
    audit.record(session, "user", login, None, _said(user), at=at)
    return user


def set_password(session: Session, login: str, password: str, *, at: dt.datetime) -> None:
    """Give *login* a new password; all their sessions end. Raises RuleError."""
    user = _held(session, login)
    user.password_hash = _checked(password)
    user.epoch += 1
    user.version += 1
    audit.record(session, "user", user.login, {"password": "old"}, {"password": "new"}, at=at)


def end_sessions(session: Session, login: str) -> None:
    """End all sessions of *login*: a cookie that was copied is worth nothing then. Raises RuleError."""
    _held(session, login).epoch += 1


def set_role(session: Session, login: str, role: str, *, at: dt.datetime, expected_version: int | None = None) -> None:
    """Change a user's role; the last administrator stays one. Raises RuleError, ConflictError."""
    user = _held(session, login)
    check_version(session, "user", user.login, user.version, expected_version)
    if role not in ("admin", "employee"):
        raise RuleError(say("%(role)r is no role; there are admin and employee", role=role))
    if role == "employee" and user.employee_id is None:
        raise RuleError(say("user %(login)s belongs to no employee and can only be admin", login=user.login))
    before = _said(user)
    if user.role == "admin" and role != "admin":
        _refuse_last_admin(session, user)
    user.role = role
    user.epoch += 1
    user.version += 1
    audit.record(session, "user", user.login, before, _said(user), at=at)


def remove(session: Session, login: str, *, at: dt.datetime | None = None) -> None:
    """Remove a user; the last administrator stays. Raises RuleError."""
    user = _held(session, login)
    if user.role == "admin":
        _refuse_last_admin(session, user)
    audit.record(session, "user", user.login, _said(user), None, at=at)
    session.delete(user)


def remove_of_employees(session: Session, employees: Iterable[int]) -> None:
    """Remove the users who are employees with those row ids; the last administrator stays. Raises RuleError."""
    for some in store.chunks(employees):
        for login in session.scalars(select(UserRow.login).where(UserRow.employee_id.in_(some))).all():
            remove(session, login)
    session.flush()


def set_language(session: Session, login: str, language: str | None, *, at: dt.datetime) -> None:
    """Show *login* the pages in *language* (de, en; None: what the browser asks for). Raises RuleError."""
    user = find(session, login)
    if language not in ("de", "en", None):
        raise RuleError(say("%(language)r is no language of the pages; there are de and en", language=language))
    before = {"language": user.language}
    user.language = language
    audit.record(session, "user", user.login, before, {"language": language}, at=at)


def verify(session: Session, login: str, password: str) -> UserRow | None:
    """The user, if login and password are right; takes as long when there is no such user."""
    user = session.scalar(select(UserRow).where(UserRow.login == login.strip().lower()))
    try:
        _HASHER.verify(user.password_hash if user else _NOBODY, password[:_MAX_PASSWORD])
    except (VerificationError, InvalidHashError):
        return None
    if user is not None and _HASHER.check_needs_rehash(user.password_hash):
        user.password_hash = _HASHER.hash(password)
    return user


def _refuse_last_admin(session: Session, user: UserRow) -> None:
    if set(session.scalars(select(UserRow.id).where(UserRow.role == "admin"))) <= {user.id}:
        raise RuleError(say("%(login)s is the last administrator; make somebody else one first", login=user.login))


def _said(user: UserRow) -> dict[str, Any]:
    return {"role": user.role, "employee": user.employee.key if user.employee else None}
