"""The tab "Mailbox" of employees and pools: whether it answers, after how long, and at what times."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml
from flask import Flask, abort, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import BooleanField, IntegerField, PasswordField, RadioField, SelectChoice, SelectField
from wtforms.validators import InputRequired, NumberRange, Regexp

from callrouter.directory import document, owners, services, timetables
from callrouter.directory.mailbox_state import MailboxNow, mailbox_now
from callrouter.resources import prompts_dir
from callrouter.web.format import moment
from callrouter.web.forms import Answer, ConfirmForm, Form, answer, confirm, done
from callrouter.web.languages import language
from callrouter.web.owners import OwnerFrame, owner_frame
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow
from callrouter.web.rows import rearranged
from callrouter.web.security import may_change_owner, may_see_owner, require
from callrouter.web.times_form import USUAL, TimesForm, times_of
from callrouter.web.weekly import spans, week_of

_NAMED = {"open", "closed"}
_OWN = {"own": "open", "own_closed": "closed"}
_TIMING = {
    "always": _l("at any time"),
    "open": _l("while a schedule is open"),
    "closed": _l("while a schedule is closed"),
    "own": _l("during hours of its own"),
    "own_closed": _l("outside hours of its own"),
}
_AUDIO = [
    SelectChoice("mp3", _l("MP3 (small)")),
    SelectChoice("wav", _l("WAV")),
    SelectChoice("none", _l("no recording in the mail")),
]


class MailboxForm(TimesForm):
    """How a mailbox answers. The times are its own, for those who choose them."""

    enabled = BooleanField(_l("Mailbox enabled"))
    answer_calls = BooleanField(
        _l("Answer incoming calls"), description=_l("Otherwise its messages can only be heard.")
    )
    answer_after = IntegerField(
        _l("Seconds of ringing before it answers"),
        [InputRequired(_l("Enter a whole number of seconds.")), NumberRange(0, 300, _l("Enter 0 to 300 seconds."))],
        description=_l("With 0 the mailbox answers at once, and no phone rings."),
        render_kw={"class": "short", "min": 0, "max": 300},
    )
    timing = RadioField(_l("Takes calls"))
    schedule = SelectField(_l("Schedule"), validate_choice=False)
    audio = SelectField(_l("Recording in the mail"), choices=_AUDIO)

    def offer(self, names: list[str]) -> None:
        """Let one of the schedules *names* be chosen, if there are any."""
        self.schedule.choices = [SelectChoice(name, name) for name in names]
        self.timing.choices = [
            SelectChoice(value, label) for value, label in _TIMING.items() if names or value not in _NAMED
        ]

    def validate(self, extra_validators: object = None) -> bool:
        """Only what was chosen is looked at."""
        self.hours.used = self.closed.used = self.timing.data in _OWN
        good = super().validate(extra_validators)
        if self.timing.data in _NAMED and self.schedule.data not in {one.value for one in self.schedule.choices or ()}:
            self.schedule.errors = [_("Choose a schedule.")]
            return False
        return good

    def values(self, before: document.Mailbox) -> dict[str, Any]:
        """As ``owners.set_mailbox`` takes them."""
        schedule = None
        if self.timing.data in _NAMED:
            schedule = document.MailboxSchedule(name=self.schedule.data, when=self.timing.data)
        elif self.timing.data in _OWN:
            old = before.schedule or document.MailboxSchedule()
            schedule = document.MailboxSchedule.model_validate({**self.rules(old), "when": _OWN[self.timing.data]})
        return {
            "enabled": self.enabled.data,
            "answer_calls": self.answer_calls.data,
            "answer_after": self.answer_after.data,
            "audio": self.audio.data,
            "schedule": schedule,
        }


class PinForm(Form):
    """A new PIN; what it was is never shown."""

    pin = PasswordField(
        _l("New PIN"),
        [InputRequired(_l("Enter 4 to 10 digits.")), Regexp(r"^[0-9]{4,10}$", message=_l("Enter 4 to 10 digits."))],
        description=_l("4 to 10 digits. It cannot be looked at later, only replaced."),
        render_kw={"inputmode": "numeric", "autocomplete": "off", "class": "short"},
    )


def _data(mailbox: document.Mailbox, version: int) -> dict[str, Any]:
    schedule = mailbox.schedule
    timing, times = "always", {"hours": USUAL, "holidays": False, "closed": []}
    if schedule is not None and schedule.name is not None:
        timing = schedule.when
    elif schedule is not None:
        timing = "own" if schedule.when == "open" else "own_closed"
        times = times_of(schedule)
    return {
        **times,
        "enabled": mailbox.enabled,
        "answer_calls": mailbox.answer_calls,
        "answer_after": mailbox.answer_after,
        "audio": mailbox.audio,
        "timing": timing,
        "schedule": schedule.name if schedule else None,
        "version": version,
    }


@cache
def _greetings() -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = yaml.safe_load((prompts_dir() / "texts.yaml").read_text("utf-8"))
    return texts


def sentence(mailbox: document.Mailbox, now: MailboxNow) -> str:
    """What the mailbox does with a call right now, and until when, in one sentence."""
    if now.why == "off":
        return str(_("The mailbox is switched off; no message is taken."))
    if now.why == "no_calls":
        return str(_("The mailbox takes no calls; the messages in it can be heard."))
    after = mailbox.answer_after
    answers = _("The mailbox answers at once")
    if after:
        answers = ngettext(
            "The mailbox answers after one second of ringing",
            "The mailbox answers after %(num)s seconds of ringing",
            after,
        )
    if now.why == "always":
        return str(_("%(answers)s, at any time.", answers=answers))
    what = answers if now.takes_calls else _("The mailbox takes no calls now")
    name = mailbox.schedule.name if mailbox.schedule else None
    because = _because(now, name)
    if now.until is None:
        return str(_("%(what)s, because %(because)s.", what=what, because=because))
    return str(_("%(what)s, because %(because)s – until %(time)s.", what=what, because=because, time=moment(now.until)))


def _because(now: MailboxNow, name: str | None) -> str:
    if now.why == "holiday":
        return str(_("today is a public holiday (%(holiday)s)", holiday=now.reason))
    if now.why == "closed_date":
        reason = f" ({now.reason})" if now.reason else ""
        return str(_("today is a closed date%(reason)s", reason=reason))
    if now.why == "open":
        return str(_("“%(name)s” is open now", name=name) if name else _("it is within the mailbox's hours"))
    return str(_("“%(name)s” is closed now", name=name) if name else _("it is outside the mailbox's hours"))


def _rules(mailbox: document.Mailbox) -> document.ScheduleRules | None:
    schedule = mailbox.schedule
    if schedule is None or schedule.name is None:
        return schedule
    with reading() as session:
        return services.schedule(session, schedule.name)[0]


def _page(frame: OwnerFrame, form: MailboxForm, pin_form: PinForm) -> Answer:
    mailbox = frame.part.mailbox
    with reading() as session:
        company = services.company(session)[0]
    now = mailbox_now(mailbox, rules := _rules(mailbox), company, parts().clock(), language())
    return answer(
        "mailboxes/show.html",
        pin_form if pin_form.refused else form,
        mailbox_form=form,
        pin_form=pin_form,
        owner=frame,
        the_company=company,
        mailbox=mailbox,
        now=now,
        sentence=sentence(mailbox, now),
        week=spans(week_of(rules.open)) if rules else None,
        may_change=may_change_owner(frame.key),
        greeting=_greetings()["greeting" if frame.kind == "employee" else "greeting_pool"][company.language],
        **{f"{name}_url": url_for(f"{frame.kind}s.mailbox{suffix}", key=frame.id) for name, suffix in _URLS.items()},
    )


_URLS = {"mailbox": "", "pin": "_pin", "remove_pin": "_remove_pin"}


def _form(frame: OwnerFrame) -> MailboxForm:
    with reading() as session:
        names, company = timetables.names(session), services.company(session)[0]
    form = MailboxForm(data=_data(frame.part.mailbox, frame.version))
    form.offer(names)
    form.prepare(company, parts().clock().date())
    return form


def mailbox(key: str, kind: str) -> Answer:
    """Show the mailbox, and change it."""
    owner = f"{kind}:{key}"
    require(may_see_owner(owner))
    frame = owner_frame(owner)
    form = _form(frame)
    if form.is_submitted():
        require(may_change_owner(owner))
        if not rearranged(form) and form.validate():
            with form.saving(apply=True) as session:
                owners.set_mailbox(session, owner, version=form.expected_version, **form.values(frame.part.mailbox))
            if form.saved:
                return done(_("The mailbox is changed."), f"{kind}s.mailbox", key=key)
    return _page(frame, form, PinForm(formdata=None))


def set_pin(key: str, kind: str) -> Answer:
    """Give the mailbox a PIN, in place of the one it may have."""
    owner = f"{kind}:{key}"
    require(may_change_owner(owner))
    frame = owner_frame(owner)
    form = PinForm()
    if form.validate_on_submit():
        with form.saving() as session:
            owners.set_mailbox(session, owner, pin=form.pin.data)
        if form.saved:
            return done(_("The mailbox has a new PIN."), f"{kind}s.mailbox", key=key)
    settings = MailboxForm(formdata=None, data=_data(frame.part.mailbox, frame.version))
    with reading() as session:
        settings.offer(timetables.names(session))
        settings.prepare(services.company(session)[0], parts().clock().date())
    return _page(frame, settings, form)


def remove_pin(key: str, kind: str) -> Answer:
    """Take the mailbox's PIN away."""
    owner = f"{kind}:{key}"
    require(may_change_owner(owner))
    frame = owner_frame(owner)
    if frame.part.mailbox.pin is None:
        abort(404)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving() as session:
            owners.set_mailbox(session, owner, pin=None)
        if form.saved:
            return done(_("The mailbox has no PIN now."), f"{kind}s.mailbox", key=key)
    return confirm(
        form,
        title=_("Remove the PIN?"),
        text=_("The mailbox of %(name)s then has none.", name=frame.name),
        button=_("Remove PIN"),
        cancel=url_for(f"{kind}s.mailbox", key=key),
    )


def add_to(application: Flask) -> None:
    """The same pages for employees and pools, among the tabs of each."""
    for kind in ("employee", "pool"):
        for view, path, name, methods in (
            (mailbox, "", "mailbox", ["GET", "POST"]),
            (set_pin, "/pin", "mailbox_pin", ["POST"]),
            (remove_pin, "/pin/remove", "mailbox_remove_pin", ["GET", "POST"]),
        ):
            application.add_url_rule(
                f"/{kind}s/<key>/mailbox{path}",
                endpoint=f"{kind}s.{name}",
                view_func=allow("employee")(view),
                methods=methods,
                defaults={"kind": kind},
            )
