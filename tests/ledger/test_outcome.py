from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.ledger.audio import Audio
from callrouter.ledger.cdr import Cdr
from callrouter.ledger.outcome import outcome
from callrouter.variables import StepMark
from tests.ledger.company import START, UUID

SPOKEN = Audio(b"", 4000, False, True)
SILENT = Audio(b"", 4000, False, False)


def parts(*steps: str, recordings: dict[str, Audio | None] | None = None, **fields: object) -> list[tuple[str, ...]]:
    marks = tuple(mark for step in steps if (mark := StepMark.parse(step)))
    values = {"direction": "inbound", "owner": "employee:anna", "cause": "ORIGINATOR_CANCEL"} | fields
    record = outcome(Cdr(uuid=UUID, steps=marks, **values), recordings or {})
    return [
        (part.n, part.owner.rpartition(":")[2], str(part.outcome), part.detail, part.device or "", part.recording or "")
        for part in record.parts
    ]


GUARD = "guard;guard;employee:anna;claimed;ben@12"
RING, VOICE = "1;ring;employee:anna", "2;voicemail;employee:anna"

TABLE = {
    "cancelled before the router's first step": ([], {}, {}, [("0", "anna", "missed", "abandoned", "", "")]),
    "abandoned while ringing": ([RING], {}, {}, [("1", "anna", "missed", "abandoned", "", "")]),
    "nobody answered": ([RING, RING + ";no_answer"], {}, {}, [("1", "anna", "missed", "no_answer", "", "")]),
    "busy": ([RING, RING + ";busy"], {}, {}, [("1", "anna", "missed", "busy", "", "")]),
    "closed": (["1;announce;pool:sales;closed"], {}, {}, [("1", "sales", "missed", "closed", "", "")]),
    "closed, where it went on after nobody answered": (
        [RING, RING + ";no_answer", RING + ";forwarded", "2;announce;pool:sales;closed"],
        {},
        {},
        [("1", "anna", "missed", "forwarded", "", ""), ("2", "sales", "missed", "closed", "", "")],
    ),
    "closed, and a mailbox that took no message": (
        ["1;announce;employee:anna;closed", VOICE],
        {},
        {},
        [("1", "anna", "missed", "reached_mailbox", "", "")],
    ),
    "given up at the warning that somebody else is on it": (
        [GUARD],
        {},
        {"direction": "outbound"},
        [("guard", "anna", "rejected", "guard", "", "")],
    ),
    "called all the same": (
        [GUARD, "d-carrier;dial;employee:anna"],
        {},
        {"direction": "outbound", "answered_at": START},
        [("guard", "anna", "answered", "", "", "")],
    ),
    "called all the same, and nobody answered": (
        [GUARD, "d-carrier;dial;employee:anna"],
        {},
        {"direction": "outbound"},
        [("guard", "anna", "unanswered", "ORIGINATOR_CANCEL", "", "")],
    ),
    "called all the same, and refused": (
        [GUARD, "d-refused;reject;employee:anna;company_busy"],
        {},
        {"direction": "outbound"},
        [("guard", "anna", "rejected", "company_busy", "", "")],
    ),
    "offline": ([RING, RING + ";offline"], {}, {}, [("1", "anna", "missed", "offline", "", "")]),
    "declined": ([RING, RING + ";rejected"], {}, {}, [("1", "anna", "missed", "rejected", "", "")]),
    "answered, told by the imported device": (
        [RING],
        {},
        {"device": "anna-desk", "cause": "NORMAL_CLEARING"},
        [("1", "anna", "answered", "", "anna-desk", "")],
    ),
    "answered and hung up before the device was noted": (
        [RING],
        {},
        {"answered_at": START, "cause": "NORMAL_CLEARING"},
        [("1", "anna", "answered", "", "", "")],
    ),
    "answered before by somebody else, then abandoned": (
        ["1;ring;employee:ben", "was;ben-desk", "2;ring;employee:anna"],
        {},
        {"answered_at": START},
        [("1", "ben", "answered", "", "ben-desk", ""), ("2", "anna", "missed", "abandoned", "", "")],
    ),
    "answered, told by the router": (
        [RING, RING + ";answered;anna-soft"],
        {},
        {},
        [("1", "anna", "answered", "", "anna-soft", "")],
    ),
    "a message": (
        [RING, RING + ";no_answer", VOICE, VOICE + ";recorded"],
        {"2": SPOKEN},
        {},
        [("1", "anna", "voicemail", "", "", "2")],
    ),
    "the caller hung up while recording": (
        [RING, RING + ";no_answer", VOICE],
        {"2": SPOKEN},
        {},
        [("1", "anna", "voicemail", "", "", "2")],
    ),
    "said nothing to the mailbox": (
        [RING, RING + ";no_answer", VOICE, VOICE + ";empty"],
        {"2": SILENT},
        {},
        [("1", "anna", "missed", "reached_mailbox", "", "")],
    ),
    "hung up during the greeting": (
        [RING, RING + ";busy", VOICE],
        {},
        {},
        [("1", "anna", "missed", "reached_mailbox", "", "")],
    ),
    "the recording is gone": ([VOICE, VOICE + ";recorded"], {}, {}, [("2", "anna", "missed", "message_lost", "", "")]),
    "the recording is garbage": ([VOICE], {"2": None}, {}, [("2", "anna", "missed", "message_lost", "", "")]),
    "a recording that no step claims": ([], {"2": SPOKEN}, {}, [("2", "anna", "voicemail", "", "", "2")]),
    "answered, then transferred into another mailbox": (
        [RING, "was;anna-desk", "2;ring;employee:ben", "2;ring;employee:ben;no_answer", "3;voicemail;employee:ben"],
        {"3": SPOKEN},
        {"device": ""},
        [("1", "anna", "answered", "", "anna-desk", ""), ("2", "ben", "voicemail", "", "", "3")],
    ),
    "answered, then transferred and abandoned": (
        [RING, "was;anna-desk", "2;ring;employee:ben"],
        {},
        {},
        [("1", "anna", "answered", "", "anna-desk", ""), ("2", "ben", "missed", "abandoned", "", "")],
    ),
    "answered, then sent to the own mailbox": (
        [RING, "was;anna-desk", VOICE],
        {"2": SPOKEN},
        {},
        [("1", "anna", "answered", "", "anna-desk", ""), ("2", "anna", "voicemail", "", "", "2")],
    ),
    "the fallback rings alone": (
        ["f-anna;ring;employee:anna", "f-anna;ring;employee:anna;no_answer", "f-anna;voicemail;employee:anna"],
        {"f-anna": SPOKEN},
        {"fallback": True},
        [("f-anna", "anna", "voicemail", "", "", "f-anna")],
    ),
    "the router died while ringing, the fallback went on": (
        [RING, "f-anna;ring;employee:anna", "f-anna;ring;employee:anna;no_answer", "f-anna;voicemail;employee:anna"],
        {"f-anna": SPOKEN},
        {"fallback": True},
        [("1", "anna", "voicemail", "", "", "f-anna")],
    ),
    "the router died while ringing, the fallback took the message at once": (
        [RING, "f-anna;voicemail;employee:anna;recorded"],
        {"f-anna": SPOKEN},
        {"fallback": True},
        [("1", "anna", "voicemail", "", "", "f-anna")],
    ),
    "the same mailbox twice in one call": (
        ["f-anna;voicemail;employee:anna;recorded", "was;x", "f-anna;voicemail;employee:anna"],
        {"f-anna": SPOKEN},
        {"fallback": True},
        [("f-anna", "anna", "missed", "message_lost", "", ""), ("f-anna_2", "anna", "voicemail", "", "", "f-anna")],
    ),
    "the consultation call of an attended transfer": (
        [RING],
        {},
        {"cause": "ATTENDED_TRANSFER", "direction": "internal"},
        [("1", "anna", "answered", "transferred", "", "")],
    ),
    "FreeSWITCH stopped": (
        [RING],
        {},
        {"cause": "SYSTEM_SHUTDOWN"},
        [("1", "anna", "missed", "switch_stopped", "", "")],
    ),
    "FreeSWITCH died": (
        [RING],
        {},
        {"source": "note", "cause": ""},
        [("1", "anna", "missed", "switch_stopped", "", "")],
    ),
    "unknown number": (
        ["1;reject;;unknown_number"],
        {},
        {"owner": None},
        [("1", "", "rejected", "unknown_number", "", "")],
    ),
    "blocked caller": (
        ["1;reject;employee:anna;blocked_caller"],
        {},
        {},
        [("1", "anna", "rejected", "blocked_caller", "", "")],
    ),
    "outgoing, answered": (
        ["1;dial;employee:anna", "1;dial;employee:anna;answered"],
        {},
        {"direction": "outbound"},
        [("1", "anna", "answered", "", "", "")],
    ),
    "outgoing, busy": (
        ["1;dial;employee:anna", "1;dial;employee:anna;USER_BUSY"],
        {},
        {"direction": "outbound"},
        [("1", "anna", "unanswered", "USER_BUSY", "", "")],
    ),
    "outgoing, the second trunk took it": (
        ["d-one;dial;employee:anna", "d-one;dial;employee:anna;GATEWAY_DOWN", "d-two;dial;employee:anna"],
        {},
        {"direction": "outbound", "taken": "two", "answered_at": START},
        [("d-one", "anna", "answered", "", "", "")],
    ),
    "answered, transferred out and answered there": (
        [RING, "was;anna-desk", "d-one;dial;employee:anna"],
        {},
        {"answered_at": START, "taken": "one"},
        [("1", "anna", "answered", "", "anna-desk", ""), ("d-one", "anna", "answered", "", "", "")],
    ),
    "answered, transferred out, and given up while it rang there": (
        [RING, "was;anna-desk", "d-one;dial;employee:anna"],
        {},
        {"answered_at": START, "cause": "ORIGINATOR_CANCEL"},
        [("1", "anna", "answered", "", "anna-desk", ""), ("d-one", "anna", "unanswered", "ORIGINATOR_CANCEL", "", "")],
    ),
    "a leg of a call out, transferred to a phone, given up there": (
        [RING],
        {},
        {"leg": "outbound", "answered_at": START},
        [("1", "anna", "missed", "abandoned", "", "")],
    ),
    "refused, going out": (
        ["d-refused;reject;employee:anna;not_allowed"],
        {},
        {"direction": "outbound", "owner": None},
        [("d-refused", "anna", "rejected", "not_allowed", "", "")],
    ),
    "nothing known": ([], {}, {"owner": None}, []),
}


@pytest.mark.parametrize("name", TABLE)
def test_what_a_call_becomes(name: str) -> None:
    steps, recordings, fields, expected = TABLE[name]
    assert parts(*steps, recordings=recordings, **fields) == expected


@pytest.mark.parametrize(
    ("fields", "interrupted"), [({}, False), ({"fallback": True}, True), ({"source": "note"}, True)]
)
def test_interrupted_is_what_fallback_or_note_finished(fields: dict[str, object], interrupted: bool) -> None:
    assert outcome(Cdr(uuid=UUID, owner="employee:anna", **fields), {}).interrupted is interrupted


_word = st.text("abc12-;:", max_size=6)
_mark = st.builds(
    StepMark,
    n=st.sampled_from(["1", "2", "f-anna"]) | _word,
    kind=st.sampled_from(["ring", "voicemail", "reject", "dial", "was"]) | _word,
    owner=st.sampled_from(["", "employee:anna", "pool:sales"]) | _word,
    result=st.sampled_from(["", "answered", "recorded", "busy"]) | _word,
    device=st.sampled_from(["", "anna-desk"]),
)


@given(
    steps=st.lists(_mark, max_size=12).map(tuple),
    recordings=st.dictionaries(st.sampled_from(["1", "2", "f-anna", "9"]), st.sampled_from([SPOKEN, SILENT, None])),
    owner=st.none() | st.just("employee:anna"),
    cause=st.sampled_from(["", "ATTENDED_TRANSFER", "NORMAL_CLEARING"]),
    device=st.sampled_from(["", "anna-desk"]),
    answered=st.sampled_from([None, START]),
)
def test_every_list_of_steps_has_an_outcome(steps, recordings, owner, cause, device, answered) -> None:
    cdr = Cdr(uuid=UUID, steps=steps, owner=owner, cause=cause, device=device, answered_at=answered)
    record = outcome(cdr, recordings)
    marks = [part.n for part in record.parts]
    assert len(marks) == len(set(marks))
    used = [part.recording for part in record.parts if part.recording]
    assert len(used) == len(set(used))
    assert set(used) <= {n for n, audio in recordings.items() if audio is SPOKEN}
