"""Writes the mail about a missed call or a message: text and HTML, German or English. No I/O but its templates."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import jinja2

from callrouter.mail import words
from callrouter.routing import waiting

_UNSAFE_ID = re.compile(r"[^A-Za-z0-9._-]")
#: And what turns the direction of the text behind it: a name is not to change how a number reads.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")

TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("callrouter.mail"),
    autoescape=jinja2.select_autoescape(("html.j2",)),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEXT, _HTML = TEMPLATES.get_template("mail.txt.j2"), TEMPLATES.get_template("mail.html.j2")


@dataclass(frozen=True, slots=True)
class Company:
    """What mails say of the company; ``country`` is ISO 3166, ``timezone`` IANA.

    ``pages`` is the address of our pages; empty: mails link to none.
    """

    name: str
    timezone: str
    country: str
    sip_domain: str
    pages: str = ""

    @classmethod
    def of(cls, company: Any, pages: str) -> Company:
        """What they say of *company*: its row, or its part of the document."""
        return cls(company.name, company.timezone, company.country, company.sip_domain, pages)

    def case_page(self, case_id: int) -> str:
        """The address of the page of a case; whoever opens it signs in first, and changes nothing by that."""
        return f"{self.pages}/inbox/{case_id}" if self.pages else ""


@dataclass(frozen=True, slots=True)
class Event:
    """What a mail is about. ``kind`` is missed or voicemail; ``detail`` as in the ledger's parts.

    ``caller`` and ``number`` (dialled) are E.164 or an extension, ``caller`` may be ``anonymous``; ``waited`` in
    seconds, None when not known; ``milliseconds`` is the message's length; ``audio`` (mp3, wav, none) says what is
    attached.
    """

    kind: str
    uuid: str
    n: str
    at: dt.datetime
    owner_name: str
    number: str
    caller: str
    caller_name: str = ""
    detail: str = ""
    waited: int | None = None
    milliseconds: int = 0
    repaired: bool = False
    interrupted: bool = False
    audio: str = "none"

    @property
    def call_back(self) -> bool:
        """Whether the caller has asked to be called back."""
        return self.detail == waiting.CALL_BACK


@dataclass(frozen=True, slots=True)
class Standing:
    """How the case of a mail stands: what was counted ``since`` it was opened, and who is on it (None: nobody)."""

    calls: int
    messages: int
    attempts: int
    since: dt.datetime
    claimed: str | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail but for sender, recipient and attachment. ``mail_id`` is its Message-ID, fixed by call and step."""

    mail_id: str
    subject: str
    headers: dict[str, str]
    text: str
    html: str


def one_line(text: str) -> str:
    """*text* without anything that could end a header line, also where it is hidden in an encoded word (RFC 2047)."""
    return _CONTROL.sub(" ", text).replace("=?", "= ?").strip()


def message_id(uuid: str, n: str, domain: str) -> str:
    """The Message-ID of the mail about step *n* of call *uuid* (RFC 5322 3.6.4): the same however often it is sent."""
    return f"<{uuid}.{_UNSAFE_ID.sub('_', n)}@{domain}>"


def _caller(event: Event, company: Company, language: str) -> str:
    if event.caller == words.ANONYMOUS:
        return words.WORDS[language]["anonymous"]
    written = words.number(event.caller, company.country, language)
    return one_line(f"{event.caller_name} ({written})" if event.caller_name else written)


def subject(event: Event, company: Company, language: str) -> str:
    """The subject of all mails of the event's case: who called whom."""
    form = words.WORDS[language]["subject_anonymous" if event.caller == words.ANONYMOUS else "subject"]
    return form.format(caller=_caller(event, company, language), owner=one_line(event.owner_name))


def _reason(event: Event, language: str) -> str:
    said = words.WORDS[language]
    if event.detail in ("abandoned", waiting.GAVE_UP) and event.waited is not None:
        return said[f"{event.detail}_after"].format(wait=words.duration(event.waited, language))
    return said.get(event.detail, said["failed"])


def _rows(event: Event, company: Company, local: dt.datetime, language: str) -> list[tuple[str, str]]:
    said = words.WORDS[language]
    dialled = words.number(event.number, company.country, language) if event.number else ""
    rows = [
        (said["caller"], _caller(event, company, language)),
        (said["for"], one_line(f"{event.owner_name} ({dialled})" if dialled else event.owner_name)),
        (said["time"], words.moment(local, language)),
    ]
    if event.kind == "voicemail":
        length = max(1, round(event.milliseconds / 1000))
        rows.append((said["length"], words.duration(length, language)))
    else:
        rows.append((said["reason"], _reason(event, language)))
    return rows


def _standing(case: Standing, zone: ZoneInfo, language: str) -> list[tuple[str, str]]:
    """How the case stands, where that is more than the one call that the mail is about."""
    said = words.WORDS[language]
    rows = []
    if case.calls > 1 or case.attempts:
        since = said["since"].format(since=words.moment(case.since.astimezone(zone), language))
        rows.append((said["so_far"], f"{words.counted(case.calls, case.messages, case.attempts, language)}; {since}"))
    if rows or case.claimed is not None:
        nobody, somebody = said["is_open"], said["is_claimed"]
        rows.append((said["state"], nobody if case.claimed is None else somebody.format(name=one_line(case.claimed))))
    return rows


def compose(
    event: Event,
    company: Company,
    *,
    case_id: int,
    case_subject: str,
    root_message_id: str,
    language: str,
    salutation: str = "",
    standing: Standing | None = None,
) -> Mail:
    """The mail about *event*, in the thread that its case began, with how the case stands by then.

    *language* is de or en, *salutation* its first line.
    """
    said = words.WORDS[language]
    zone = ZoneInfo(company.timezone)
    local = event.at.astimezone(zone)
    notes = []
    if event.kind == "voicemail":
        notes.append(said["attached" if event.audio != "none" else "not_attached"])
    if event.interrupted:
        notes.append(said["interrupted"])
    if event.repaired:
        notes.append(said["repaired"])
    mail_id = message_id(event.uuid, event.n, company.sip_domain)
    headers = {"X-Callrouter-Case": str(case_id), "X-Callrouter-Call": event.uuid}
    if root_message_id != mail_id:
        headers |= {"References": root_message_id, "In-Reply-To": root_message_id}
    tel = event.caller if re.fullmatch(r"\+[0-9]{3,15}", event.caller) else ""
    rows = _rows(event, company, local, language) + (_standing(standing, zone, language) if standing else [])
    heading = said["call_back_asked" if event.call_back else event.kind]
    page = company.case_page(case_id)
    link = "open_page" if standing is None or standing.claimed is None else "open_case"
    return _mail(
        mail_id, case_subject, heading, rows, notes, local, company, language, headers, tel, salutation, page, link
    )


@dataclass(frozen=True, slots=True)
class Done:
    """A case that was closed: by whom (None: nobody, empty: a colleague who is not told) and ``how``.

    That is close, called_back or called_again. ``case`` and ``change`` are the ids of their rows.
    """

    case: int
    change: int
    how: str
    at: dt.datetime
    caller: str
    caller_name: str
    owner_name: str
    by: str | None
    note: str
    subject: str
    root_message_id: str


def done(case: Done, company: Company, language: str) -> Mail:
    """The reply, in the thread of *case*, that nobody needs to call back any more."""
    said = words.WORDS[language]
    local = case.at.astimezone(ZoneInfo(company.timezone))
    event = Event("done", "", "", case.at, case.owner_name, "", case.caller, case.caller_name)
    rows = [
        (said["caller"], _caller(event, company, language)),
        (said["for"], one_line(case.owner_name)),
        (said["time"], words.moment(local, language)),
        (said["how"], said[case.how]),
    ]
    if case.by is not None:
        rows.insert(3, (said["done_by"], one_line(case.by) or said["colleague"]))
    if case.note:
        rows.append((said["note"], one_line(case.note)))
    mail_id = message_id(f"case-{case.case}", f"done-{case.change}", company.sip_domain)
    headers = {
        "X-Callrouter-Case": str(case.case),
        "References": case.root_message_id,
        "In-Reply-To": case.root_message_id,
    }
    page = company.case_page(case.case)
    return _mail(
        mail_id, case.subject, said["done"], rows, [], local, company, language, headers, "", "", page, "open_case"
    )


def alarm(
    name: str, key: int, calls: int, numbers: Sequence[str], at: dt.datetime, company: Company, language: str
) -> Mail:
    """The mail that *name* (an employee, row *key*) called out so often, *numbers* among others; one for each hour."""
    said = words.WORDS[language]
    local = at.astimezone(ZoneInfo(company.timezone))
    rows = [
        (said["employee"], one_line(name)),
        (said["time"], words.moment(local, language)),
        (said["calls_out"], str(calls)),
        (said["numbers"], one_line(", ".join(numbers))),
    ]
    mail_id = message_id(f"alarm.{key}.{int(at.timestamp()) // 3600}", "out", company.sip_domain)
    subject = said["alarm_subject"].format(name=one_line(name))
    return _mail(mail_id, subject, said["alarm"], rows, [said["alarm_why"]], local, company, language, {}, "")


def _mail(
    mail_id: str,
    subject: str,
    heading: str,
    rows: Sequence[tuple[str, str]],
    notes: Sequence[str],
    local: dt.datetime,
    company: Company,
    language: str,
    headers: Mapping[str, str],
    tel: str,
    salutation: str = "",
    page: str = "",
    open_page: str = "open_page",
) -> Mail:
    said = words.WORDS[language]
    values = {
        "language": language,
        "salutation": one_line(salutation),
        "heading": heading,
        "rows": rows,
        "notes": notes,
        "tel": tel,
        "call_back": said["call_back"],
        "page": page,
        "open_page": said[open_page],
        "footer": said["footer"].format(company=company.name),
    }
    headers = {**standard_headers(mail_id, local, language), **headers}
    return Mail(mail_id, one_line(subject), headers, _TEXT.render(values), _HTML.render(values))


def standard_headers(mail_id: str, local: dt.datetime, language: str) -> dict[str, str]:
    """The headers that all our mails have."""
    return {
        "Date": email.utils.format_datetime(local),
        "Message-ID": mail_id,
        "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office answers, please
        "Content-Language": language,
    }
