"""Schedules: weekly hours, closed dates and public holidays, looked at month by month, and whose mailboxes use them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, current_app, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length, Regexp

from callrouter.directory import document, services, timetables
from callrouter.directory.calendar import YEARS, Day, holidays_of, schedule_preview
from callrouter.directory.changing import made
from callrouter.directory.lists import PAGE
from callrouter.directory.regions import holiday_regions
from callrouter.errors import RuleError
from callrouter.web.forms import Answer, ConfirmForm, answer, confirm, done
from callrouter.web.languages import language
from callrouter.web.paging import Pager, page_number
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow
from callrouter.web.rows import rearranged
from callrouter.web.times_form import USUAL, TimesForm, times_of
from callrouter.web.weekly import spans, week_of

pages = Blueprint("schedules", __name__, url_prefix="/schedules")


class ScheduleForm(TimesForm):
    """A schedule with its name."""

    name = StringField(
        _l("Name"),
        [
            InputRequired(_l("Enter a name.")),
            Length(max=120),
            Regexp(r"^[^\x00-\x1f\x7f]+$", message=_l("Enter a name.")),
        ],
        filters=[lambda text: text and text.strip()],
        description=_l("As mailboxes show it, such as “Office hours”."),
        render_kw={"autocomplete": "off"},
    )
    timezone = StringField(_l("Time zone"), [Length(max=60)], render_kw={"autocomplete": "off"})

    def schedule(self, before: document.ScheduleRules) -> document.Schedule:
        """What was entered; raises RuleError."""
        values = {**self.rules(before), "name": self.name.data, "timezone": self.timezone.data.strip() or None}
        return made(document.Schedule, **values)


@dataclass(frozen=True, slots=True)
class Month:
    """A month as a calendar has it: weeks of days from Monday on, None before the first and after the last."""

    first: dt.date
    weeks: list[list[Day | None]]
    today: dt.date

    @property
    def before(self) -> str:
        return f"{self.first - dt.timedelta(days=1):%Y-%m}"

    @property
    def after(self) -> str:
        return f"{self.first + dt.timedelta(days=31):%Y-%m}"


def month_of(rules: document.ScheduleRules, company: document.Company, text: str, today: dt.date) -> Month:
    """The month *text* (``2026-12``; else that of *today*) as *rules* have it."""
    try:
        first = dt.datetime.strptime(text, "%Y-%m").replace(tzinfo=dt.UTC).date()
        if first.year not in YEARS:
            raise ValueError(text)
    except ValueError:
        first = today.replace(day=1)
    days = schedule_preview(rules, company, first.year, first.month, language())
    cells: list[Day | None] = [*[None] * first.weekday(), *days]
    cells += [None] * (-len(cells) % 7)
    return Month(first, [cells[start : start + 7] for start in range(0, len(cells), 7)], today)


def _today(company: document.Company) -> dt.date:
    return parts().clock().astimezone(ZoneInfo(company.timezone)).date()


def _company() -> document.Company:
    with reading() as session:
        return services.company(session)[0]


def _schedule() -> tuple[document.Schedule, int]:
    """The schedule that the address names; a name may have every character, so it is not in the path."""
    with reading() as session:
        try:
            return services.schedule(session, request.args.get("name", ""))
        except RuleError:
            abort(404)


def _user_url(key: str) -> str | None:
    kind, _colon, name = key.partition(":")
    endpoint = f"{kind}s.mailbox"
    return url_for(endpoint, key=name) if endpoint in current_app.view_functions else None


@pages.get("")
@allow("admin")
def index() -> Answer:
    """All schedules; a company has few."""
    with reading() as session:
        found = timetables.schedules(session)
    return answer("schedules/index.html", schedules=[(line, spans(week_of(line.rules.open))) for line in found])


@pages.route("/new", methods=["GET", "POST"])
@allow("admin")
def new() -> Answer:
    """Add a schedule."""
    company = _company()
    form = ScheduleForm(data={"hours": USUAL, "holidays": bool(company.holidays)})
    form.prepare(company, _today(company))
    if not rearranged(form) and form.validate_on_submit():
        with form.saving(apply=True) as session:
            added = form.schedule(document.ScheduleRules())
            timetables.create(session, added)
        if form.saved:
            return done(_("The schedule is added."), "schedules.show", name=added.name)
    return answer("schedules/edit.html", form, schedule=None, the_company=company)


@pages.get("/show")
@allow("admin")
def show() -> Answer:
    """One schedule: its week, its dates, a month, the public holidays, and who uses it."""
    schedule, _version = _schedule()
    company, page = _company(), page_number()
    with reading() as session:
        users = timetables.users(session, schedule.name, page=page)
    today = _today(company)
    return answer(
        "schedules/show.html",
        schedule=schedule,
        the_company=company,
        region=dict(holiday_regions(company.country, language())).get(company.holidays or "", company.holidays),
        week=spans(week_of(schedule.open)),
        month=month_of(schedule, company, request.args.get("month", ""), today),
        holidays={year: holidays_of(company, year, language()) for year in (today.year, today.year + 1)},
        users=users.rows,
        user_url=_user_url,
        pager=Pager(page, PAGE, users.total),
    )


@pages.route("/edit", methods=["GET", "POST"])
@allow("admin")
def edit() -> Answer:
    """Change a schedule, its name too."""
    schedule, version = _schedule()
    company = _company()
    form = ScheduleForm(
        data={
            **times_of(schedule),
            "name": schedule.name,
            "timezone": schedule.timezone or "",
            "version": version,
        }
    )
    form.prepare(company, _today(company))
    if not rearranged(form) and form.validate_on_submit():
        with form.saving(apply=True) as session:
            changed = form.schedule(schedule)
            timetables.change(session, schedule.name, changed, version=form.expected_version)
        if form.saved:
            return done(_("The schedule is changed."), "schedules.show", name=changed.name)
    return answer("schedules/edit.html", form, schedule=schedule, the_company=company)


@pages.route("/remove", methods=["GET", "POST"])
@allow("admin")
def remove() -> Answer:
    """Remove a schedule that no mailbox uses."""
    schedule, _version = _schedule()
    with reading() as session:
        users = timetables.users(session, schedule.name, size=20)
    form = ConfirmForm()
    if users.total:
        page = answer("schedules/used.html", schedule=schedule, users=users, user_url=_user_url)
        assert isinstance(page, str)
        return (page, 422) if form.is_submitted() else page
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            services.remove_schedule(session, schedule.name)
        if form.saved:
            return done(_("The schedule is removed."), "schedules.index")
    return confirm(
        form,
        title=_("Remove the schedule %(name)s?", name=schedule.name),
        text=_("No mailbox and no pool uses it."),
        button=_("Remove schedule"),
        cancel=url_for("schedules.show", name=schedule.name),
    )
