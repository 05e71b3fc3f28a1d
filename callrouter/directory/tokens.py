"""Tokens for the REST API: random, kept as a hash only, limited to what they are for."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from callrouter.directory import audit
from callrouter.directory.models import Base
from callrouter.errors import RuleError, UnknownError, say

#: ``read``: everything but messages' audio and secrets; ``write``: changes too; ``messages``: messages and their audio.
SCOPES = ("read", "write", "messages")
PREFIX = "crt_"
#: The last use is written down once in so many seconds, not for every request.
_USE_SECONDS = 60
_LONGEST_NAME = 80


class TokenRow(Base):
    """One token. ``hash`` is SHA-256 of it in hexadecimal: 256 random bits need no slow hash."""

    __tablename__ = "api_tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[dt.datetime]
    created_by: Mapped[str]
    last_used_at: Mapped[dt.datetime | None]
    expires_at: Mapped[dt.datetime | None]


def create(
    session: Session,
    name: str,
    scopes: Collection[str],
    *,
    at: dt.datetime,
    created_by: str,
    expires_at: dt.datetime | None = None,
) -> tuple[TokenRow, str]:
    """Add a token; its text is in the answer and nowhere else. Raises RuleError."""
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise _wrong("name", f"a token needs a name of up to {_LONGEST_NAME} characters, for what uses it")
    taken = _wrong("name", say("there is a token %(name)r already; revoke it first, or take another name", name=name))
    if session.scalar(select(TokenRow.id).where(TokenRow.name == name)) is not None:
        raise taken
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise _wrong("scopes", f"{unknown[0]!r} is no scope; there are {', '.join(SCOPES)}")
    if not scopes:
        there = ", ".join(SCOPES)
        raise _wrong("scopes", say("a token without a scope may do nothing; give some of %(there)s", there=there))
    if expires_at is not None and expires_at <= at:
        raise _wrong("expires_at", "a token must end later than now")
    token = PREFIX + secrets.token_urlsafe(32)
    row = TokenRow(
        name=name,
        hash=_hash(token),
        scopes=[scope for scope in SCOPES if scope in scopes],
        created_at=at,
        created_by=created_by,
        expires_at=expires_at,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError:  # on PostgreSQL somebody else may have added it since we looked
        raise taken from None
    ends = expires_at.isoformat() if expires_at else None
    audit.record(session, "token", name, None, {"scopes": row.scopes, "expires_at": ends}, at=at)
    return row, token


def verify(session: Session, token: str, at: dt.datetime) -> TokenRow | None:
    """The token's record, if it is one and has not ended; :func:`used` writes its use down.

    Its hash is looked up, so nothing about a token can be learned from how long that takes.
    """
    if not token.startswith(PREFIX):
        return None
    digest = _hash(token)
    row = session.scalar(select(TokenRow).where(TokenRow.hash == digest))
    if row is None or not hmac.compare_digest(row.hash, digest):
        return None
    return row if row.expires_at is None or at < row.expires_at else None


def use_is_new(row: TokenRow, at: dt.datetime) -> bool:
    """Whether a use at *at* is to be written down: once a minute is enough."""
    return row.last_used_at is None or (at - row.last_used_at).total_seconds() >= _USE_SECONDS


def used(session: Session, row_id: int, at: dt.datetime) -> None:
    """Write down that the token was used, at most once a minute; inside ``Database.write()``."""
    row = session.get(TokenRow, row_id)
    if row is not None and use_is_new(row, at):
        row.last_used_at = at


def revoke(session: Session, name: str) -> None:
    """Remove a token: it is refused from now on. Raises RuleError."""
    row = session.scalar(select(TokenRow).where(TokenRow.name == name))
    if row is None:
        raise UnknownError(say("there is no token %(name)r; `callrouter token list` shows them", name=name))
    audit.record(session, "token", row.name, {"scopes": row.scopes}, None)
    session.delete(row)


def tokens(session: Session) -> list[TokenRow]:
    """All tokens by name."""
    return list(session.scalars(select(TokenRow).order_by(TokenRow.name)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _wrong(field: str, text: str) -> RuleError:
    return RuleError(text, [(field, text)])
