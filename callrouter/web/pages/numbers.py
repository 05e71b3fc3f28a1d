"""Numbers: what each does now and at any other time, whose it is, and everything that is done with a single one.

Blocks of numbers: ``pages.number_blocks``, on this blueprint.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import DateField, StringField, TimeField
from wtforms.validators import InputRequired, Length, Optional

from callrouter.directory import lists, number_use, numbers
from callrouter.directory.explaining import Explanation
from callrouter.directory.number_use import NumberUse
from callrouter.directory.numbers import Loss
from callrouter.errors import RuleError
from callrouter.web import week
from callrouter.web.format import number as readable
from callrouter.web.forms import Answer, ConfirmForm, Form, answer, confirm, done
from callrouter.web.languages import company, language
from callrouter.web.paging import Pager, page_number, search_text
from callrouter.web.parts import changing, parts, reading
from callrouter.web.roles import allow
from callrouter.web.security import safe_next

pages = Blueprint("numbers", __name__, url_prefix="/numbers")

#: What the list can be narrowed down to: the arguments of ``lists.numbers``.
_SHOWN: dict[str, dict[str, str | bool]] = {
    "": {},
    "active": {"state": "active"},
    "free": {"free": True},
    "personal": {"kind": "employee"},
    "pool": {"kind": "pool"},
    "inactive": {"state": "inactive"},
}
#: So many of those who lose a number are named.
_NAMED = 50


class NumberForm(Form):
    """A single number that was ported in."""

    number = StringField(
        _l("Number"),
        [InputRequired(_l("Enter a number.")), Length(max=40)],
        description=_l("As you would dial it: +49 30 23125010, or 030 23125010."),
        render_kw={"autocomplete": "off", "inputmode": "tel", "autofocus": True},
    )


class MomentForm(Form):
    """A call that somebody could make."""

    class Meta:
        """Nothing is changed by it: it is sent with GET, and its address can be kept."""

        csrf = False

    date = DateField(_l("Date"), [InputRequired(_l("Enter a date."))])
    time = TimeField(_l("Time"), [InputRequired(_l("Enter a time of day."))])
    caller = StringField(
        _l("Caller"),
        [Optional(), Length(max=40)],
        description=_l("A number, or “anonymous”; empty: anybody who is not blocked."),
        render_kw={"autocomplete": "off", "inputmode": "tel"},
    )


def use_of(e164: str) -> NumberUse:
    """The number in the address; 404 where it is none of the company's."""
    with reading() as session:
        found = number_use.number_use(session, e164)
    if found is None:
        abort(404)
    return found


def named_loss(loss: Loss) -> dict[str, object]:
    """Who loses a number, and who shows one to others, with names; so many that they fit a page."""
    with reading() as session:
        owners = number_use.named(session, loss.owners[:_NAMED])
        shown_by = number_use.named(session, loss.shown_by[:_NAMED])
    return {
        "owners": owners,
        "more_owners": len(loss.owners) - len(owners),
        "shown_by": shown_by,
        "more_shown_by": len(loss.shown_by) - len(shown_by),
    }


def _refusal(template: str, use: NumberUse) -> Answer:
    """A page that says why something cannot be done with a number, and what to do first."""
    return render_template(template, use=use), 422 if request.method == "POST" else 200


@pages.get("")
@allow("admin")
def index() -> Answer:
    """The list, searchable, with what each number does now."""
    page, search, show = page_number(), search_text(), request.args.get("show", "")
    show = show if show in _SHOWN else ""
    with reading() as session:
        found = lists.numbers(session, search, page=page, **_SHOWN[show])  # type: ignore[arg-type]
    now = parts().explain.in_short([row.e164 for row in found.rows], parts().clock(), language())
    pager = Pager(page, lists.PAGE, found.total)
    return answer("numbers/index.html", numbers=found.rows, now=now, pager=pager, search=search, show=show)


@pages.route("/new", methods=["GET", "POST"])
@allow("admin")
def new() -> Answer:
    """Add a single number that was ported in."""
    form = NumberForm()
    if form.validate_on_submit():
        e164 = ""
        with form.saving(apply=True) as session:
            e164 = number_use.spelled(session, form.number.data, "number")
            numbers.activate(session, e164)
        if form.saved:
            return done(_("%(number)s is active.", number=readable(e164)), "numbers.show", e164=e164)
    return answer("numbers/new.html", form)


@pages.get("/<e164>")
@allow("admin")
def show(e164: str) -> Answer:
    """One number: now, in any week, and at any moment."""
    use = use_of(e164)
    now = parts().clock().astimezone(ZoneInfo(company().timezone))
    form = MomentForm(
        request.args if "date" in request.args else MultiDict(),
        data={"date": now.date(), "time": now.time().replace(second=0, microsecond=0)},
    )
    told = _explained(form, e164) if "date" in request.args and form.validate() else None
    first = week.monday(request.args.get("week", ""), now.date())
    spans = parts().explain.week(e164, dt.datetime.combine(first, dt.time()), language())
    return answer(
        "numbers/show.html",
        form,
        use=use,
        now=parts().explain.in_short([e164], now, language())[e164],
        today=now,
        first=first,
        this_week=first == week.monday("", now.date()),
        previous=first - dt.timedelta(days=7),
        following=first + dt.timedelta(days=7),
        days=week.days(spans, first),
        legend=list(dict.fromkeys((span.kind, span.text) for span in spans)),
        told=told,
    )


def _explained(form: MomentForm, e164: str) -> Explanation | None:
    """What happens to the call that *form* describes; None: its caller cannot be read."""
    at = dt.datetime.combine(form.date.data, form.time.data)
    text = (form.caller.data or "").strip()
    if not text:
        return parts().explain(e164, at, language(), anybody=True)
    if text.lower() in ("anonymous", _("anonymous")):
        return parts().explain(e164, at, language())
    try:
        with reading() as session:
            caller = number_use.spelled(session, text)
    except RuleError:
        form.caller.errors = [_("This is no number; write for example +49 30 23125010, or 030 23125010.")]
        return None
    return parts().explain(e164, at, language(), caller=caller)


@pages.post("/<e164>/activate")
@allow("admin")
def activate(e164: str) -> Answer:
    """Activate a number of a block; back to where the button was."""
    use_of(e164)
    with changing(apply=True) as session:
        numbers.activate(session, e164)
    flash(_("%(number)s is active.", number=readable(e164)), "good")
    return redirect(safe_next(request.form.get("next") or url_for("numbers.show", e164=e164)), 303)


@pages.post("/<e164>/anonymous")
@allow("admin")
def anonymous(e164: str) -> Answer:
    """Turn callers without a number away, or let them through again."""
    use_of(e164)
    reject = request.form.get("reject") == "yes"
    with changing(apply=True) as session:
        numbers.reject_anonymous(session, e164, reject=reject)
    if reject:
        told = _("%(number)s takes no calls without a number from now on.", number=readable(e164))
    else:
        told = _("%(number)s takes calls without a number again.", number=readable(e164))
    return done(told, "numbers.show", e164=e164)


@pages.route("/<e164>/deactivate", methods=["GET", "POST"])
@allow("admin")
def deactivate(e164: str) -> Answer:
    """Deactivate a number that nobody uses; otherwise say who does."""
    use = use_of(e164)
    if use.owner or use.shown_by:
        return _refusal("numbers/in_use.html", use)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            numbers.deactivate(session, e164)
        if form.saved:
            return done(_("%(number)s is inactive.", number=readable(e164)), "numbers.index")
    text = _("Who calls it hears that there is no such number. It can be activated again at any time.")
    if use.block is None:
        text = _("It belongs to no block of the company: it is removed altogether.")
    return confirm(
        form,
        title=_("Deactivate %(number)s?", number=readable(e164)),
        text=text,
        button=_("Deactivate"),
        cancel=url_for("numbers.show", e164=e164),
    )


@pages.route("/<e164>/assign", methods=["GET", "POST"])
@allow("admin")
def assign(e164: str) -> Answer:
    """Give a free number to an employee who has none, or to a pool: each is a button of the list."""
    use = use_of(e164)
    if use.state != "active" or use.owner:
        flash(_("Only an active number that belongs to nobody can be given to somebody."), "bad")
        return redirect(url_for("numbers.show", e164=e164), 303)
    form = ConfirmForm()
    if form.validate_on_submit():
        owner = request.form.get("owner", "")[:80]
        with form.saving(apply=True) as session:
            numbers.assign(session, e164, owner)
        if form.saved:
            with reading() as session:
                ((_key, name),) = number_use.named(session, (owner,))
            return done(
                _("%(number)s belongs to %(name)s.", number=readable(e164), name=name), "numbers.show", e164=e164
            )
    page, search = page_number(), search_text()
    with reading() as session:
        found = number_use.takers(session, search, page=page)
    pager = Pager(page, lists.PAGE, found.total)
    return answer("numbers/assign.html", form, use=use, takers=found.rows, pager=pager, search=search)


@pages.route("/<e164>/free", methods=["GET", "POST"])
@allow("admin")
def free(e164: str) -> Answer:
    """Take a number from its owner; who has phones needs another one first, and is shown how."""
    use = use_of(e164)
    if use.owner is None:
        return redirect(url_for("numbers.show", e164=e164), 303)
    if use.devices:
        return _refusal("numbers/needed.html", use)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            numbers.free(session, e164)
        if form.saved:
            return done(_("%(number)s is free.", number=readable(e164)), "numbers.show", e164=e164)
    return confirm(
        form,
        title=_("Take %(number)s from %(name)s?", number=readable(e164), name=use.owner_name),
        text=_("It stays active, and can be given to somebody else; until then its callers are turned away."),
        button=_("Take it away"),
        cancel=url_for("numbers.show", e164=e164),
    )


@pages.route("/<e164>/port-away", methods=["GET", "POST"])
@allow("admin")
def port_away(e164: str) -> Answer:
    """Let a number go to another provider."""
    use_of(e164)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            numbers.port_away(session, e164)
        if form.saved:
            return done(_("%(number)s is no longer a number of the company.", number=readable(e164)), "numbers.index")
    with reading() as session:
        loss = number_use.loss_of(session, e164)
    return answer(
        "numbers/lose.html",
        form,
        title=_("Port %(number)s away?", number=readable(e164)),
        text=_("Do this once another provider has taken the number over: calls to it no longer arrive here."),
        button=_("Port away"),
        cancel=url_for("numbers.show", e164=e164),
        **named_loss(loss),
    )
