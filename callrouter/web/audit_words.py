"""What the audit log calls the fields of records, in the words of the pages' forms."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

#: By the names that records have; whatever else stands in a path (a device's account, a place in a list) is shown so.
FIELDS = {
    "about": _l("About"),
    "answer_after": _l("Answers after (seconds)"),
    "answer_calls": _l("Answer incoming calls"),
    "area_code": _l("Area code"),
    "audio": _l("Recording in the mail"),
    "closed": _l("Closed dates"),
    "country": _l("Country"),
    "days": _l("Days"),
    "devices": _l("Devices"),
    "did_from": _l("Dialled number from"),
    "email": _l("Mail address"),
    "emergency": _l("Emergency numbers"),
    "employee": _l("Employee"),
    "enabled": _l("Enabled"),
    "extension": _l("Extension"),
    "from": _l("From"),
    "holidays": _l("Public holidays"),
    "internal": _l("Internal calls too"),
    "kind": _l("Kind"),
    "label": _l("Label"),
    "language": _l("Language"),
    "mailbox": _l("Mailbox"),
    "members": _l("Members"),
    "name": _l("Name"),
    "note": _l("Note"),
    "notify": _l("Notifications"),
    "numbers": _l("Numbers"),
    "open": _l("Opening hours"),
    "outgoing_number": _l("Number shown outside"),
    "owner": _l("Owner"),
    "password": _l("Password"),
    "peers": _l("Addresses"),
    "personal_number": _l("Personal number"),
    "pin": _l("PIN"),
    "proxy": _l("Proxy"),
    "realm": _l("Realm"),
    "reason": _l("Reason"),
    "register": _l("Registers"),
    "ring_seconds": _l("Rings for (seconds)"),
    "role": _l("Role"),
    "schedule": _l("Schedule"),
    "sip_domain": _l("SIP domain"),
    "sip_password": _l("Password"),
    "state": _l("State"),
    "strategy": _l("Strategy"),
    "timezone": _l("Time zone"),
    "to": _l("To"),
    "username": _l("User name"),
    "when": _l("When"),
}


def field(path: str) -> str:
    """``mailbox.answer_after`` as people read it."""
    return " · ".join(str(FIELDS.get(part, part)) for part in path.split("."))
