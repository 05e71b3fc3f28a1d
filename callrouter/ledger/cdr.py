"""Reads a CDR as mod_json_cdr writes it, or what can be saved of a damaged one, into the few facts the ledger uses.

Everything in it came from outside: texts are cleaned of control characters and cut to a sane length here, once.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callrouter import variables as v
from callrouter.cases import guard
from callrouter.errors import RecordError
from callrouter.ledger import links
from callrouter.ledger.rings import Leg, entries, legs, moment
from callrouter.notes import Note
from callrouter.routing import waiting
from callrouter.spool import CDR_NAME

#: Larger files are no CDR (bytes); a call with very long headers makes some 50 kB. While a caller waits for a member of
#: a pool, FreeSWITCH writes down each look at who is free (``callflow``): of 30 minutes that are several MB.
MAX_BYTES = 50_000_000

_PAIR = re.compile(r'"([A-Za-z0-9_-]+)"\s*:\s*"((?:[^"\\]|\\.)*)"')
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_E164 = re.compile(r"\+[1-9][0-9]{2,14}")
_OWNER = re.compile(r"(employee|pool):[a-z0-9][a-z0-9_-]{0,39}")
_N = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PRIVACY = {"id", "user", "header", "session", "critical"}

_OURS = (
    *(v.NUMBER, v.OWNER, v.EXTENSION, v.VERSION, v.TRUNK, v.DIRECTION, v.PRIVATE, v.STAGE, v.STEP),
    *(v.FALLBACK, v.OUT_TO, v.OUT_HIDDEN, v.OF + v.SHOWN),
)
_ANSWERED_BY = (v.DEVICE, v.PICKED, v.TAKEN)
_CALLER_FIELDS = (v.CALLER, v.CALLER_NAME, "caller_id_number", "caller_id_name", "sip_from_user", "sip_auth_username")
_PLAIN = (
    "core-uuid",
    "switchname",
    "uuid",
    "direction",
    "start_uepoch",
    "answer_uepoch",
    "bridge_uepoch",
    "end_uepoch",
    "sip_invite_stamp",
    "hangup_cause",
    "sip_Privacy",
    "sip_req_user",
    "destination_number",
    "transfer_disposition",
    "signal_bond",
    "originated_legs",
    "originate_causes",
)
_READ = frozenset((*_OURS, *_ANSWERED_BY, *_CALLER_FIELDS, *_PLAIN, *links.FIELDS))


@dataclass(frozen=True, slots=True)
class Cdr:
    """What is known of one ended call. Times are UTC, None where not known.

    ``source`` is ``cdr`` or ``note`` (made without a CDR, because the switch died). ``leg`` is FreeSWITCH's own
    direction of the channel, ``direction`` ours (empty: not set). ``caller`` is as the router recorded it, else raw;
    it and ``caller_name`` are empty for a private caller. ``by_extension``: ``number`` is the owner's first, dialled
    was the extension. ``account`` is the authenticated SIP user, ``taken`` the
    trunk that took a call out; ``shown``: the number shown there (E.164, or ``anonymous``). ``links``: see
    ``ledger.links``. ``connected``: its phone connected the other side with a call of its own, and left.
    """

    uuid: str
    source: str = "cdr"
    core_uuid: str = ""
    node: str = ""
    leg: str = "inbound"
    direction: str = ""
    number: str | None = None
    by_extension: bool = False
    owner: str | None = None
    dialed: str = ""
    trunk: str | None = None
    caller: str = ""
    caller_name: str = ""
    account: str = ""
    private: bool = False
    fallback: bool = False
    device: str = ""
    taken: str = ""
    shown: str | None = None
    steps: tuple[v.StepMark, ...] = ()
    legs: tuple[Leg, ...] = ()
    links: tuple[str, ...] = ()
    started_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    cause: str = ""
    connected: bool = False
    salvaged: bool = False

    @property
    def ours(self) -> bool:
        """Whether the dialplan or the router ever saw this channel.

        False for the file of a leg that became an A leg by itself (blind transfer by the calling phone):
        such a leg belongs to a call that has its own CDR.
        """
        return bool(self.number or self.owner or self.direction or self.steps)


def clean(text: str, limit: int = 200) -> str:
    """*text* without control characters and half surrogates, at most *limit* characters: fit for rows and mails."""
    return _CONTROL.sub("", text).strip()[:limit]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "ARRAY::" + "|:".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _fields(document: Any) -> dict[str, str]:
    """The fields we use, from a whole CDR; raises RecordError when it is not built like one."""
    variables = document.get("variables") if isinstance(document, dict) else None
    if not isinstance(variables, dict):
        raise RecordError("it has no 'variables'")
    profile: Any = None
    callflow = document.get("callflow")
    if isinstance(callflow, list) and callflow and isinstance(callflow[-1], dict):
        profile = callflow[-1].get("caller_profile")  # the oldest: what the caller came with
    fields = {key: _text(value) for key, value in variables.items() if key in _READ}
    for source in (document, profile):
        if isinstance(source, dict):
            for key in ("core-uuid", "switchname", "caller_id_number", "caller_id_name", "destination_number"):
                if key in source:
                    fields[key] = _text(source[key])
    return fields


def _salvaged_fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for match in _PAIR.finditer(text):
        key = match[1]
        if key in _READ and key not in fields:
            try:
                fields[key] = json.loads(f'"{match[2]}"', strict=False)
            except ValueError:
                fields[key] = match[2]
    return fields


def _private(fields: Mapping[str, str]) -> bool:
    """Whether the caller asked for privacy; a colleague's phone cannot: internal calls always show the employee."""
    if fields.get("sip_auth_username") and not fields.get(v.TRUNK):
        return False
    privacy = {token.strip().lower() for token in re.split("[;,]", fields.get("sip_Privacy", ""))}
    return fields.get(v.PRIVATE) == "true" or bool(privacy & _PRIVACY)


def _marks(texts: list[str]) -> tuple[v.StepMark, ...]:
    marks = (v.StepMark.parse(text) for text in texts)
    return tuple(mark for mark in marks if mark and (mark.kind == "was" or _N.fullmatch(mark.n)))


def _waited(steps: Sequence[v.StepMark]) -> bool:
    """Whether it was answered so that the caller could wait; whoever was talked with came later, if anybody."""
    first = next((mark for mark in steps if mark.kind == "was" or mark.n.startswith(waiting.MARK)), None)
    return first is not None and first.kind != "was"


def _warned(steps: Sequence[v.StepMark]) -> bool:
    """Whether it was answered to be warned of a second call-back; whoever was talked with came later, if anybody."""
    return any(mark.kind == guard.MARK for mark in steps)


def _connected(fields: Mapping[str, str]) -> bool:
    """Whether an attended transfer took the other side away; to a call that still rang FreeSWITCH does not at once."""
    replaced = fields.get("transfer_disposition") in ("replaced", "recv_replace")
    return replaced and bool(fields.get("signal_bond"))


def _owner(text: str | None) -> str | None:
    return text if text and _OWNER.fullmatch(text) else None


def _e164(text: str | None) -> str | None:
    return text if text and _E164.fullmatch(text) else None


def _shown(fields: Mapping[str, str]) -> str | None:
    """What a call out showed to whom it called, once a trunk was asked."""
    if fields.get(v.DIRECTION) != "outbound" or not fields.get(v.OUT_TO):
        return None
    return "anonymous" if fields.get(v.OUT_HIDDEN) == "true" else _e164(fields.get(v.OF + v.SHOWN))


def _build(
    uuid: str, fields: Mapping[str, str], *, log: Sequence[Mapping[str, str]] = (), salvaged: bool = False
) -> Cdr:
    def field(name: str, limit: int = 200) -> str:
        return clean(fields.get(name, ""), limit)

    private = _private(fields)
    steps = _marks(v.step_texts(clean(fields.get(v.STEP, ""), 20_000)))
    answered_at, ended_at = moment(fields.get("answer_uepoch")), moment(fields.get("end_uepoch"))
    if _waited(steps) or _warned(steps):
        answered_at = moment(fields.get("bridge_uepoch"))
    originated, causes = fields.get("originated_legs", ""), fields.get("originate_causes", "")
    dialed = field("sip_req_user") or field("destination_number")
    number = field(v.NUMBER)
    leg = "outbound" if fields.get("direction") == "outbound" else "inbound"
    # Of a leg that we made and that is a caller now, FreeSWITCH's own name is who had called it: us.
    named = field(v.CALLER_NAME) or (field("caller_id_name") if leg == "inbound" else "")
    return Cdr(
        uuid=uuid,
        core_uuid=field("core-uuid"),
        node=field("switchname"),
        leg=leg,
        direction=field(v.DIRECTION, 20),
        number=_e164(number),
        by_extension=fields.get(v.EXTENSION) == "true",
        owner=_owner(fields.get(v.OWNER)),
        dialed=dialed or number,
        trunk=field(v.TRUNK) or field(v.TAKEN) or None,
        caller="" if private else field(v.CALLER) or field("caller_id_number") or field("sip_from_user"),
        caller_name="" if private else named,
        account="" if private else field("sip_auth_username"),
        private=private,
        fallback=fields.get(v.FALLBACK) == "true",
        device=field(v.PICKED) or field(v.DEVICE),
        taken=field(v.TAKEN),
        shown=_shown(fields),
        steps=steps,
        legs=legs(log, originated, causes, answered_at=answered_at, ended_at=ended_at),
        links=links.links(fields),
        started_at=moment(fields.get("start_uepoch")) or moment(fields.get("sip_invite_stamp")),
        answered_at=answered_at,
        ended_at=ended_at,
        cause=field("hangup_cause", 60),
        connected=_connected(fields),
        salvaged=salvaged,
    )


def parse(data: bytes, filename: str) -> Cdr:
    """Read the CDR *data* of the file *filename* (``a_UUID.cdr.json``); invalid UTF-8 is read with replacement.

    What cannot be read whole is salvaged if its number or owner can be found (then ``salvaged`` is set). Raises
    RecordError naming the file and what is wrong with it.
    """
    name = CDR_NAME.fullmatch(filename)
    if not name:
        raise RecordError(f"CDR {filename}: the name is not a_UUID.cdr.json or UUID.cdr.json")
    if len(data) > MAX_BYTES:
        raise RecordError(f"CDR {filename}: {len(data)} bytes are no CDR (limit {MAX_BYTES})")
    text = data.decode("utf-8", "replace")
    try:
        document = json.loads(text)
        return _build(name[1], _fields(document), log=entries(document))
    except (ValueError, RecursionError, RecordError) as error:
        damaged = _build(name[1], _salvaged_fields(text), salvaged=True)
        if not (damaged.number or damaged.owner or damaged.dialed):
            raise RecordError(f"CDR {filename}: cannot be read ({error}), and has no number to save") from error
        return damaged


def without_caller(data: bytes) -> bytes | None:
    """What may be kept of a CDR whose caller asked for privacy: the fields we use, without any of the caller's.

    None when the caller did not ask; then the file may be kept as it is.
    """
    text = data[:MAX_BYTES].decode("utf-8", "replace")
    log: list[dict[str, str]] = []
    try:
        document = json.loads(text)
        fields, log = _fields(document), entries(document)
    except (ValueError, RecursionError, RecordError):
        fields = _salvaged_fields(text)
    if not _private(fields):
        return None
    kept = {key: value for key, value in fields.items() if key not in (*_CALLER_FIELDS, links.PRIVATE)}
    switch = {key: kept.pop(key) for key in ("core-uuid", "switchname") if key in kept}
    document = switch | {"variables": kept, "app_log": {"applications": log}}
    return (json.dumps(document) + "\n").encode("utf-8", "replace")


def from_note(note: Note) -> Cdr:
    """The record of a call whose switch died, as far as the router knew it."""
    return Cdr(
        uuid=note.uuid,
        source="note",
        core_uuid=note.core_uuid,
        direction=clean(note.direction, 20),
        number=_e164(note.number),
        owner=_owner(note.owner),
        dialed=clean(note.dialed),
        trunk=clean(note.trunk or "") or None,
        caller="" if note.private else clean(note.caller),
        caller_name="" if note.private else clean(note.caller_name),
        private=note.private,
        fallback=False,
        steps=_marks([clean(step) for step in note.steps]),
        started_at=note.started_at,
    )


def from_recordings(uuid: str, marks: list[str], recorded_at: dt.datetime) -> Cdr:
    """The record of a call of which recordings alone are left, by step mark; only the fallback's name their owner."""
    steps = tuple(v.StepMark(n, "voicemail", n[2:] if n.startswith("f-") else "") for n in marks)
    return Cdr(uuid=uuid, source="note", direction="inbound", steps=steps, started_at=recorded_at)
