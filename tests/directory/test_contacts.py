"""The phone book: entries, files of them, and the names that callers get from it."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from callrouter.directory import contact_files, contact_import, contacts, vcards
from callrouter.directory.audit import AuditRow
from callrouter.directory.changing import made
from callrouter.directory.contact_files import Entry
from callrouter.directory.contacts import Contact
from callrouter.directory.database import Database
from callrouter.directory.digits import digit_rules
from callrouter.directory.snapshots import SnapshotLoader
from callrouter.errors import ConflictError, RuleError, UnknownError
from callrouter.routing.plan import IncomingCall
from tests.directory.test_at_once import company
from tests.postgresql import postgresql_server, postgresql_url  # noqa: F401

ERIKA, MAX = "+4917604069001", "+4917604069002"
TODAY = dt.date(2026, 11, 21)


def add(database: Database, name: str, *numbers: str, note: str = "") -> int:
    with database.write() as session:
        return contacts.add(session, made(Contact, name=name, numbers=[{"number": one} for one in numbers], note=note))


def book(database: Database) -> dict[str, tuple[list[tuple[str, str]], str]]:
    with database.read() as session:
        return {
            one.name: ([(number.number, number.label) for number in one.numbers], one.note)
            for one in contacts.everything(session)
        }


def test_an_entry_is_added_changed_found_and_removed(muster: Database):
    number = add(muster, "Erika Muster", ERIKA, MAX, note="Kundin")
    add(muster, "anton", "+4917604069003")
    with muster.write() as session:
        known, version = contacts.contact(session, number)
        new = made(Contact, name="Erika Müller", numbers=[{"number": MAX, "label": "mobil"}, {"number": ERIKA}])
        contacts.change(session, number, new, expected_version=version)
    assert [one.number for one in known.numbers] == [ERIKA, MAX]
    assert book(muster)["Erika Müller"] == ([(MAX, "mobil"), (ERIKA, "")], "")
    with muster.read() as session:
        assert [row.name for row in contacts.listed(session).rows] == ["anton", "Erika Müller"]
        for search in ("müller", "0176 04069002", "690 02"):
            assert [row.name for row in contacts.listed(session, search).rows] == ["Erika Müller"]
        actions = [(row.action, row.key) for row in session.scalars(select(AuditRow).where(AuditRow.noun == "contact"))]
    assert sorted(actions) == [("add", "Erika Muster"), ("add", "anton"), ("change", "Erika Muster")]
    with muster.write() as session:
        assert contacts.remove(session, number) == "Erika Müller"
    with muster.read() as session, pytest.raises(UnknownError):
        contacts.contact(session, number)


def test_who_saves_second_is_told(muster: Database):
    number = add(muster, "Erika", ERIKA)
    new = made(Contact, name="Erika", numbers=[{"number": MAX}])
    with muster.write() as session:
        contacts.change(session, number, new, expected_version=1)
    with muster.write() as session, pytest.raises(ConflictError) as caught:
        contacts.change(session, number, new, expected_version=1)
    assert caught.value.version == 2
    with muster.write() as session, pytest.raises(ConflictError):
        contacts.change(session, 999, new, expected_version=1)
    with muster.write() as session, pytest.raises(UnknownError):
        contacts.change(session, 999, new)


@pytest.mark.parametrize(
    ("numbers", "field"), [([], "numbers"), ([ERIKA], "numbers.0"), ([MAX, MAX], "numbers.1")], ids=str
)
def test_a_number_stands_in_the_phone_book_once(muster: Database, numbers: list[str], field: str):
    add(muster, "Erika", ERIKA)
    with pytest.raises(RuleError) as caught:
        add(muster, "Max", *numbers)
    assert [path for path, _ in caught.value.problems] == [field]
    assert list(book(muster)) == ["Erika"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0176 04069001", ERIKA),
        ("+49 (0)176 / 040 690-01", ERIKA),
        ("0049 176 04069001", ERIKA),
        ("tel:+49-176-04069001", ERIKA),
        ("23125010", "+493023125010"),
        ("+44 1632 960001", "+441632960001"),
        ("110", None),
        ("4.91760E+11", None),
        ("Anna", None),
        ("", None),
        ("0" * 70, None),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, number: str | None):
    assert contacts.read_number(text, digit_rules("DE", "30")) == number


# --- files ---


def entries(text: str | bytes, language: str = "de") -> list[tuple[str, list[tuple[str, str]], str]]:
    told = contact_files.decoded(text) if isinstance(text, bytes) else text
    return [(one.name, list(one.numbers), one.note) for one in contact_files.read(told, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Name;Telefon\nErika;0176 1\n", [("Erika", [("0176 1", "")], "")]),
        ("﻿name,number,label,note\r\n\"Muster, Erika\",1,Büro,x\r\n", [("Muster, Erika", [("1", "Büro")], "x")]),
        (
            "Vorname\tNachname\tTelefon geschäftlich\tMobiltelefon\tFax\tNotizen\n\nEva\tKuhn\t1\t2\t3\tn\n",
            [("Eva Kuhn", [("1", "Telefon geschäftlich"), ("2", "Mobiltelefon")], "n")],
        ),
        (
            "First Name,Last Name,Phone 1 - Label,Phone 1 - Value,Phone 2 - Value\nA,B,* Mobile,1 ::: 2,\n",
            [("A B", [("1", "Mobile"), ("2", "Mobile")], "")],
        ),
        ("Firma;Rufnummer\nMuster AG;\"=\"\"0176 1\"\"\"\n", [("Muster AG", [("0176 1", "")], "")]),
        ("Vorname;Nachname;Firma;Telefon\nEva;Kuhn;Muster AG;1\n", [("Eva Kuhn (Muster AG)", [("1", "")], "")]),
        ("Name;Firma;Telefon\nMuster AG, Eva;Muster AG;1\n", [("Muster AG, Eva", [("1", "")], "")]),
        (f"Name;Firma;Telefon\nEva;{'x' * 116};1\n", [("Eva", [("1", "")], "")]),
        ("Name;Nummer\n'=1+1;'+49 1\n", [("=1+1", [("+49 1", "")], "")]),
        ("Name;Nummer\nkurz\n", [("kurz", [], "")]),
        ("Name;Kundennummer;Nummer\nA;5;1\n", [("A", [("1", "")], "")]),
        ("Name;Nummer\nJürgen;1\n".encode("cp1252"), [("Jürgen", [("1", "")], "")]),
        ("Name;Nummer\nJürgen;1\n".encode("utf-16"), [("Jürgen", [("1", "")], "")]),
        ('Name;Nummer\n"a\x07b\nc\u202e";1\n', [("ab c", [("1", "")], "")]),
    ],
)  # fmt: skip
def test_csv_files(text: str | bytes, expected: object):
    assert entries(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "Anna;0176\n", "Name;Ort\nA;B\n", "Nummer\n1\n", "Name;Nummer\n", '"Name;Nummer\n', "\x00;\x00\n"],
)
def test_what_is_no_file_of_contacts_is_told(text: str):
    with pytest.raises(RuleError):
        contact_files.read(text, "de")


CARDS = """BEGIN:VCARD\r
VERSION:4.0\r
N:Muster;Erika;;;\r
FN:Erika\r
  Muster\r
ORG:Muster AG;Einkauf\r
TEL;VALUE=uri;PREF=1;TYPE="voice,cell":tel:+49-176-04069001;ext=5\r
TEL;TYPE=work:+49 30 23125099\r
item1.TEL:030 23125098\r
item1.X-ABLabel:_$!<Lager>!$_\r
TEL;TYPE=fax,work:030 23125097\r
NOTE:zahlt\\, gern\\nspät\r
PHOTO;ENCODING=b:%%%not-base64\r
END:VCARD\r
BEGIN:VCARD\r
VERSION:2.1\r
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6=\r
rg\r
TEL;CELL:0176 04069002\r
END:VCARD\r
BEGIN:VCARD\r
ORG:Muster AG;Einkauf\r
rubbish\r
TEL:1\r
BEGIN:VCARD\r
ORG:Beispiel AG\\; Co;Einkauf\r
TEL:2\r
END:VCARD\r
"""


def test_vcards_of_all_versions_and_a_broken_one():
    found = list(vcards.read(CARDS, "de"))
    assert [card.line for card in found] == [1, 15, 21, 25]
    assert (found[0].name, found[0].note) == ("Erika Muster", "zahlt, gern\nspät")
    assert found[0].numbers == [
        ("+49-176-04069001", "mobil"),
        ("+49 30 23125099", "geschäftlich"),
        ("030 23125098", "Lager"),
    ]
    assert (found[1].name, found[1].numbers) == ("Jörg Müller", [("0176 04069002", "mobil")])
    assert found[2].problem == "END:VCARD is missing"
    assert (found[3].name, found[3].company, found[3].numbers) == ("", "Beispiel AG; Co", [("2", "")])
    assert entries(CARDS)[0][::2] == ("Erika Muster (Muster AG)", "zahlt, gern spät")
    assert entries(CARDS)[3][0] == "Beispiel AG; Co"
    assert next(vcards.read(CARDS, "en")).numbers[0][1] == "mobile"


@given(st.text(max_size=400) | st.text(alphabet='BEGIN:VCARD\nTEL;="\\ENDN+1', max_size=400))
def test_no_file_breaks_the_reader(text: str):
    list(vcards.read(f"BEGIN:VCARD\n{text}", "de"))
    for start in ("", "Name;Nummer\n"):
        with contextlib.suppress(RuleError):
            contact_files.read(start + text, "de")


# --- import ---


@dataclass
class File:
    rows: list[Entry] = field(default_factory=list)

    def row(self, name: str, *numbers: str, note: str = "", label: str = "") -> File:
        self.rows.append(Entry(len(self.rows) + 2, name, tuple((number, label) for number in numbers), note))
        return self


def imported(database: Database, file: File) -> list[tuple[str, str]]:
    """Kind and problems of each line; a look at it says the same, and changes nothing."""
    before = book(database)
    with database.read() as session:
        looked = contact_import.look_at(session, file.rows)
    assert book(database) == before
    with database.write() as session:
        found = contact_import.import_contacts(session, file.rows, "x.csv")
    assert found == looked
    return [(line.kind, "; ".join(line.problems)) for line in found.lines]


def test_an_import_adds_and_changes_and_removes_nothing(muster: Database):
    add(muster, "Erika Muster", ERIKA, note="Kundin")
    file = File().row("erika muster", "0176 04069001", "0176 04069002", label="mobil").row("Neu", "030 23125099")
    assert imported(muster, file) == [("changed", ""), ("new", "")]
    assert book(muster) == {
        "Erika Muster": ([(ERIKA, "mobil"), (MAX, "mobil")], "Kundin"),
        "Neu": ([("+493023125099", "")], ""),
    }
    assert imported(muster, file) == [("same", ""), ("same", "")]


def test_lines_of_one_name_are_one_entry(muster: Database):
    file = File().row("Neu", "030 23125099", note="erst").row("NEU", "030 23125098").row("Neu", "030 23125099")
    assert [kind for kind, _ in imported(muster, file)] == ["new", "changed", "same"]
    assert book(muster) == {"Neu": ([("+493023125099", ""), ("+493023125098", "")], "erst")}


def test_what_cannot_be_taken_is_left_out_and_told(muster: Database):
    add(muster, "Erika", ERIKA)
    file = (
        File()
        .row("Max", "017604069001", "0176 04069002", "x")
        .row("Moritz", "0176 04069001")
        .row("Dritter", "0176 04069002")
        .row("", "0176 04069003")
        .row("Ohne")
        .row("x" * 121, "0176 04069003")
    )
    file.rows.append(Entry(9, problem="END:VCARD is missing"))
    assert imported(muster, file) == [
        ("new", f"{ERIKA} is in the phone book already, as Erika; 'x' is no telephone number"),
        ("refused", f"{ERIKA} is in the phone book already, as Erika"),
        ("refused", f"{MAX} is in the phone book already, as Max"),
        ("refused", "there is no name"),
        ("refused", "there is no number"),
        ("refused", "the name is too long"),
        ("refused", "END:VCARD is missing"),
    ]
    assert book(muster) == {"Erika": ([(ERIKA, "")], ""), "Max": ([(MAX, "")], "")}


@pytest.mark.parametrize("language", ["de", "en"])
def test_what_is_exported_is_imported_as_it_was(muster: Database, language: str):
    add(muster, '=HYPERLINK("http://x.example")', ERIKA, MAX, note="-1; +2")
    add(muster, 'Muster "AG"; Co', "+441632960001")
    with muster.read() as session:
        text = contact_files.to_csv(contacts.everything(session), language)
    for line in text.removeprefix("\ufeff").splitlines()[1:]:
        assert line.lstrip('"')[0] not in "=-@"
    again = contact_files.read(text, language)
    with muster.read() as session:
        assert contact_import.look_at(session, again).counts["same"] == 3
        shortened = contact_files.read(contact_files.shortened(again), language)
    assert [(one.name, one.numbers, one.note) for one in shortened] == [
        (one.name, one.numbers, one.note) for one in again
    ]


# --- names of callers ---


def call(caller: str | None, dialed: str = "+493023125010", device: str | None = None) -> IncomingCall:
    return IncomingCall("uuid", dialed, trunk=None if device else "carrier", device=device, caller_number=caller)


def named(loader: SnapshotLoader, caller: str | None, **more: str) -> dict[str, str]:
    return dict(loader.load(call(caller, **more), TODAY).known_callers)


def test_callers_get_their_names_and_colleagues_win(muster: Database):
    add(muster, "Erika", ERIKA)
    add(muster, "Falsche Anna", "+493023125010")
    loader = SnapshotLoader(muster)
    for spelled in (ERIKA, "017604069001", "004917604069001"):
        assert named(loader, spelled) == {ERIKA: "Erika"}
    assert named(loader, MAX) == {}
    assert named(loader, None) == {}
    assert named(loader, ERIKA, device="anna-desk") == {}
    assert named(loader, "+493023125010", dialed="11") == {"+493023125010": "Anna Schmidt"}


def test_a_caller_who_was_there_before_costs_no_look_up(muster: Database):
    add(muster, "Erika", ERIKA)
    loader = SnapshotLoader(muster)
    statements: list[str] = []
    event.listen(muster.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))

    def asked(caller: str) -> int:
        statements.clear()
        loader.load(call(caller), TODAY)
        return len([one for one in statements if one.startswith("SELECT")])

    loader.load(call(MAX), TODAY)
    assert asked(ERIKA) == 2  # the version, the name
    assert asked(ERIKA) == asked(MAX) == 1
    version = loader.version()
    assert loader.known(call("+4917604069003"), TODAY, version) is None
    for caller, names in ((ERIKA, {ERIKA: "Erika"}), (MAX, {})):
        snapshot = loader.known(call(caller), TODAY, version)
        assert snapshot is not None
        assert snapshot.known_callers == names


def test_a_change_of_the_phone_book_is_seen_by_the_next_call(muster: Database):
    loader = SnapshotLoader(muster)
    assert named(loader, ERIKA) == {}
    number = add(muster, "Erika", ERIKA)
    assert named(loader, ERIKA) == {ERIKA: "Erika"}
    with muster.write() as session:
        contacts.change(session, number, made(Contact, name="Neu", numbers=[{"number": ERIKA}]))
    assert named(loader, ERIKA) == {ERIKA: "Neu"}
    with muster.write() as session:
        contacts.remove(session, number)
    assert named(loader, ERIKA) == {}


def test_without_a_phone_book_no_caller_is_looked_up(muster: Database):
    loader = SnapshotLoader(muster)
    loader.load(call(MAX), TODAY)
    assert loader.known(call(ERIKA), TODAY, loader.version()) is not None


@pytest.mark.postgresql
def test_the_same_in_postgresql(postgresql_url: str):  # noqa: F811
    with company(postgresql_url) as database:
        file = File().row("Erika", "0176 04069001", "0176 04069002").row("Max", "030 23125099")
        assert [kind for kind, _ in imported(database, file)] == ["new", "new"]
        more = File().row("ERIKA", "0176 04069003").row("Max", "030 23125099")
        assert [kind for kind, _ in imported(database, more)] == ["changed", "same"]
        assert named(SnapshotLoader(database), "+4917604069003") == {"+4917604069003": "Erika"}
        with database.write() as session:
            _, version = contacts.contact(session, 1)
            contacts.change(session, 1, made(Contact, name="E", numbers=[{"number": MAX}]), expected_version=version)
            assert [row.name for row in contacts.listed(session, "0176").rows] == ["E"]
