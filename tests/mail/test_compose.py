from __future__ import annotations

import dataclasses
import datetime as dt
import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.mail import words
from callrouter.mail.compose import Company, Done, Event, Mail, Standing, compose, done, message_id, subject
from callrouter.mail.message import build
from callrouter.mail.outbox import Leased

UUID = "4123f9b2-ef69-414a-b3fd-9e1fd83136cb"
COMPANY = Company("Muster GmbH", "Europe/Berlin", "DE", "pbx.muster.example")
MISSED = Event(
    kind="missed",
    uuid=UUID,
    n="1",
    at=dt.datetime(2026, 11, 21, 14, 42, tzinfo=dt.UTC),
    owner_name="Anna Schmidt",
    number="+493023125010",
    caller="+4917604069001",
    caller_name="Erika Muster",
    detail="abandoned",
    waited=12,
)
MESSAGE = dataclasses.replace(MISSED, kind="voicemail", detail="", milliseconds=65_400, audio="mp3")


def write(event: Event, language: str = "de", root: str = "", standing: Standing | None = None) -> Mail:
    return compose(
        event,
        COMPANY,
        case_id=7,
        case_subject=subject(event, COMPANY, language),
        root_message_id=root or message_id(event.uuid, event.n, COMPANY.sip_domain),
        language=language,
        standing=standing,
    )


def wire(mail: Mail) -> bytes:
    """The mail as it goes to the server."""
    leased = Leased(1, "anna@muster.example", mail.subject, mail.headers, mail.text, mail.html, "none", None)
    data = build(leased, "telefon@muster.example").as_bytes()
    assert all(len(line) <= 998 for line in data.splitlines())  # RFC 5322 2.1.1
    data.decode("ascii")  # servers without 8BITMIME take it too
    return data


def sent(mail: Mail) -> EmailMessage:
    """The mail as a recipient's program reads it."""
    return email.message_from_bytes(wire(mail), policy=email.policy.default)


def test_a_missed_call_in_german() -> None:
    mail = write(MISSED)
    assert mail.subject == "Anruf von Erika Muster (0176 04069001) für Anna Schmidt"
    assert mail.text.splitlines() == [
        "Verpasster Anruf",
        "",
        "Anrufer: Erika Muster (0176 04069001)",
        "Für: Anna Schmidt (030 23125010)",
        "Zeit: Samstag, 21. November 2026, 15:42 Uhr",
        "Grund: Der Anrufer hat nach 12 Sekunden aufgelegt, bevor jemand abgenommen hat",
        "",
        "Zurückrufen: tel:+4917604069001",
        "",
        "-- ",
        "Diese E-Mail wurde von der Telefonanlage von Muster GmbH automatisch verschickt.",
    ]
    assert 'href="tel:+4917604069001"' in mail.html


def test_a_message_in_english() -> None:
    mail = write(MESSAGE, "en")
    assert mail.subject == "Call from Erika Muster (0176 04069001) for Anna Schmidt"
    assert "Time: Saturday, 21 November 2026, 15:42" in mail.text
    assert "Length: 1:05 minutes" in mail.text
    assert "The message is attached to this mail." in mail.text
    assert "Reason" not in mail.text


def test_headers_tell_machines_what_this_is() -> None:
    mail = sent(write(MISSED))
    assert mail["Message-ID"] == f"<{UUID}.1@pbx.muster.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == MISSED.at
    assert (mail["X-Callrouter-Case"], mail["X-Callrouter-Call"]) == ("7", UUID)
    assert mail["References"] is None


def test_a_later_mail_of_the_case_belongs_to_its_thread_whatever_the_ids_length() -> None:
    root = f"<{UUID}.1@{'a-very-long-name.' * 5}muster.example>"
    data = wire(write(MISSED, root=root))
    assert f"\r\nReferences: {root}\r\n".encode() in data
    assert f"\r\nIn-Reply-To: {root}\r\n".encode() in data


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(
    "detail",
    [
        "abandoned",
        "no_answer",
        "busy",
        "offline",
        "rejected",
        "failed",
        "switch_stopped",
        "reached_mailbox",
        "message_lost",
    ],
)
def test_every_reason_has_its_own_sentence(language: str, detail: str) -> None:
    text = write(dataclasses.replace(MISSED, detail=detail, waited=None), language).text
    assert words.WORDS[language][detail] in text
    assert "{" not in text


def test_both_languages_say_the_same_things() -> None:
    assert words.WORDS["de"].keys() == words.WORDS["en"].keys()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"interrupted": True}, "technische Störung unterbrochen"),
        ({"repaired": True}, "kann unvollständig sein"),
        ({"audio": "none"}, "Die Nachricht liegt in Ihrer Mailbox."),
        ({"milliseconds": 1200}, "Länge: 1 Sekunde\n"),
        ({"caller": "anonymous", "caller_name": ""}, "Anrufer: Rufnummer nicht übermittelt"),
        ({"caller": "11", "caller_name": "Ben Yılmaz"}, "Anrufer: Ben Yılmaz (Nebenstelle 11)"),
        ({"caller": "+18005550199", "caller_name": ""}, "Anrufer: +1 800-555-0199"),
        ({"number": "10"}, "Für: Anna Schmidt (Nebenstelle 10)"),
        ({"number": ""}, "Für: Anna Schmidt\n"),
    ],
)
def test_what_a_mail_says_besides(change: dict[str, object], said: str) -> None:
    assert said in write(dataclasses.replace(MESSAGE, **change)).text


def test_an_anonymous_caller_has_no_number_to_call_back() -> None:
    mail = write(dataclasses.replace(MISSED, caller="anonymous", caller_name=""))
    assert "tel:" not in mail.text + mail.html
    assert mail.subject == "Anruf ohne Rufnummer für Anna Schmidt"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC), "Donnerstag, 2. Juli 2026, 00:30 Uhr"),
        (dt.datetime(2026, 12, 31, 23, 5, tzinfo=dt.UTC), "Freitag, 1. Januar 2027, 00:05 Uhr"),
    ],
)
def test_times_are_those_of_the_company(at: dt.datetime, said: str) -> None:
    assert said in write(dataclasses.replace(MISSED, at=at)).text


def test_html_from_a_caller_stays_text() -> None:
    name = '<img src=x onerror="alert(1)">&'
    mail = write(dataclasses.replace(MISSED, caller_name=name, owner_name=name))
    assert "<img" not in mail.html
    assert "&lt;img src=x" in mail.html


@given(name=st.text(max_size=80), owner=st.text(min_size=1, max_size=40), language=st.sampled_from(["de", "en"]))
def test_no_name_makes_a_header_of_its_own(name: str, owner: str, language: str) -> None:
    event = dataclasses.replace(MISSED, caller_name=name, owner_name=owner)
    mail = sent(write(event, language))
    assert set(mail.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language"),
        *("X-Callrouter-Case", "X-Callrouter-Call", "Content-Type", "MIME-Version"),
    }
    assert mail["To"] == "anna@muster.example"


@pytest.mark.parametrize("owner", ["=?utf-8?q?a=0D=0ABcc:_x=40y.example?=", "=?utf-8?b?YQ0KQmNjOiB4QHkuZXhhbXBsZQ==?="])
def test_no_encoded_word_makes_a_header_of_its_own(owner: str) -> None:
    mail = sent(write(dataclasses.replace(MISSED, owner_name=owner)))
    assert mail["Bcc"] is None
    assert owner.replace("=?", "= ?") in mail["Subject"]


@pytest.mark.parametrize("hostile", ["a\r\nBcc: x@y.example", "<script>x</script>", "=?utf-8?q?x?=", "\u2028x"])
def test_a_salutation_is_one_line_of_text(hostile: str) -> None:
    mail = compose(
        MISSED, COMPANY, case_id=7, case_subject="x", root_message_id="<x@y>", language="de", salutation=hostile
    )
    assert mail.text.split("\n")[1:3] == ["", "Verpasster Anruf"]
    assert "<script>" not in mail.html
    assert sent(mail)["Bcc"] is None


def test_a_name_does_not_turn_the_number_behind_it() -> None:
    mail = write(dataclasses.replace(MISSED, caller_name="Kunde \u202e\u2066x"))
    assert not any(turns in part for turns in "\u202e\u2066" for part in (mail.subject, mail.text, mail.html))
    assert "Kunde" in mail.text


def test_mails_of_a_case_link_to_its_page_where_there_are_pages() -> None:
    at = MISSED.at
    said = Done(7, 3, "close", at, MISSED.caller, "", MISSED.owner_name, "Anna", "", "Anruf", "<root@x>")
    for company, link in (
        (COMPANY, ""),
        (dataclasses.replace(COMPANY, pages="https://tk.example"), "https://tk.example/inbox/7"),
    ):
        for mail in (
            compose(MISSED, company, case_id=7, case_subject="Anruf", root_message_id="<root@x>", language="de"),
            done(said, company, "de"),
        ):
            assert (f'href="{link}"' in mail.html) is bool(link)
            assert (f"Im Browser ansehen: {link}\n" in mail.text) is bool(link)
            assert "/inbox/" not in mail.text.replace(link or "-", "")


FIRST = Standing(1, 0, 0, MISSED.at)


@pytest.mark.parametrize(
    ("language", "standing", "said"),
    [
        ("de", FIRST, []),
        ("de", dataclasses.replace(FIRST, claimed="Ben Yılmaz"), ["Stand: Ben Yılmaz kümmert sich darum"]),
        (
            "de",
            Standing(4, 1, 1, MISSED.at),
            [
                "Bisher: 4 Anrufe, 1 Nachricht, einmal vergeblich zurückgerufen; "
                "seit Samstag, 21. November 2026, 15:42 Uhr",
                "Stand: Noch kümmert sich niemand darum",
            ],
        ),
        (
            "en",
            Standing(2, 0, 0, MISSED.at, "Ben\r\nBcc: x"),
            ["So far: 2 calls; since Saturday, 21 November 2026, 15:42", "State: Ben Bcc: x is on it"],
        ),
    ],
)
def test_a_mail_says_how_its_case_stands(language: str, standing: Standing, said: list[str]) -> None:
    mail = write(MISSED, language, standing=standing)
    labels = ("Bisher", "Stand", "So far", "State")
    assert [line for line in mail.text.splitlines() if line.startswith(labels)] == said
    assert all(value.split(": ", 1)[1] in mail.html for value in said)


def test_of_a_case_that_is_done_no_mail_asks_who_is_on_it() -> None:
    company = dataclasses.replace(COMPANY, pages="https://telefon.muster.example")
    case = Done(
        7, 3, "close", MISSED.at, MISSED.caller, "", "Vertrieb", "Ben Yılmaz", "", "Anruf", "<one@muster.example>"
    )
    text = done(case, company, "de").text
    assert "\nIm Browser ansehen: https://telefon.muster.example/inbox/7\n" in text
    assert "Wer kümmert" not in text
