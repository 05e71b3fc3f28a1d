"""``bridge`` in the simulator: which phone gets the call, when, and what the variables say afterwards.

The values are those FreeSWITCH 1.11.2 gives; tests/simulator holds both to them.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from callrouter.simulator import dialstring
from callrouter.simulator.behaviour import Answer, Behaviour, NoAnswer, Offline, Refuse
from callrouter.simulator.channel import Channel

_CAUSE_OF_STATUS = {
    403: "CALL_REJECTED",
    404: "UNALLOCATED_NUMBER",
    408: "RECOVERY_ON_TIMER_EXPIRE",
    410: "NUMBER_CHANGED",
    480: "NO_USER_RESPONSE",
    484: "INVALID_NUMBER_FORMAT",
    486: "USER_BUSY",
    488: "INCOMPATIBLE_DESTINATION",
    502: "NETWORK_OUT_OF_ORDER",
    504: "RECOVERY_ON_TIMER_EXPIRE",
    600: "USER_BUSY",
    603: "CALL_REJECTED",
    604: "NO_ROUTE_DESTINATION",
    606: "INCOMPATIBLE_DESTINATION",
}
_DIALSTATUS = {
    "SUCCESS": "SUCCESS",
    "USER_BUSY": "BUSY",
    "NO_ANSWER": "NOANSWER",
    "CALL_REJECTED": "DONTCALL",
    "ORIGINATOR_CANCEL": "CANCEL",
}
#: After these the caller stays although ``continue_on_fail`` is not set.
_NEVER_FATAL = ("NO_ANSWER", "NO_USER_RESPONSE", "ORIGINATOR_CANCEL")


@dataclass(slots=True)
class _Phone:
    leg: dialstring.Leg
    behaviour: Behaviour
    uuid: str
    cause: str = ""

    @property
    def ends_at(self) -> float:
        """When it answers or refuses by itself, seconds of ringing; infinite for the others."""
        return self.behaviour.after if isinstance(self.behaviour, Answer | Refuse) else float("inf")


def bridge(channel: Channel, text: str) -> None:
    """Ring what the dial string names at once; the first to answer talks until one side hangs up."""
    try:
        shared, legs = dialstring.parse(text)
    except ValueError:
        _failed(channel, "DESTINATION_OUT_OF_ORDER")
        return
    if channel.variables.get("preserve_originated_vars") == "false":
        for name in ("originated_legs", "originate_causes"):
            channel.variables.pop(name, None)
    phones = []
    for leg in legs:
        behaviour = channel.call.phones.get(leg.user, Offline())
        if isinstance(behaviour, Offline):
            channel.note(leg.user, "is not registered")
        else:
            leg_uuid = leg.variables.get("origination_uuid") or str(uuid.uuid4())
            phones.append(_Phone(leg, behaviour, leg_uuid))
            channel.note(leg.user, "gets the call" if isinstance(behaviour, Refuse) else "rings")
    if not phones:
        _failed(channel, "USER_NOT_REGISTERED")
        return
    limit = _time_limit(channel, shared, legs)
    winner = _ring(channel, phones, limit)
    for phone in phones:
        variables = shared | phone.leg.variables
        name = variables.get("origination_callee_id_name", "Outbound Call")
        number = variables.get("origination_callee_id_number", phone.leg.address.rsplit("/", 1)[-1])
        channel.push("originated_legs", f"{phone.uuid};{name};{number}")
        channel.push("originate_causes", f"{phone.uuid};{phone.cause}")
    if winner is None:
        cause = next((p.cause for p in phones if p.cause in ("NO_ANSWER", "ORIGINATOR_CANCEL")), phones[0].cause)
        _failed(channel, cause)
    else:
        _talk(channel, winner, shared | winner.leg.variables)


def _time_limit(channel: Channel, shared: dict[str, str], legs: list[dialstring.Leg]) -> float:
    """``originate_timeout`` goes before the caller's ``call_timeout``; 60 s is the default. Legs may end earlier."""
    limit = float(shared.get("originate_timeout") or channel.variables.get("call_timeout") or 60)
    of_legs = [float(leg.variables.get("leg_timeout") or limit) for leg in legs]
    return min(limit, max(of_legs))


def _ring(channel: Channel, phones: list[_Phone], limit: float) -> _Phone | None:
    """Wait for the first answer, the last refusal, the time limit or the caller; sets each phone's cause."""
    begun = channel.elapsed
    if any(isinstance(phone.behaviour, Answer | NoAnswer) for phone in phones):
        channel.ring()
    for phone in sorted(phones, key=lambda phone: phone.ends_at):
        if channel.wait(min(phone.ends_at, limit) - (channel.elapsed - begun)):
            _cancel(channel, phones, "ORIGINATOR_CANCEL" if channel.cause == "ORIGINATOR_CANCEL" else "NORMAL_CLEARING")
            return None
        if phone.ends_at > limit:
            _cancel(channel, phones, "NO_ANSWER")
            return None
        if isinstance(phone.behaviour, Answer):
            phone.cause = "NONE"
            channel.note(phone.leg.user, "answers")
            _cancel(channel, phones, "LOSE_RACE")
            return phone
        assert isinstance(phone.behaviour, Refuse)
        phone.cause = _CAUSE_OF_STATUS.get(phone.behaviour.status, "NORMAL_TEMPORARY_FAILURE")
        channel.note(phone.leg.user, f"refuses with {phone.behaviour.status}")
        channel.variables["last_bridge_proto_specific_hangup_cause"] = f"sip:{phone.behaviour.status}"
        if phone.cause in channel.variables.get("fail_on_single_reject", "") and any(not one.cause for one in phones):
            _cancel(channel, phones, "NO_ANSWER")
            return None
    return None


def _cancel(channel: Channel, phones: list[_Phone], cause: str) -> None:
    for phone in phones:
        if not phone.cause:
            phone.cause = cause
            why = "answered elsewhere" if cause == "LOSE_RACE" else cause
            channel.note(phone.leg.user, f"stops ringing ({why})")


def _failed(channel: Channel, cause: str) -> None:
    channel.variables |= {
        "originate_disposition": cause,
        "originate_failed_cause": cause,
        "DIALSTATUS": _DIALSTATUS.get(cause, cause),
    }
    if cause not in ("USER_NOT_REGISTERED", "ORIGINATOR_CANCEL"):
        channel.variables["last_bridge_hangup_cause"] = cause
    goes_on = channel.variables.get("continue_on_fail", "")
    if goes_on != "true" and cause not in goes_on.split(",") and cause not in _NEVER_FATAL:
        channel.hangup(cause)


def _talk(channel: Channel, phone: _Phone, leg_variables: dict[str, str]) -> None:
    channel.answer()
    channel.bridged_at = channel.elapsed
    for name in channel.variables.get("import", "").split(","):
        if name and name in leg_variables:
            channel.variables[name] = leg_variables[name]
    channel.variables |= {
        "originate_disposition": "SUCCESS",
        "DIALSTATUS": "SUCCESS",
        "last_bridge_to": phone.uuid,
        "bridge_uuid": phone.uuid,
        "signal_bond": phone.uuid,
    }
    channel.variables.pop("originate_failed_cause", None)
    assert isinstance(phone.behaviour, Answer)
    call, talk = channel.call, phone.behaviour.hang_up_after
    ends = {"phone": float("inf") if talk is None else talk}
    ends["caller"] = float("inf") if call.hang_up_after_answer is None else call.hang_up_after_answer
    first = min(ends, key=lambda side: ends[side])
    if ends[first] == float("inf"):
        channel.hung_up.wait()
    elif not channel.wait(ends[first]):
        if first == "caller":
            channel.caller_hangs_up()
        else:
            channel.note(phone.leg.user, "hangs up")
            channel.variables |= {
                "last_bridge_hangup_cause": "NORMAL_CLEARING",
                "last_bridge_proto_specific_hangup_cause": "sip:200",
            }
    channel.variables["bridge_hangup_cause"] = "NORMAL_CLEARING"
    if channel.variables.get("hangup_after_bridge") == "true":
        channel.hangup("NORMAL_CLEARING")
