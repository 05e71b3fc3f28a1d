"""Programs sign in to the API with a token in each request (RFC 6750); cookies count for nothing there."""

from __future__ import annotations

import datetime as dt
import ipaddress
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from flask import g, request
from limits import RateLimitItem, parse
from limits.strategies import RateLimiter

from callrouter import log
from callrouter.directory import tokens
from callrouter.web import problems
from callrouter.web.parts import parts, reading

#: So many requests of one token.
_OF_A_TOKEN = parse("1200 per minute")
#: So many refused tokens from one address. A good one is let through all the same: with 256 random bits nobody
#: guesses one, and a program with an old token must not lock out its neighbours.
_REFUSED = parse("30 per 5 minutes")
_REALM = 'Bearer realm="callrouter"'


@dataclass(frozen=True, slots=True)
class Bearer:
    """The token of this request."""

    name: str
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        """Who that is in the audit log."""
        return f"api:{self.name}"


def network() -> str:
    """Who asks, for limits: an IPv4 address, or the /64 of an IPv6 address, which one machine has to itself."""
    told = request.remote_addr or "127.0.0.1"
    try:
        address = ipaddress.ip_address(told)
    except ValueError:
        return told
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))


def bearer() -> Bearer:
    """The token that :func:`check` let through."""
    found: Bearer = g.bearer
    return found


def check(scopes: Sequence[str], limits: RateLimiter) -> None:
    """Let the request through if its token is good, has all of *scopes*, and does not ask too often."""
    kind, _, told = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not told.strip():
        detail = "This needs a token in the header Authorization: Bearer crt_…; an administrator makes one."
        problems.refuse(401, detail, headers={"WWW-Authenticate": _REALM})
    at = parts().clock()
    with reading() as session:
        row = tokens.verify(session, told.strip(), at)
    if row is None:
        _refuse_token(limits)
    _limit(limits, _OF_A_TOKEN, "token", str(row.id))
    if tokens.use_is_new(row, at):
        _note_use(row.id, at)
    if missing := [scope for scope in scopes if scope not in row.scopes]:
        said = " and ".join(missing)
        problems.refuse(
            403,
            f"The token {row.name!r} lacks the scope {said}; an administrator can make one that has it.",
            headers={"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{" ".join(scopes)}"'},
        )
    g.bearer = Bearer(row.name, frozenset(row.scopes))


def _note_use(row_id: int, at: dt.datetime) -> None:
    with parts().database.write() as session:
        tokens.used(session, row_id, at)


def _refuse_token(limits: RateLimiter) -> NoReturn:
    _limit(limits, _REFUSED, "refused", network())
    log.get("web").warning(f"a token for the API was refused, from {request.remote_addr}")
    detail = "This token is not known, was revoked, or has ended; an administrator makes another one."
    problems.refuse(401, detail, headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'})


def _limit(limits: RateLimiter, item: RateLimitItem, what: str, who: str) -> None:
    if not limits.hit(item, "api", what, who):
        wait = max(1, round(limits.get_window_stats(item, "api", what, who).reset_time - time.time()))
        problems.refuse(429, f"Too many requests; go on in {wait} s.", headers={"Retry-After": str(wait)})
