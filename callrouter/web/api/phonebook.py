"""The phone book: who outside the company has which numbers."""

from __future__ import annotations

from callrouter.directory import contact_files, contact_import, contacts
from callrouter.directory.contacts import Contact, ContactLine
from callrouter.directory.lists import Page
from callrouter.web.api import shapes
from callrouter.web.api.routes import Created, Given, Routes
from callrouter.web.api.shapes import ContactRecord, Listing

contact_routes = Routes("Phone book")
_CONTACT = "/contacts/<int(max=2147483647):number>"


def _record(given: Given, number: int) -> ContactRecord:
    found, version = contacts.contact(given.session, number)
    return ContactRecord.model_validate(found.model_dump() | {"id": number, "version": version})


def _contact(given: Given) -> Contact:
    return Contact.model_validate(given.values)


@contact_routes.get("/contacts", asks=shapes.SearchQuery, gives=Listing[ContactLine])
def list_contacts(given: Given) -> Page[ContactLine]:
    """Entries by name; q looks into names, numbers and notes."""
    return contacts.listed(given.session, given.query.q, page=given.query.page, size=given.query.size)


@contact_routes.post("/contacts", takes=Contact, gives=ContactRecord, creates=True, apply=False)
def add_contact(given: Given) -> Created:
    """Add an entry; no other entry has one of its numbers."""
    number = contacts.add(given.session, _contact(given))
    return Created(_record(given, number), f"/contacts/{number}")


@contact_routes.post("/contacts/import", takes=shapes.ContactFile, gives=contact_import.Imported, apply=False)
def import_contacts(given: Given) -> contact_import.Imported:
    """Take a CSV or vCard file into the phone book: it adds and changes entries, and removes none."""
    entries = contact_files.read(given.body.text, "en")
    if given.body.dry_run:
        return contact_import.look_at(given.session, entries)
    return contact_import.import_contacts(given.session, entries, given.body.filename or "contacts")


@contact_routes.get(_CONTACT, gives=ContactRecord, versioned=True)
def get_contact(given: Given, number: int) -> ContactRecord:
    """One entry."""
    return _record(given, number)


@contact_routes.put(_CONTACT, takes=shapes.ContactBody, gives=ContactRecord, versioned=True, apply=False)
def save_contact(given: Given, number: int) -> ContactRecord:
    """Put another in the place of an entry."""
    contacts.change(given.session, number, _contact(given), expected_version=given.version)
    return _record(given, number)


@contact_routes.delete(_CONTACT, apply=False)
def remove_contact(given: Given, number: int) -> None:
    """Remove an entry."""
    contacts.remove(given.session, number)
