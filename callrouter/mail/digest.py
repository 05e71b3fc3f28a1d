"""Writes the mail that tells of the callers who wait too long: all of a recipient's in one. No I/O but templates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from callrouter.mail import words
from callrouter.mail.compose import TEMPLATES, Company, Mail, message_id, one_line, standard_headers

_TEXT, _HTML = TEMPLATES.get_template("digest.txt.j2"), TEMPLATES.get_template("digest.html.j2")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller who waits since ``since``: ``seconds`` of open time (``business``) or of all; ``more``: and longer.

    ``case`` is the id of its row; ``caller`` is E.164, an extension or ``anonymous``; ``claimed`` is the name of who is
    on it, or empty. ``new``: not told of before.
    """

    case: int
    caller: str
    caller_name: str
    since: dt.datetime
    seconds: float
    business: bool
    more: bool
    calls: int
    messages: int
    attempts: int
    call_back: bool
    claimed: str
    new: bool


@dataclass(frozen=True, slots=True)
class Team:
    """Callers of a team, the oldest first, and how many ``more`` there are; no name: their owner is gone."""

    name: str
    callers: Sequence[Waiting]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Digest:
    """What one recipient (row *key*) is told at a time: ``total`` callers of its teams wait, ``new`` of them newly.

    ``minutes`` is how long is too long.
    """

    key: int
    at: dt.datetime
    minutes: int
    teams: Sequence[Team]
    total: int
    new: int


def digest(found: Digest, company: Company, language: str) -> Mail:
    """The mail about *found*, in *language* (de or en)."""
    said = words.WORDS[language]
    local = found.at.astimezone(ZoneInfo(company.timezone))
    subject = words.many(found.total, "digest_subject", language)
    notes = [words.many(found.new, "digest_new", language)] if 0 < found.new < found.total else []
    values = {
        "language": language,
        "heading": subject,
        "notes": notes,
        "teams": [
            {
                "name": one_line(team.name) or said["digest_nobodys"],
                "callers": [_caller(caller, company, language) for caller in team.callers],
                "more": words.many(team.more, "digest_more", language) if team.more else "",
            }
            for team in found.teams
        ],
        "call_back": said["call_back"],
        "open_page": said["open_case"],
        "why": said["digest_why"].format(wait=words.hours(found.minutes * 60, language)),
        "page": f"{company.pages}/inbox" if company.pages else "",
        "open_list": said["open_list"],
        "footer": said["footer"].format(company=company.name),
    }
    mail_id = message_id(f"digest.{found.key}.{int(found.at.timestamp())}", "cases", company.sip_domain)
    headers = standard_headers(mail_id, local, language)
    return Mail(mail_id, one_line(subject), headers, _TEXT.render(values), _HTML.render(values))


def _caller(caller: Waiting, company: Company, language: str) -> dict[str, object]:
    said = words.WORDS[language]
    if caller.caller == words.ANONYMOUS:
        name = said["anonymous"]
    else:
        written = words.number(caller.caller, company.country, language)
        name = one_line(f"{caller.caller_name} ({written})" if caller.caller_name else written)
    waited = words.hours(int(caller.seconds), language)
    form = said["waited_business" if caller.business else "waited_all"]
    since = words.moment(caller.since.astimezone(ZoneInfo(company.timezone)), language)
    what = words.counted(caller.calls, caller.messages, caller.attempts, language, call_back=caller.call_back)
    return {
        "name": name,
        "new": said["new"] if caller.new else "",
        "waits": said["waits_since"].format(
            since=since, waited=form.format(wait=said["longer_than"].format(wait=waited) if caller.more else waited)
        ),
        "what": what,
        "state": said["is_claimed"].format(name=one_line(caller.claimed)) if caller.claimed else said["is_open"],
        "tel": caller.caller if re.fullmatch(r"\+[0-9]{3,15}", caller.caller) else "",
        "page": company.case_page(caller.case),
    }
