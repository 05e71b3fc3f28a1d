"""Settings: of the company, which are changed here; of the installation, which its file says; and a test mail."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

import gevent
from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import make_url
from wtforms import BooleanField, Field, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Regexp, ValidationError

import callrouter
from callrouter.cases.guard import LONGEST
from callrouter.directory import document, kinds, services
from callrouter.directory.changing import revised
from callrouter.directory.digits import emergency_numbers
from callrouter.directory.regions import countries, holiday_regions, time_zones
from callrouter.errors import CallrouterError
from callrouter.settings import Settings
from callrouter.web.forms import Answer, Form, WholeNumber, answer, done
from callrouter.web.languages import language
from callrouter.web.parts import company_in, parts, reading
from callrouter.web.roles import allow
from callrouter.web.security import elsewhere, limiter

pages = Blueprint("settings", __name__, url_prefix="/settings")

_EMERGENCY = re.compile(r"[0-9]{2,6}")
#: The server has so long beyond its own time limit to answer a test mail (seconds).
_GRACE = 5
_HIDDEN = "•••"
#: Those of ``document.Cases``.
_CASES = ("claimer_seconds", "talk_seconds", "mail_minutes", "guard_minutes")


class CompanyForm(Form):
    """The company."""

    name = StringField(_l("Name"), [DataRequired(_l("Enter a name.")), Length(max=120)])
    language = SelectField(
        _l("Language"),
        choices=[SelectChoice("de", "Deutsch"), SelectChoice("en", "English")],
        description=_l("Of announcements and mails; each user chooses the language of these pages."),
    )
    country = SelectField(
        _l("Country"), description=_l("How numbers are read that are written without a country code.")
    )
    area_code = StringField(
        _l("Area code"),
        [Regexp(r"\s*[0-9]{0,8}\s*$", message=_l("Enter digits alone, without the 0 before them."))],
        description=_l("Without the 0 before it: 30 for Berlin. Numbers dialled without one belong to it."),
        render_kw={"inputmode": "numeric", "class": "short"},
    )
    timezone = SelectField(_l("Time zone"))
    holidays = SelectField(
        _l("Public holidays of"),
        description=_l("Schedules can be closed on them. The list is that of the saved country."),
    )
    ring_seconds = WholeNumber(
        _l("Phones ring for (seconds)"),
        [InputRequired(_l("Enter a whole number.")), NumberRange(5, 300, _l("Enter 5 to 300 seconds."))],
        description=_l("Where no mailbox takes the call earlier."),
        render_kw={"class": "short"},
    )
    transfer_returns = BooleanField(_l("A transferred call that nobody takes comes back to who transferred it"))
    pickup = SelectField(
        _l("Calls may be picked up"),
        choices=[
            SelectChoice("pools", _l("of one’s pools and their members")),
            SelectChoice("everybody", _l("of everybody")),
            SelectChoice("nobody", _l("of nobody")),
        ],
        description=_l("With ** and the extension, or with *8 for any call of one’s pools."),
    )
    claimer_seconds = WholeNumber(
        _l("Who has claimed a call-back is rung first (seconds)"),
        [InputRequired(_l("Enter a whole number.")), NumberRange(0, 60, _l("Enter 0 to 60 seconds."))],
        description=_l("When that caller calls the pool again; then the others are rung. 0: nobody is rung first."),
        render_kw={"class": "short"},
    )
    talk_seconds = WholeNumber(
        _l("A call-back is done after a talk of (seconds)"),
        [InputRequired(_l("Enter a whole number.")), NumberRange(1, 600, _l("Enter 1 to 600 seconds."))],
        description=_l("Shorter ones count as tried."),
        render_kw={"class": "short"},
    )
    mail_minutes = WholeNumber(
        _l("At most one mail about the same caller within (minutes)"),
        [InputRequired(_l("Enter a whole number.")), NumberRange(0, 1440, _l("Enter 0 to 1440 minutes."))],
        description=_l("0: one about each missed call. Messages are always mailed."),
        render_kw={"class": "short"},
    )
    guard_minutes = WholeNumber(
        _l("Warn of a second call-back for (minutes)"),
        [InputRequired(_l("Enter a whole number.")), NumberRange(0, LONGEST, _l("Enter 0 to 1440 minutes."))],
        description=_l(
            "Who calls somebody whom a colleague is on, or has called back so long ago at most, hears so first and"
            " presses 1 to go on. 0: never."
        ),
        render_kw={"class": "short"},
    )
    emergency = StringField(
        _l("Emergency numbers"),
        [Length(max=200)],
        description=_l("Always let through, with a comma between them. Empty: those of the country."),
        render_kw={"inputmode": "numeric"},
    )

    location_number = StringField(
        _l("Shown on emergency calls"),
        [Length(max=20)],
        description=_l("The number by which your office is found, one of your own. Empty: that of who calls."),
        render_kw={"inputmode": "tel", "placeholder": "+493023125000"},
    )

    def validate_emergency(self, field: StringField) -> None:
        """Two to six digits each."""
        for number in _listed(field.data):
            if not _EMERGENCY.fullmatch(number):
                raise ValidationError(
                    _("%(number)s is no emergency number; they have two to six digits.", number=number)
                )

    def _field_of(self, path: str) -> Field | None:
        """A schedule's closed dates can fit no longer because of the region alone."""
        return self.holidays if path.startswith("closed.") else super()._field_of(path)

    def offer(self, company: document.Company) -> None:
        """Fill the lists; what the company has is in them, known or not."""
        speaks = language()
        regions = [*holiday_regions(company.country, speaks)]
        for field, known, now in (
            (self.country, countries(speaks), company.country),
            (self.timezone, [(zone, zone.replace("_", " ")) for zone in time_zones()], company.timezone),
            (self.holidays, [("", _("none")), *regions], company.holidays or ""),
        ):
            more = [] if now in dict(known) else [(now, now)]
            field.choices = [SelectChoice(value, label) for value, label in (*more, *known)]

    def values(self, company: document.Company) -> dict[str, Any]:
        """As the record of *company* has them."""
        names = ("name", "language", "country", "timezone", "ring_seconds", "transfer_returns", "pickup")
        return {
            **{name: self[name].data for name in names},
            "area_code": self.area_code.data.strip(),
            "holidays": self.holidays.data or None,
            "emergency": _listed(self.emergency.data) or None,
            "cases": company.cases.model_dump() | {name: self[name].data for name in _CASES},
            "location_number": (self.location_number.data or "").replace(" ", "") or None,
        }


class TestMailForm(Form):
    """Whom to send a test mail to."""

    __test__ = False
    to = StringField(
        _l("Address"),
        filters=[lambda text: text.strip() if text else text],
        validators=[
            InputRequired(_l("Enter a mail address.")),
            Regexp(kinds.EMAIL, message=_l("Enter one mail address.")),
            Length(max=254),
        ],
        render_kw={"type": "email", "autocomplete": "email"},
    )


def _listed(text: str | None) -> list[str]:
    return [part for part in re.split(r"[\s,;]+", text or "") if part]


def _company_form(*, sent: bool) -> tuple[CompanyForm | None, document.Company | None]:
    """The form over the company; *sent*: with what this request has of it."""
    with reading() as session:
        if (found := company_in(session)) is None:
            return None, None
    company, version = found
    emergency = ", ".join(company.emergency or ())
    values = (
        company.model_dump()
        | company.cases.model_dump()
        | {"emergency": emergency, "holidays": company.holidays or "", "version": version}
    )
    form = CompanyForm(data=values) if sent else CompanyForm(formdata=None, data=values)
    form.offer(company)
    return form, company


def _page(form: CompanyForm | None, company: document.Company | None, mail: TestMailForm) -> Answer:
    settings = parts().settings
    page = answer(
        "settings/index.html",
        form,
        record=company,
        emergency=", ".join(emergency_numbers(company.country)) if company else "",
        mail=mail,
        smtp=settings.smtp,
        settings=settings,
        database=make_url(settings.database_url).render_as_string(hide_password=True),
        version=callrouter.__version__,
    )
    return (page, 422) if isinstance(page, str) and mail.refused else page


@pages.route("", methods=["GET", "POST"])
@allow("admin")
def index() -> Answer:
    """The company's settings, which can be changed, and where the others stand."""
    form, company = _company_form(sent=True)
    if form and company and form.validate_on_submit():
        with form.saving(apply=True) as session:
            changed = revised(company, **form.values(company))
            services.save_company(session, changed, expected_version=form.expected_version)
        if form.saved:
            return done(_("The settings are changed."), "settings.index")
    return _page(form, company, TestMailForm(formdata=None))


@pages.post("/test-mail")
@allow("admin")
@limiter.limit("10 per 15 minutes")
def test_mail() -> Answer:
    """Send a mail to the address given, and tell what the mail server said."""
    mail = TestMailForm()
    if mail.validate_on_submit():
        to = mail.to.data
        limit = parts().settings.smtp.timeout_seconds + _GRACE
        try:
            with gevent.Timeout(limit, CallrouterError(_("The mail server did not answer in time."))):
                elsewhere(parts().send_test_mail, to)
        except CallrouterError as error:
            mail.to.errors = [_("The mail was not sent. %(said)s", said=str(error))]
        else:
            return done(_("The mail server took the mail to %(to)s. Look whether it arrives.", to=to), "settings.index")
    return _page(*_company_form(sent=False), mail)


@pages.get("/file")
@allow("admin")
def file() -> Answer:
    """Every key of the settings file with its meaning and its value, but for secrets."""
    return answer("settings/file.html", sections=list(_sections(parts().settings)), file=parts().settings.file)


def _sections(settings: Settings) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """Name, meaning, and (key, value, meaning) of each section."""
    sections = {item.name: getattr(settings, item.name) for item in dataclasses.fields(settings)}
    for name, section in (sections | {f"imap.{name}": mailbox for name, mailbox in settings.imap.items()}).items():
        if dataclasses.is_dataclass(section):
            keys = [(key.name, _shown(section, key), key.metadata["doc"]) for key in dataclasses.fields(section)]
            yield name, " ".join((type(section).__doc__ or "").split()), keys


def _shown(section: Any, key: dataclasses.Field[Any]) -> str:
    value = getattr(section, key.name)
    if key.metadata["secret"]:
        return _HIDDEN if value else ""
    return str(value).lower() if isinstance(value, bool) else str(value)
