"""Pools: teams that share numbers. Administrators change them; members see theirs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm import Session
from wtforms import BooleanField, FieldList, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from callrouter.directory import document, history, lists, services
from callrouter.directory import numbers as directory_numbers
from callrouter.directory import pools as teams
from callrouter.directory.names import owner_names
from callrouter.errors import RuleError
from callrouter.routing.features import SHOW
from callrouter.routing.forwarding import KEY
from callrouter.routing.names import SHOWN_BEFORE
from callrouter.routing.ringing import MEMBER_SECONDS
from callrouter.web import format, pool_now
from callrouter.web.board import board
from callrouter.web.following import follow
from callrouter.web.forms import Answer, ConfirmForm, Form, NewForm, WholeNumber, answer, confirm, done
from callrouter.web.languages import language
from callrouter.web.notifications import notifications_page
from callrouter.web.opening import opening_said
from callrouter.web.owners import OwnerFrame, owner_frame
from callrouter.web.paging import CursorPager, Pager, cursor, page_number, search_text
from callrouter.web.parts import changing, parts, reading
from callrouter.web.roles import allow
from callrouter.web.security import may_change_owner, may_see_owner, require, viewer

pages = Blueprint("pools", __name__, url_prefix="/pools")

#: So many free numbers are offered for a new pool; the others are a search away.
_OFFERED = 50
#: So many employees or numbers are found at a time.
_FOUND = 20


class PoolForm(Form):
    """What a pool is called, and how it rings."""

    name = StringField(_l("Name"), [DataRequired(_l("Enter a name.")), Length(max=120)])
    extension = StringField(
        _l("Extension"),
        [Length(max=8)],
        description=_l("Two to eight digits, with which colleagues reach the pool; it may stay empty."),
        render_kw={"inputmode": "numeric", "autocomplete": "off", "class": "short"},
    )
    ring_seconds = WholeNumber(
        _l("Rings for (seconds)"),
        [InputRequired(_l("Enter a whole number.")), NumberRange(5, 600, _l("Enter 5 to 600 seconds."))],
        description=_l("Then it goes where “What comes next” says, else to the mailbox if that takes calls."),
        render_kw={"class": "short"},
    )
    strategy = RadioField(
        _l("Strategy"),
        choices=[
            SelectChoice("simultaneous", _l("all members at once")),
            SelectChoice("sequential", _l("one after the other, in the order of the members")),
            SelectChoice("longest-idle", _l("one after the other, first who has talked least recently")),
            SelectChoice("waves", _l("in waves: some at once, the others later, as it says at each member")),
        ],
    )
    member_seconds = WholeNumber(
        _l("Rings at each member for (seconds)"),
        [InputRequired(_l("Enter a whole number.")), NumberRange(5, 300, _l("Enter 5 to 300 seconds."))],
        description=_l("Where it is one after the other. Who is busy or cannot be reached is passed over at once."),
        render_kw={"class": "short"},
    )

    def values(self) -> dict[str, Any]:
        """As ``directory.pools`` takes them."""
        return {
            "name": self.name.data,
            "extension": (self.extension.data or "").strip() or None,
            "ring_seconds": self.ring_seconds.data,
            "strategy": self.strategy.data,
            "member_seconds": None if self.member_seconds.data == MEMBER_SECONDS else self.member_seconds.data,
        }


class ChangedPoolForm(PoolForm):
    """The same, and what phones are told of the pool's calls."""

    show_name = BooleanField(_l("Phones show the pool before the caller"))
    short_name = StringField(
        _l("Shown as"),
        [Length(max=SHOWN_BEFORE)],
        description=_l("What fits a display, at most %(most)s characters; empty: the name.", most=SHOWN_BEFORE),
        render_kw={"autocomplete": "off"},
    )
    alert = StringField(
        _l("Ring of its own"),
        [Length(max=32)],
        description=_l(
            "The name of a ring that the phones know (Alert-Info), for example Bellcore-dr2; empty: the usual."
        ),
        render_kw={"autocomplete": "off", "autocapitalize": "none"},
    )
    internal_alert = StringField(
        _l("Ring for colleagues’ calls"),
        [Length(max=32)],
        description=_l("Empty: the same."),
        render_kw={"autocomplete": "off", "autocapitalize": "none"},
    )

    members_outside = BooleanField(
        _l("Also rings members outside"),
        description=_l(
            "Members whose own calls are all forwarded to a number outside are rung there, too. Who answers there must"
            " press %(key)s; all others ring on until then.",
            key=KEY,
        ),
    )
    may_show = SelectField(
        _l("May show its numbers outside"),
        choices=[
            SelectChoice("nobody", _l("nobody")),
            SelectChoice("members", _l("its members")),
            SelectChoice("everybody", _l("everybody")),
        ],
        description=_l(
            "For one call with %(code)s, the pool’s extension, * and the number; for every call as it says at the "
            "employee’s numbers.",
            code=SHOW,
        ),
    )

    def values(self) -> dict[str, Any]:
        """As ``directory.pools`` takes them."""
        texts = {name: (self[name].data or "").strip() or None for name in ("short_name", "alert", "internal_alert")}
        chosen = {name: self[name].data for name in ("show_name", "members_outside", "may_show")}
        return super().values() | texts | chosen


class NewPoolForm(NewForm, PoolForm):
    """A new pool, with its first number."""

    number = SelectField(
        _l("Number"),
        description=_l("The first that are active and free; any others are added on the pool's page."),
        render_kw={"autocomplete": "off"},
    )


class ChangeForm(Form):
    """No fields: each of its buttons says what it does with which member or number."""


class MembersForm(ChangeForm):
    """Also when each member begins to ring, where the pool rings in waves; in the order of the members."""

    delays = FieldList(
        WholeNumber(
            validators=[InputRequired(_l("Enter a whole number.")), NumberRange(0, 300, _l("Enter 0 to 300."))],
            render_kw={"class": "short"},
        )
    )


def _pool(key: str) -> tuple[OwnerFrame, document.Pool]:
    """The pool and what stands above its pages, or 404."""
    frame = owner_frame(f"pool:{key}")
    assert isinstance(frame.part, document.Pool)
    return frame, frame.part


def _names(session: Session, members: list[str]) -> list[tuple[str, str]]:
    """Members as (id, name), in their order."""
    names = owner_names(session, [f"employee:{member}" for member in members])
    return [(member, names.get(f"employee:{member}", member)) for member in members]


def _pressed(*actions: str) -> tuple[str, str]:
    """Which button of a ChangeForm was pressed, and for whom."""
    found = next(((action, request.form[action]) for action in actions if action in request.form), None)
    return found or abort(400)


@pages.get("")
@allow("admin")
def index() -> Answer:
    """The list, searchable."""
    page, search = page_number(), search_text()
    with reading() as session:
        found = lists.pools(session, search, page=page)
    return answer("pools/index.html", pools=found.rows, pager=Pager(page, lists.PAGE, found.total), search=search)


@pages.route("/new", methods=["GET", "POST"])
@allow("admin")
def new() -> Answer:
    """Add a pool; its members come next."""
    with reading() as session:
        free = [line.e164 for line in lists.numbers(session, free=True, size=_OFFERED).rows]
    blank = {"ring_seconds": 30, "strategy": "simultaneous", "member_seconds": MEMBER_SECONDS}
    form = NewPoolForm(data={**blank, "number": free[0] if free else ""})
    form.number.choices = [*(SelectChoice(e164, format.number(e164)) for e164 in free), SelectChoice("", _("none yet"))]
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            numbers = [form.number.data] if form.number.data else []
            added = teams.create(session, **form.values(), numbers=numbers)
        if form.saved:
            return done(_("%(name)s is added. Choose the members.", name=added.name), "pools.members", key=added.id)
    return answer("pools/new.html", form)


@pages.route("/<key>", methods=["GET", "POST"])
@allow("employee")
def show(key: str) -> Answer:
    """One pool: administrators change how it rings, members see what it is."""
    require(may_see_owner(f"pool:{key}"))
    owner, pool = _pool(key)
    with reading() as session:
        members = _names(session, pool.members)
        said = opening_said(session, pool, parts().clock(), language())
    form = None
    if current_user.is_admin:
        shown = ["name", "extension", "ring_seconds", "strategy", "show_name", "short_name", "alert", "internal_alert"]
        shown.append("may_show")
        values = {name: "" if (value := getattr(pool, name)) is None else value for name in shown}
        values["members_outside"] = pool.members_outside
        values["member_seconds"] = pool.member_seconds or MEMBER_SECONDS
        form = ChangedPoolForm(data={**values, "version": owner.version})
        if form.validate_on_submit():
            with form.saving(apply=True) as session:
                teams.change(session, key, version=form.expected_version, **form.values())
            if form.saved:
                return done(_("The pool is changed."), "pools.show", key=key)
    elif request.method == "POST":
        abort(403)
    return answer("pools/show.html", form, owner=owner, pool=pool, members=members, said=said, **_now(_team(key)))


def _team(key: str, known: pool_now.Team | None = None) -> pool_now.Team:
    """The pool with its members as they are now: *known*, as long as nothing was changed, or the pool is gone."""
    with reading() as session:
        try:
            return pool_now.team(session, key, known)
        except RuleError:
            return known or abort(404)


def _now(team: pool_now.Team) -> dict[str, Any]:
    """What goes on in the pool, and at which moment that is so."""
    at = parts().clock()
    now = team.now(parts().switch.live(), at).seen_by(viewer())
    return {"now": now, "at": at, "states": pool_now.STATES, "watches": viewer().watches}


@pages.get("/<key>/live")
@allow("employee")
def live(key: str) -> Response:
    """What goes on in the pool as server-sent events: at once, and whenever it changes."""
    require(may_see_owner(f"pool:{key}"))
    team, watched = _team(key), board()
    alike = key, language(), "" if viewer().live else current_user.employee

    def made() -> str:
        nonlocal team
        team = _team(key, team)
        return render_template("pools/_now.html", **_now(team))

    return follow(watched, lambda: watched.shared(alike, made))


@pages.post("/<key>/sign-<any('in', 'out'):way>/<member>")
@allow("employee")
def sign(key: str, way: str, member: str) -> Answer:
    """Sign a member in to the pool or out of it: an administrator anyone, a member oneself."""
    require(may_see_owner(f"pool:{key}") and may_change_owner(f"employee:{member}"))
    _frame, pool = _pool(key)
    if member not in pool.members:
        abort(404)
    with changing(apply=True) as session:
        teams.sign(session, key, member, signed_in=way == "in")
    with reading() as session:
        [(_id, name)] = _names(session, [member])
    said = _("%(name)s is signed in to %(pool)s.") if way == "in" else _("%(name)s is signed out of %(pool)s.")
    endpoint, shown = ("employees.show", member) if request.form.get("back") == "employee" else ("pools.show", key)
    return done(said % {"name": name, "pool": pool.name}, endpoint, key=shown)


@pages.route("/<key>/members", methods=["GET", "POST"])
@allow("admin")
def members(key: str) -> Answer:
    """Who is in the pool, in which order; others are searched and added."""
    (owner, pool), search = _pool(key), search_text()
    with reading() as session:
        found = lists.employees(session, search, size=_FOUND)
        shown = _names(session, pool.members)
    delays = [pool.delays.get(member, 0) for member in pool.members]
    form = MembersForm(data={"version": owner.version, "delays": delays})
    for (_id, name), entry in zip(shown, form.delays, strict=False):
        entry.label.text = _("%(name)s begins after (seconds)", name=name)
    if form.validate_on_submit():
        action, member = _pressed("add", "remove", "up", "down", "save")
        with form.saving(apply=True) as session:
            if action == "save":
                later = {one: entry.data for one, entry in zip(pool.members, form.delays, strict=False) if entry.data}
                teams.change(session, key, version=form.expected_version, delays=later)
            else:
                changed = _rearranged(pool.members, action, member)
                teams.set_members(session, key, changed, version=form.expected_version)
        if form.saved:
            return redirect(url_for("pools.members", key=key, q=search or None), 303)
    return answer("pools/members.html", form, owner=owner, pool=pool, members=shown, found=found, search=search)


def _rearranged(members: list[str], action: str, member: str) -> list[str]:
    """The members after a button was pressed; what was done already stays as it is."""
    if action == "add":
        return members if member in members else [*members, member]
    if member not in members:
        return members
    place = members.index(member)
    rest = members[:place] + members[place + 1 :]
    if action == "remove":
        return rest
    place = max(place - 1, 0) if action == "up" else place + 1
    return [*rest[:place], member, *rest[place:]]


@pages.route("/<key>/numbers", methods=["GET", "POST"])
@allow("admin")
def numbers(key: str) -> Answer:
    """The pool's numbers; those that are free are added, inactive ones activated here, the others say why not."""
    (owner, pool), page, search = _pool(key), page_number(), search_text()
    with reading() as session:
        found = lists.assignable_numbers(session, search, for_owner=f"pool:{key}", page=page, size=_FOUND)
    form = ChangeForm(data={"version": owner.version})
    if form.validate_on_submit():
        action, number = _pressed("add", "remove", "activate")
        rest = [e164 for e164 in pool.numbers if e164 != number]
        with form.saving(apply=True) as session:
            if action == "activate":
                directory_numbers.activate(session, number)
            else:
                changed = [*rest, number] if action == "add" else rest
                teams.set_numbers(session, key, changed, version=form.expected_version)
        if form.saved:
            return redirect(url_for("pools.numbers", key=key, q=search or None, page=page), 303)
    pager = Pager(page, _FOUND, found.total)
    return answer("pools/numbers.html", form, owner=owner, pool=pool, found=found.rows, pager=pager, search=search)


@pages.route("/<key>/notifications", methods=["GET", "POST"])
@allow("admin")
def notifications(key: str) -> Answer:
    """What is mailed to the team."""
    return notifications_page(f"pool:{key}")


@pages.get("/<key>/calls")
@allow("employee")
def calls(key: str) -> Answer:
    """What was called, the latest first."""
    require(may_see_owner(f"pool:{key}") and viewer().sees_calls_of(f"pool:{key}"))
    owner, _values = _pool(key)
    with reading() as session:
        try:
            found = history.calls(session, owner=owner.key, before=cursor(), viewer=viewer())
        except RuleError:
            abort(404)
    return answer("pools/calls.html", owner=owner, calls=found.rows, pager=CursorPager.of(found))


@pages.route("/<key>/remove", methods=["GET", "POST"])
@allow("admin")
def remove(key: str) -> Answer:
    """Remove the pool; its numbers stay with the company."""
    _frame, pool = _pool(key)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            services.remove_pool(session, key)
        if form.saved:
            return done(_("%(name)s is removed. Its numbers are free.", name=pool.name), "pools.index")
    return confirm(
        form,
        title=_("Remove %(name)s?", name=pool.name),
        text=_(
            "The pool and the settings of its mailbox are removed. Its numbers stay active and belong to nobody; "
            "who calls them is turned away until somebody gets them. Members, calls and messages stay."
        ),
        button=_("Remove pool"),
        cancel=url_for("pools.show", key=key),
    )
