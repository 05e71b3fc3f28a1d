"""The sentences of our mails in German and English, and how times, numbers and lengths are written in them."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from types import MappingProxyType

import phonenumbers

ANONYMOUS = "anonymous"

_DE = {
    "subject": "Anruf von {caller} für {owner}",
    "missed": "Verpasster Anruf",
    "voicemail": "Neue Nachricht auf der Mailbox",
    "caller": "Anrufer",
    "for": "Für",
    "time": "Zeit",
    "reason": "Grund",
    "length": "Länge",
    "subject_anonymous": "Anruf ohne Rufnummer für {owner}",
    "anonymous": "Rufnummer nicht übermittelt",
    "extension": "Nebenstelle {number}",
    "call_back": "Zurückrufen",
    "open_page": "Wer kümmert sich darum? Im Browser ansehen",
    "seconds": "{n} Sekunden",
    "second": "1 Sekunde",
    "minutes": "{m}:{s:02} Minuten",
    "attached": "Die Nachricht ist dieser E-Mail angehängt.",
    "not_attached": "Die Nachricht liegt in Ihrer Mailbox.",
    "interrupted": "Der Anruf wurde durch eine technische Störung unterbrochen. "
    "Hier steht, was davon festgehalten werden konnte.",
    "repaired": "Die Aufnahme brach durch eine technische Störung ab und kann unvollständig sein.",
    "footer": "Diese E-Mail wurde von der Telefonanlage von {company} automatisch verschickt.",
    "abandoned": "Der Anrufer hat aufgelegt, bevor jemand abgenommen hat",
    "abandoned_after": "Der Anrufer hat nach {wait} aufgelegt, bevor jemand abgenommen hat",
    "closed": "Es war geschlossen",
    "waited": "Der Anrufer hat gewartet und aufgelegt, bevor jemand frei war",
    "waited_after": "Der Anrufer hat gewartet und nach {wait} aufgelegt, bevor jemand frei war",
    "waits_full": "Alle Warteplätze waren besetzt",
    "waits_mailbox": "Der Anrufer hat gewartet und ist dann auf die Mailbox gegangen",
    "wants_call_back": "Der Anrufer hat gewartet und dann um Rückruf gebeten",
    "call_back_asked": "Rückruf erbeten",
    "no_answer": "Niemand hat abgenommen",
    "busy": "Alle Telefone waren besetzt",
    "offline": "Kein Telefon war registriert",
    "rejected": "Der Anruf wurde am Telefon abgewiesen",
    "failed": "Die Telefone konnten nicht erreicht werden",
    "switch_stopped": "Die Telefonanlage wurde während des Anrufs beendet",
    "reached_mailbox": "Die Mailbox hat den Anruf angenommen, der Anrufer hat aber keine Nachricht hinterlassen",
    "message_lost": "Die Mailbox hat eine Nachricht aufgenommen, die Aufnahme ist aber nicht lesbar",
    "recording": "Nachricht",
    "employee": "Mitarbeiter",
    "calls_out": "Anrufe nach außen in zehn Minuten",
    "numbers": "Zuletzt gewählt",
    "so_far": "Bisher",
    "since": "seit {since}",
    "state": "Stand",
    "done": "Erledigt",
    "done_by": "Von",
    "colleague": "jemandem aus dem Team",
    "how": "Wie",
    "note": "Notiz",
    "close": "Als erledigt markiert",
    "close_in_mailbox": "Im Postfach {name} als erledigt markiert.",
    "reopen_in_mailbox": "Im Postfach {name} nicht mehr als erledigt markiert.",
    "not_reopened": "Im Postfach {name} nicht mehr als erledigt markiert. Es bleibt erledigt: Auf den Anrufer wartet "
    "schon ein neuerer Rückruf.",
    "called_back": "Der Anrufer wurde zurückgerufen",
    "called_again": "Der Anrufer hat wieder angerufen und wurde verbunden",
    "alarm": "Ungewöhnlich viele Anrufe nach außen",
    "alarm_subject": "Alarm: ungewöhnlich viele Anrufe von {name}",
    "alarm_why": "Wenn das niemand erklären kann, ist vielleicht das Passwort eines Endgeräts in fremden Händen: "
    "Schalten Sie das Endgerät aus, oder geben Sie ihm ein neues Passwort.",
    "digest_subject": "{n} Anrufer warten schon lange auf einen Rückruf",
    "digest_subject_one": "1 Anrufer wartet schon lange auf einen Rückruf",
    "digest_new": "{n} davon sind neu in dieser Übersicht.",
    "digest_new_one": "Einer davon ist neu in dieser Übersicht.",
    "digest_more": "Und {n} weitere Anrufer",
    "digest_more_one": "Und 1 weiterer Anrufer",
    "digest_nobodys": "Ohne Besitzer",
    "digest_why": "In dieser Übersicht steht, wer länger als {wait} auf einen Rückruf wartet. Sie kommt, wenn jemand "
    "dazukommt, höchstens einmal in der Stunde, und sonst einmal am Tag, solange jemand wartet.",
    "open_case": "Im Browser ansehen",
    "open_list": "Alle Rückrufe ansehen",
    "new": "neu",
    "waits_since": "Wartet seit {since}: {waited}",
    "waited_business": "{wait} Öffnungszeit",
    "waited_all": "{wait}",
    "longer_than": "mehr als {wait}",
    "n_calls": "{n} Anrufe",
    "n_calls_one": "1 Anruf",
    "n_messages": "{n} Nachrichten",
    "n_messages_one": "1 Nachricht",
    "n_attempts": "{n}-mal vergeblich zurückgerufen",
    "n_attempts_one": "einmal vergeblich zurückgerufen",
    "wishes_call_back": "bittet um Rückruf",
    "is_open": "Noch kümmert sich niemand darum",
    "is_claimed": "{name} kümmert sich darum",
    "hours": "{h} Std. {m} Min.",
    "hours_only": "{h} Std.",
    "minutes_only": "{m} Min.",
}
_EN = {
    "subject": "Call from {caller} for {owner}",
    "missed": "Missed call",
    "voicemail": "New voicemail message",
    "caller": "Caller",
    "for": "For",
    "time": "Time",
    "reason": "Reason",
    "length": "Length",
    "subject_anonymous": "Call from an unknown number for {owner}",
    "anonymous": "Number not available",
    "extension": "extension {number}",
    "call_back": "Call back",
    "open_page": "Who is on it? See in the browser",
    "seconds": "{n} seconds",
    "second": "1 second",
    "minutes": "{m}:{s:02} minutes",
    "attached": "The message is attached to this mail.",
    "not_attached": "The message is in your mailbox.",
    "interrupted": "The call was interrupted by a technical fault. This is what could be kept of it.",
    "repaired": "The recording was cut off by a technical fault and may be incomplete.",
    "footer": "This mail was sent automatically by the telephone system of {company}.",
    "abandoned": "The caller hung up before anybody answered",
    "abandoned_after": "The caller hung up after {wait}, before anybody answered",
    "closed": "It was closed",
    "waited": "The caller waited, and hung up before anybody was free",
    "waited_after": "The caller waited, and hung up after {wait}, before anybody was free",
    "waits_full": "All places to wait were taken",
    "waits_mailbox": "The caller waited, then went to the mailbox",
    "wants_call_back": "The caller waited, then asked to be called back",
    "call_back_asked": "Call-back requested",
    "no_answer": "Nobody answered",
    "busy": "All phones were busy",
    "offline": "No phone was registered",
    "rejected": "The call was declined on the phone",
    "failed": "The phones could not be reached",
    "switch_stopped": "The telephone system was stopped during the call",
    "reached_mailbox": "The mailbox took the call, but the caller left no message",
    "message_lost": "The mailbox recorded a message, but the recording cannot be read",
    "recording": "Message",
    "employee": "Employee",
    "calls_out": "Calls out in ten minutes",
    "numbers": "Dialled last",
    "so_far": "So far",
    "since": "since {since}",
    "state": "State",
    "done": "Done",
    "done_by": "By",
    "colleague": "a colleague",
    "how": "How",
    "note": "Note",
    "close": "Marked as done",
    "close_in_mailbox": "Marked as done in the mailbox {name}.",
    "reopen_in_mailbox": "No longer marked as done in the mailbox {name}.",
    "not_reopened": "No longer marked as done in the mailbox {name}. It stays done: the caller waits in a newer case.",
    "called_back": "The caller was called back",
    "called_again": "The caller called again and was answered",
    "alarm": "Unusually many calls out",
    "alarm_subject": "Alarm: unusually many calls of {name}",
    "alarm_why": "If nobody can explain it, somebody may have the password of a device: disable the device, or give "
    "it a new password.",
    "digest_subject": "{n} callers have long been waiting to be called back",
    "digest_subject_one": "1 caller has long been waiting to be called back",
    "digest_new": "{n} of them are new in this overview.",
    "digest_new_one": "One of them is new in this overview.",
    "digest_more": "And {n} more callers",
    "digest_more_one": "And 1 more caller",
    "digest_nobodys": "Without an owner",
    "digest_why": "This overview tells who has been waiting to be called back for more than {wait}. It comes when "
    "somebody joins them, at most once an hour, and otherwise once a day as long as anybody waits.",
    "open_case": "See in the browser",
    "open_list": "See all call-backs",
    "new": "new",
    "waits_since": "Waiting since {since}: {waited}",
    "waited_business": "{wait} of opening hours",
    "waited_all": "{wait}",
    "longer_than": "more than {wait}",
    "n_calls": "{n} calls",
    "n_calls_one": "1 call",
    "n_messages": "{n} messages",
    "n_messages_one": "1 message",
    "n_attempts": "called back {n} times in vain",
    "n_attempts_one": "called back once in vain",
    "wishes_call_back": "asks to be called back",
    "is_open": "Nobody is on it yet",
    "is_claimed": "{name} is on it",
    "hours": "{h} h {m} min",
    "hours_only": "{h} h",
    "minutes_only": "{m} min",
}
WORDS = MappingProxyType({"de": MappingProxyType(_DE), "en": MappingProxyType(_EN)})

_DAYS = {
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS = {
    "de": (
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}


def moment(local: dt.datetime, language: str) -> str:
    """A local time as people write it: ``Samstag, 21. November 2026, 15:42 Uhr``."""
    day, month = _DAYS[language][local.weekday()], _MONTHS[language][local.month - 1]
    if language == "de":
        return f"{day}, {local.day}. {month} {local.year}, {local:%H:%M} Uhr"
    return f"{day}, {local.day} {month} {local.year}, {local:%H:%M}"


def duration(seconds: int, language: str) -> str:
    """``1 Sekunde``, ``12 Sekunden``, ``1:05 Minuten``."""
    words = WORDS[language]
    if seconds == 1:
        return words["second"]
    if seconds < 60:
        return words["seconds"].format(n=seconds)
    return words["minutes"].format(m=seconds // 60, s=seconds % 60)


def many(count: int, word: str, language: str) -> str:
    """The sentence *word* about so many, or about one."""
    said = WORDS[language]
    return said[f"{word}_one"] if count == 1 else said[word].format(n=count)


def counted(calls: int, messages: int, attempts: int, language: str, *, call_back: bool = False) -> str:
    """What happened in a case: ``3 Anrufe, 1 Nachricht, bittet um Rückruf, einmal vergeblich zurückgerufen``."""
    what = [many(calls, "n_calls", language)]
    what += [many(messages, "n_messages", language)] if messages else []
    what += [WORDS[language]["wishes_call_back"]] if call_back else []
    what += [many(attempts, "n_attempts", language)] if attempts else []
    return ", ".join(what)


def hours(seconds: int, language: str) -> str:
    """``45 Min.``, ``4 Std.``, ``4 Std. 5 Min.``: what people wait for, to the minute that is full."""
    h, m = divmod(seconds // 60, 60)
    word = "hours" if h and m else "hours_only" if h else "minutes_only"
    return WORDS[language][word].format(h=h, m=m)


@lru_cache(1024)
def number(text: str, country: str, language: str) -> str:
    """An E.164 number as it is written in *country* (ISO 3166), an extension with that word, anything else as it is."""
    if not text.startswith("+"):
        return WORDS[language]["extension"].format(number=text) if text.isdigit() else text
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    home = phonenumbers.country_code_for_region(country) == parsed.country_code
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form)
