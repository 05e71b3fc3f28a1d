"""Who may use which page, and whose things: roles are checked for every request, objects by the pages themselves.

A view says with ``@allow`` who may call it; one that does not is refused for everybody.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import gevent
from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_limiter import Limiter
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_wtf import CSRFProtect
from sqlalchemy import select, update
from werkzeug.wrappers import Response as AnyResponse

from callrouter import log
from callrouter.directory import accounts, viewers
from callrouter.directory.accounts import UserRow
from callrouter.directory.models import OwnerRow, PoolMemberRow, PoolRow
from callrouter.directory.privacy import Role, Viewer
from callrouter.web import bearer, problems
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow

_P = ParamSpec("_P")
_R = TypeVar("_R")

csrf = CSRFProtect()
limiter = Limiter(bearer.network, storage_uri="memory://")

#: Scripts and styles are files of ours; nothing is inline, nothing comes from elsewhere, nobody frames a page.
_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "img-src 'self' data:"
)


#: The largest form (bytes); everybody can send one, and a long one takes seconds to read. The API has its own limit.
_MOST_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Person(UserMixin):
    """The signed-in user of this request; ``employee`` is the id of the employee this user is, if any."""

    row_id: int
    epoch: int
    login: str
    role: str
    language: str | None
    employee: str | None
    employee_row: int | None
    name: str

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def owner(self) -> str | None:
        """The owner key of this user's own numbers and mailbox."""
        return f"employee:{self.employee}" if self.employee else None

    def get_id(self) -> str:
        """What the session cookie holds; it is worth nothing once the epoch was counted up."""
        return f"{self.row_id}.{self.epoch}"


def elsewhere(function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Run what takes long without the network (a password's hash) in a thread, so that other requests go on."""
    done: _R = gevent.get_hub().threadpool.apply(function, args, kwargs)
    return done


def _person(row: UserRow, key: str | None, name: str | None) -> Person:
    name = name or row.login
    return Person(row.id, row.epoch, row.login, row.role, row.language, key, row.employee_id, name)


def load_person(told: str) -> Person | None:
    """The user of a session cookie; None when gone, or when the epoch was counted up since."""
    row_id, _, epoch = told.partition(".")
    if not row_id.isdecimal() or not epoch.isdecimal():
        return None
    query = select(UserRow, OwnerRow.key, OwnerRow.name).outerjoin(OwnerRow, OwnerRow.id == UserRow.employee_id)
    with reading() as database:
        found = database.execute(query.where(UserRow.id == int(row_id), UserRow.epoch == int(epoch))).first()
    return _person(*found) if found else None


def check_password(login: str, password: str) -> Person | None:
    """The user, if login and password are right; notes the time of the sign-in."""
    with reading() as database:
        row = elsewhere(accounts.verify, database, login, password)
        if row is None:
            return None
        person = _person(row, *((row.employee.key, row.employee.name) if row.employee else (None, None)))
    # The hash may be a stronger one now; a password changed meanwhile stays.
    unchanged = (UserRow.id == person.row_id) & (UserRow.epoch == person.epoch)
    values = {"signed_in_at": parts().clock(), "password_hash": row.password_hash}
    with parts().database.write() as database:
        database.execute(update(UserRow).where(unchanged).values(values))
    return person


def sign_in(person: Person) -> None:
    """Begin a new session; nothing of the one before stays."""
    session.clear()
    session.permanent = True
    login_user(person)


def safe_next(target: str | None) -> str:
    """*target* if it is a path of ours, else the start page: nobody is sent to another site after signing in."""
    if target and target.startswith("/") and target[1:2] != "/" and target.isprintable() and "\\" not in target:
        return target
    return url_for("start.index")


def _pools() -> frozenset[str]:
    """Owner keys of the pools that the signed-in user is a member of."""
    if "pools" not in g:
        query = (
            select(PoolRow.key)
            .join(PoolMemberRow, PoolMemberRow.pool_id == PoolRow.id)
            .where(PoolMemberRow.employee_id == current_user.employee_row)
        )
        with reading() as database:
            g.pools = frozenset(f"pool:{key}" for key in database.scalars(query))
    found: frozenset[str] = g.pools
    return found


def own_owners() -> frozenset[str]:
    """Owner keys that are the signed-in user's own: the employee, and pools with this member."""
    return _pools() | {current_user.owner} if current_user.owner else frozenset()


def viewer() -> Viewer:
    """What the signed-in user may see of calls, cases and colleagues: asked of the company once in a request."""
    if "viewer" not in g:
        role: Role = "admin" if current_user.is_admin else "employee"
        own, who = own_owners(), f"web:{current_user.login}"
        with reading() as database:
            g.viewer = viewers.viewer(database, role, current_user.employee, own, actor=who)
    found: Viewer = g.viewer
    return found


def may_see_owner(owner: str) -> bool:
    """Whether settings and devices of *owner* (an owner key) may be seen: by admins, and by its own people."""
    return bool(current_user.is_admin) or owner in own_owners()


def may_change_owner(owner: str) -> bool:
    """Whether mailbox, devices and notifications of *owner* may be changed: by admins, and by that employee."""
    return bool(current_user.is_admin or owner == current_user.owner)


def may_listen(owner: str) -> bool:
    """Whether messages of *owner* may be heard, fetched, deleted: by that employee or the pool's members alone."""
    return owner in own_owners()


def require(permitted: bool) -> None:
    """Refuse the request unless *permitted*; ask before looking whether the object exists."""
    if not permitted:
        abort(403)


def _check_role() -> AnyResponse | None:
    if request.endpoint is None:
        return None
    allowed = getattr(current_app.view_functions[request.endpoint], "allowed", None)
    if allowed == "anyone":
        return None
    if allowed == "token" and (scopes := getattr(current_app.view_functions[request.endpoint], "scopes", ())):
        bearer.check(scopes, limiter.limiter)
        return None
    if allowed not in ("employee", "admin"):
        log.get("web").error(f"the view {request.endpoint} does not say who may use it; it is refused")
        abort(403)
    if not current_user.is_authenticated:
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        target = url_for("session.sign_in", next=back)
        if "HX-Request" in request.headers:
            return Response(status=204, headers={"HX-Redirect": target})
        return redirect(target, 303)
    if allowed == "admin" and not current_user.is_admin:
        abort(403)
    return None


def _refuse_odd() -> None:
    """Refuse what no page of ours sends: JSON, files where none belong, and U+0000, which nobody types.

    PostgreSQL takes that for a fault of ours. (The API looks into its own bodies.)
    """
    sent = [(request.path, []), *request.args.lists()]
    if request.method == "POST" and not problems.wanted():
        more = _may_send_more()
        if request.is_json or (request.files and not more):
            abort(415)
        sent += request.form.lists()
    if any("\0" in text for name, values in sent for text in (name, *values)):
        abort(400)


def _may_send_more() -> bool:
    """Whether the view takes files, of this user; then it takes more bytes too."""
    view = current_app.view_functions.get(request.endpoint or "")
    most_bytes: int = getattr(view, "most_bytes", 0)
    if not most_bytes or not current_user.is_authenticated or not current_user.is_admin:
        return False
    request.max_content_length = request.max_form_memory_size = most_bytes
    return True


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = _POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.endpoint != "static":
        headers["Cache-Control"] = "no-store"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


class _Sessions(SecureCookieSessionInterface):
    """What a page fetches on the side renews no cookie: its answer could undo what a form did meanwhile."""

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        return session.modified or ("HX-Request" not in request.headers and super().should_set_cookie(app, session))


def secure(application: Flask, *, secret: str, https: bool) -> None:
    """Set up sessions, roles, CSRF tokens, the limit of attempts and the headers of every answer.

    *secret* signs the cookies; empty: one that holds until the next start. *https*: cookies never travel in the clear.
    """
    if not secret:
        log.get("web").warning(
            "[web] secret_key is empty: everybody is signed out at each start; put 32 random characters there"
        )
    application.config.update(
        SECRET_KEY=secret or secrets.token_urlsafe(32),
        SESSION_COOKIE_NAME="callrouter",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        PERMANENT_SESSION_LIFETIME=12 * 3600,
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=_MOST_BYTES,
    )
    application.session_interface = _Sessions()
    manager = LoginManager()
    manager.session_protection = None
    manager.user_loader(load_person)
    manager.init_app(application)
    application.before_request(_refuse_odd)
    application.before_request(_check_role)
    csrf.init_app(application)
    limiter.init_app(application)
    application.after_request(_add_headers)
    allow("anyone")(application.view_functions["static"])
