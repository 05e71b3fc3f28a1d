"""The phone book: everybody looks into it; administrators change it, and read files into it after a look at them."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import FileField, HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from callrouter.directory import contact_files, contact_import, contacts, lists
from callrouter.directory.changing import made
from callrouter.directory.contact_import import Imported, Line
from callrouter.directory.contacts import Contact
from callrouter.directory.csv_cells import number_cell
from callrouter.errors import RuleError, UnknownError, say
from callrouter.web.forms import Answer, ConfirmForm, Form, NewForm, answer, confirm, done
from callrouter.web.languages import company, language, translated
from callrouter.web.paging import Pager, page_number, search_text
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow
from callrouter.web.security import elsewhere

pages = Blueprint("phonebook", __name__, url_prefix="/phonebook")

#: So many lines of a file are shown before it is imported, of each kind.
_SHOWN = 100
#: A number as people write it, and what they say of it behind.
_LINE = re.compile(r"([+0-9][0-9 ()/.\-]*)(.*)")


class ContactForm(Form):
    """An entry of the phone book."""

    name = StringField(
        _l("Name"), [DataRequired(_l("Enter a name.")), Length(max=120)], render_kw={"autocomplete": "off"}
    )
    numbers = TextAreaField(
        _l("Numbers"),
        [DataRequired(_l("Enter a number.")), Length(max=4000)],
        description=_l("One in a line, and behind it what it is, if you like: 0176 04069001 mobile"),
        render_kw={"rows": 4, "autocomplete": "off"},
    )
    note = StringField(_l("Note"), [Length(max=500)], render_kw={"autocomplete": "off"})

    def contact(self, session: Session) -> Contact:
        """What was entered; raises RuleError."""
        digits = contacts.company_digits(session)
        numbers = []
        for line in (self.numbers.data or "").splitlines():
            if not line.strip():
                continue
            match = _LINE.fullmatch(line.strip())
            number = contacts.read_number(match[1], digits) if match else None
            if match is None or number is None:
                text = say("%(text)r is no telephone number", text=line.strip()[:40])
                raise RuleError(text, [("numbers", text)])
            numbers.append({"number": number, "label": match[2].strip()})
        return made(Contact, name=self.name.data, numbers=numbers, note=self.note.data or "")

    def _field_of(self, path: str) -> Any:
        """All that is wrong with numbers is told at their field."""
        return super()._field_of("numbers" if path.startswith("numbers") else path)


class NewContactForm(NewForm, ContactForm):
    """A new entry."""


class UploadForm(Form):
    """A file of contacts."""

    file = FileField(
        _l("File"),
        description=_l(
            "CSV with the columns’ names in the first line (Name, Number, …), or vCard, as address books write them."
        ),
        render_kw={"accept": ".csv,.txt,.vcf,.vcard,text/csv,text/vcard"},
    )


class ImportForm(Form):
    """A file that was looked at, as CSV."""

    text = HiddenField()
    filename = HiddenField()


@pages.get("")
@allow("employee")
def index() -> Answer:
    """The list, searchable."""
    page, search = page_number(), search_text()
    with reading() as session:
        found = contacts.listed(session, search, page=page)
    pager = Pager(page, lists.PAGE, found.total)
    return answer("phonebook/index.html", contacts=found.rows, pager=pager, search=search)


@pages.route("/new", methods=["GET", "POST"])
@allow("admin")
def new() -> Answer:
    """Add an entry."""
    wanted = {"numbers": request.args.get("number", "")[:40], "name": request.args.get("name", "")[:120]}
    form = NewContactForm(data=wanted)
    if form.validate_on_submit():
        with form.saving() as session:
            contacts.add(session, form.contact(session))
        if form.saved:
            return done(_("%(name)s is in the phone book.", name=form.name.data), "phonebook.index")
    return answer("phonebook/edit.html", form, key=None)


@pages.route("/<int(max=2147483647):key>", methods=["GET", "POST"])
@allow("admin")
def show(key: int) -> Answer:
    """Change an entry."""
    with reading() as session:
        try:
            contact, version = contacts.contact(session, key)
        except UnknownError:
            abort(404)
    lines = [f"{number_cell(one.number)} {one.label}".rstrip() for one in contact.numbers]
    form = ContactForm(
        data={"name": contact.name, "numbers": "\n".join(lines), "note": contact.note, "version": version}
    )
    if form.validate_on_submit():
        with form.saving() as session:
            contacts.change(session, key, form.contact(session), expected_version=form.expected_version)
        if form.saved:
            return done(_("%(name)s is changed.", name=form.name.data), "phonebook.index")
    return answer("phonebook/edit.html", form, key=key)


@pages.route("/<int(max=2147483647):key>/remove", methods=["GET", "POST"])
@allow("admin")
def remove(key: int) -> Answer:
    """Remove an entry."""
    with reading() as session:
        try:
            contact, _version = contacts.contact(session, key)
        except UnknownError:
            abort(404)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving() as session:
            contacts.remove(session, key)
        if form.saved:
            return done(_("%(name)s is no longer in the phone book.", name=contact.name), "phonebook.index")
    return confirm(
        form,
        title=_("Remove %(name)s from the phone book?", name=contact.name),
        text=_("Calls are shown with the number alone then. Those that were listed with the name keep it."),
        button=_("Remove"),
        cancel=url_for("phonebook.show", key=key),
    )


@pages.route("/import", methods=["GET", "POST"])
@allow("admin", most_bytes=contact_files.MOST_BYTES + 100_000)
def import_() -> Answer:
    """Look at a file first: what becomes of each line."""
    form = UploadForm()
    if form.validate_on_submit():
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            form.file.errors = [_("Choose a file.")]
            return answer("phonebook/import.html", form)
        try:
            with reading() as session:
                text, found = elsewhere(_looked_at, session, sent.read(), language())
        except RuleError as error:
            form.refuse(RuleError(error.args[0], [("file", error.args[0])]))
            return answer("phonebook/import.html", form)
        sending = ImportForm(formdata=None, data={"text": text, "filename": sent.filename[:120]})
        return answer(
            "phonebook/preview.html", preview=found, shown=_shown(found), sending=sending, translated=translated
        )
    return answer("phonebook/import.html", form)


@pages.post("/import/done")
@allow("admin", most_bytes=contact_files.MOST_BYTES + 100_000)
def import_done() -> Answer:
    """Import what was looked at."""
    form = ImportForm()
    if not form.validate_on_submit():
        abort(400)
    text, filename = form.text.data or "", (form.filename.data or "")[:120]
    counts = {}
    with form.saving() as session:
        entries = elsewhere(contact_files.read, text, language())
        counts = elsewhere(contact_import.import_contacts, session, entries, filename).counts
    if not form.saved:
        upload = UploadForm(formdata=None)
        upload.form_errors.extend(form.form_errors)
        return answer("phonebook/import.html", upload)
    return done(
        _("Added: %(new)s, changed: %(changed)s.", new=counts["new"], changed=counts["changed"]), "phonebook.index"
    )


@pages.get("/export.csv")
@allow("admin")
def export() -> Answer:
    """The whole phone book as a file."""
    today = parts().clock().astimezone(ZoneInfo(company().timezone)).date()
    with reading() as session:
        text = elsewhere(contact_files.to_csv, contacts.everything(session), language())
    response = Response(text, mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=_("phone-book") + f"-{today}.csv")
    return response


def _looked_at(session: Session, data: bytes, said_in: str) -> tuple[str, Imported]:
    """The file as short CSV of what it has of names and numbers, and what would become of it."""
    entries = contact_files.read(contact_files.decoded(data), said_in)
    return contact_files.shortened(entries), contact_import.look_at(session, entries)


def _shown(found: Imported) -> list[Line]:
    """The first lines of each kind, and the first of those with something to tell."""
    chosen: dict[int, Line] = {}
    for lines in (
        [line for line in found.lines if line.problems],
        [line for line in found.lines if line.kind == "changed"],
        [line for line in found.lines if line.kind == "new"],
    ):
        chosen |= {line.line: line for line in lines[:_SHOWN]}
    return sorted(chosen.values(), key=lambda line: line.line)
