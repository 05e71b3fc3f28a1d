"""What all forms share: the record's version, errors beside their fields, and the ways in which a page answers."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import Field, HiddenField, IntegerField, SelectMultipleField
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from callrouter.errors import ConflictError, RuleError
from callrouter.web.languages import translated
from callrouter.web.parts import changing

#: What a view returns.
Answer = str | tuple[str, int] | Response


class Form(FlaskForm):
    """A form over one record. Give it the record as it is now (``obj`` or ``data``), also when it was sent."""

    #: Where a service's field (``mailbox.answer_after``) has another name here than its last part.
    fields_of: ClassVar[Mapping[str, str]] = {}
    version = HiddenField()
    conflict: ConflictError | None = None
    saved = False

    @property
    def expected_version(self) -> int | None:
        """The record's version when the user began to edit it, for the service; None for a new record.

        What our page never sends is 0, which no record has.
        """
        text = str(self.version.data or "")
        return (int(text) if text.isdecimal() and len(text) < 10 else 0) if text else None

    @contextmanager
    def saving(self, *, apply: bool = False) -> Iterator[Session]:
        """A transaction of the signed-in user; a broken rule rolls it back and goes to its field.

        Afterwards ``saved`` says whether it was committed. *apply*: FreeSWITCH must know of the change.
        """
        try:
            with changing(apply=apply) as session:
                yield session
            self.saved = True
        except RuleError as error:
            self.refuse(error)

    def refuse(self, error: RuleError) -> None:
        """Show *error*: each problem beside its field, or above the form."""
        if isinstance(error, ConflictError):
            self.conflict = error
            self.version.data = "" if error.version is None else str(error.version)
            return
        for path, said in error.problems or (("", error.args[0]),):
            field, text = self._field_of(path), translated(said)
            if field is None:
                self.form_errors.append(text)
            else:
                field.errors = [*field.errors, text]

    def _field_of(self, path: str) -> Field | None:
        names = (self.fields_of.get(path, path), path.replace(".", "_"), path.rpartition(".")[2])
        return next((self[name] for name in names if name in self), None)

    @property
    def refused(self) -> bool:
        """Whether it was sent and not saved."""
        return bool(self.errors) or self.conflict is not None


class WholeNumber(IntegerField):
    """A number; what is none is told once, in the user's language, and not asked for its size."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was entered."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Enter a whole number.")) from None

    def pre_validate(self, form: object) -> None:
        """Ask nothing further of what is no number."""
        if self.process_errors:
            raise StopValidation


class CheckList(SelectMultipleField):
    """A box for each choice; none checked is an answer too."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


#: What forms for new records were sent with, the latest at the end; as many as are worth remembering.
_SENT: OrderedDict[str, None] = OrderedDict()
_REMEMBERED = 1000


class NewForm(Form):
    """A form that makes a new record: one, also where a double click sends it twice.

    What else is to be checked goes into methods ``validate_FIELD``: what they refuse may be sent again.
    """

    once = HiddenField(default=lambda: secrets.token_urlsafe(12))

    def validate(self, extra_validators: Any = None) -> bool:
        """Also refuse what was sent before, unless it was refused then."""
        if not super().validate(extra_validators):
            return False
        key = self._key()
        if key in _SENT:
            self.form_errors.append(_("This was sent before. Look whether it is in the list."))
            return False
        _SENT[key] = None
        while len(_SENT) > _REMEMBERED:
            _SENT.popitem(last=False)
        return True

    def refuse(self, error: RuleError) -> None:
        """Show *error*; what was refused may be sent again."""
        _SENT.pop(self._key(), None)
        super().refuse(error)

    def _key(self) -> str:
        return str(self.once.data or "")[:40]


class ConfirmForm(Form):
    """No fields: a button, and the token that says it was pressed on our page."""


def answer(template: str, form: Form | None = None, **values: Any) -> Answer:
    """The page; with 422 when *form* was refused."""
    page = render_template(template, form=form, **values)
    return (page, 422) if form is not None and form.refused else page


def done(message: str, endpoint: str, **values: Any) -> Response:
    """After a change: tell *message* on the page of *endpoint*."""
    flash(message, "good")
    return redirect(url_for(endpoint, **values), 303)


def confirm(form: Form, *, title: str, text: str, button: str, cancel: str, danger: bool = True) -> Answer:
    """Ask before something that cannot be undone; *cancel* is where the other link leads."""
    return answer("confirm.html", form, title=title, text=text, button=button, cancel=cancel, danger=danger)


def shown_once(title: str, shown: Mapping[str, str], *, then: str, text: str = "", back: str = "") -> Answer:
    """The page right after secrets were made: label → secret. They are stored nowhere, and gone when it is left.

    *then* is the URL that the link *back* leads to.
    """
    return answer("shown_once.html", title=title, secrets=shown, then=then, text=text, back=back or _("Done"))
