"""Callers whom the phone book names: on a phone, in the mail, in the records, and when the router was dead."""

from __future__ import annotations

import pytest

from callrouter.directory import contact_files, contact_import
from callrouter.simulator.behaviour import NoAnswer
from tests.e2e.world import BEN, CALLER, World

pytestmark = pytest.mark.freeswitch

CARD = "BEGIN:VCARD\nVERSION:4.0\nFN:Jürgen Groß\nTEL;VALUE=uri:tel:+49-176-04069001\nEND:VCARD\n"


def test_a_caller_of_the_phone_book_is_named_everywhere(world: World) -> None:
    phone = world.phone("ben-desk", NoAnswer())
    with world.scratch.database.write() as session:
        contact_import.import_contacts(session, contact_files.read(CARD, "de"), "x.vcf")
    call = world.trunk.call(BEN, "017604069001", "Wrong Name")
    invite = phone.wait_for("INVITE")
    call.cancel()
    assert invite.get("From").startswith(f'"Jürgen Groß" <sip:{CALLER}@')
    [record] = world.calls(1)
    assert (record.caller, record.caller_name) == (CALLER, "Jürgen Groß")
    [mail] = world.mails(1)
    assert "Jürgen Groß" in mail["Subject"]

    world.scratch.kill_role("router")
    again = world.trunk.call(BEN, "017604069001", "Wrong Name")
    phone.wait_for_call(2)
    again.cancel()
    records = world.calls(2)
    assert [(one.caller_name, one.interrupted) for one in records] == [("Jürgen Groß", False), ("Jürgen Groß", True)]
