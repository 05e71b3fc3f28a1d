"""The part of forms that says where calls go on: to colleagues, pools, mailboxes, numbers outside."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import Length

from callrouter.directory import owners
from callrouter.routing.forwarding import ANNOUNCEMENT, MAILBOX
from callrouter.web.forms import Form
from callrouter.web.parts import reading

_PHONES = "phones"
_OUTSIDE = "outside"
_PLACES = [
    SelectChoice("", _l("not forwarded")),
    SelectChoice(_PHONES, _l("to the phones of")),
    SelectChoice("mailbox", _l("to the mailbox of")),
    SelectChoice(_OUTSIDE, _l("to the number outside")),
]


#: Of pools alone; nobody stands beside these.
_ANNOUNCED = [
    SelectChoice(f"{ANNOUNCEMENT}closed", _l("announcement: closed now")),
    SelectChoice(f"{ANNOUNCEMENT}busy", _l("announcement: all are talking, please call again later")),
    SelectChoice(f"{ANNOUNCEMENT}nobody", _l("announcement: nobody can be reached")),
]


def place(label: str, *, announced: bool = False) -> SelectField:
    """The kind of place where calls go on in one case; *announced*: it may be that something is said."""
    return SelectField(label, choices=[*_PLACES, *_ANNOUNCED] if announced else _PLACES)


def who() -> StringField:
    """Whose it is: beside it, its name with ``_who`` behind it."""
    return StringField(
        _l("Name, extension or number"), [Length(max=120)], render_kw={"list": "places", "autocomplete": "off"}
    )


class PlacesForm(Form):
    """A form with such fields."""

    def targets(self, *names: str) -> dict[str, str | None]:
        """What was entered in the fields *names*, as the services take it. A mistake goes beside its field."""
        return {name: self._target(name) for name in names}

    def _target(self, name: str) -> str | None:
        kind, whose = self[name].data, self[f"{name}_who"]
        text = (whose.data or "").strip()
        if not kind:
            return None
        if kind.startswith(ANNOUNCEMENT):
            return str(kind)
        if kind == _OUTSIDE:
            if text[:1] in set("+0123456789"):
                return text
            whose.errors = [*whose.errors, _("Enter a telephone number.")]
            return None
        with reading() as session:
            key = owners.find(session, text)
        if key is None:
            whose.errors = [*whose.errors, _("Nobody is called so; enter the whole name, or the extension.")]
        return key if key is None or kind == _PHONES else MAILBOX + key


def entries(session: Session, name: str, target: str | None) -> dict[str, str]:
    """The field *name* and who beside it, as the form shows *target*."""
    if not target:
        return {name: "", f"{name}_who": ""}
    if target.startswith(ANNOUNCEMENT):
        return {name: target, f"{name}_who": ""}
    if target.startswith("+"):
        return {name: _OUTSIDE, f"{name}_who": target}
    kind = "mailbox" if target.startswith(MAILBOX) else _PHONES
    return {name: kind, f"{name}_who": owners.called(session, target.removeprefix(MAILBOX))}
