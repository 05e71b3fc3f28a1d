"""The caller's channel in the simulator: its variables, its clock, its end, its CDR as mod_json_cdr writes it."""

from __future__ import annotations

import json
import re
import time
import uuid
from urllib.parse import quote

from gevent.event import Event

from callrouter.simulator.scenario import Call, Happening

#: Q.850 number and SIP answer of each hangup cause (FreeSWITCH 1.11.2).
CAUSES = {
    "UNALLOCATED_NUMBER": (1, 404),
    "NORMAL_CLEARING": (16, 480),
    "ORIGINATOR_CANCEL": (16, 487),
    "SYSTEM_SHUTDOWN": (16, 480),
    "USER_NOT_REGISTERED": (16, 480),
    "USER_BUSY": (17, 486),
    "NO_USER_RESPONSE": (18, 408),
    "NO_ANSWER": (19, 480),
    "SUBSCRIBER_ABSENT": (20, 480),
    "CALL_REJECTED": (21, 603),
    "DESTINATION_OUT_OF_ORDER": (27, 502),
    "NORMAL_UNSPECIFIED": (31, 480),
    "NORMAL_TEMPORARY_FAILURE": (41, 503),
    "OUTGOING_CALL_BARRED": (52, 403),
    "INCOMPATIBLE_DESTINATION": (88, 488),
    "RECOVERY_ON_TIMER_EXPIRE": (102, 504),
}
_EXPANSION = re.compile(r"\$\{([^{}]*)\}")
_SAFE_IN_VALUES = "!$'()*,-./"


class Channel:
    """One call inside the switch. Times it reports run ``speed`` times as fast as the clock on the wall."""

    def __init__(self, call: Call, core_uuid: str, speed: float) -> None:
        self.call, self.uuid, self.speed = call, str(uuid.uuid4()), speed
        self.core_uuid = core_uuid
        self.variables: dict[str, str] = {}
        self.timeline: list[Happening] = []
        self.app_log: list[tuple[str, str, float]] = []
        self.digits = list(call.digits)
        self.hung_up = Event()
        self.cause = ""
        self.status = 0
        self.answered_at = self.bridged_at = self.progress_at = self.ended_at = 0.0
        self._wall, self._begin = time.time(), time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds of the scenario since the INVITE."""
        return (time.monotonic() - self._begin) * self.speed

    def wait(self, seconds: float) -> bool:
        """Let *seconds* of the scenario pass; True when the channel was hung up meanwhile."""
        return bool(self.hung_up.wait(max(seconds, 0) / self.speed))

    def note(self, who: str, what: str) -> None:
        self.timeline.append(Happening(self.elapsed, who, what))

    def push(self, name: str, value: str) -> None:
        """Append to a list variable: bare when single, then ``ARRAY::a|:b``."""
        before = self.variables.get(name)
        if before is None:
            self.variables[name] = value
        else:
            self.variables[name] = f"{before if before.startswith('ARRAY::') else 'ARRAY::' + before}|:{value}"

    def set(self, name: str, value: str) -> None:
        """An empty value unsets, as in FreeSWITCH."""
        if value:
            self.variables[name] = value
        else:
            self.variables.pop(name, None)

    def expand(self, text: str) -> str:
        """Replace ``${name}`` by the variable (once; no API calls, none of ours needs them)."""
        return _EXPANSION.sub(lambda match: self.variables.get(match[1], ""), text)

    def ring(self) -> None:
        if not self.progress_at:
            self.progress_at = self.elapsed
            self.note("caller", "hears ringing")

    def answer(self) -> None:
        if not self.answered_at and not self.hung_up.is_set():
            self.answered_at = self.elapsed
            self.status = 200
            self.variables["endpoint_disposition"] = "ANSWER"
            self.note("caller", "is answered")

    def hangup(self, cause: str, disposition: str = "") -> None:
        """End the call, once; *disposition* tells who did it (recv_bye …), by default the switch."""
        if self.hung_up.is_set():
            return
        self.cause, self.ended_at = cause, self.elapsed
        if not self.answered_at:
            self.status = self._refusal(cause, by_caller=disposition.startswith("recv_"))
        self.variables["sip_hangup_disposition"] = disposition or ("send_bye" if self.answered_at else "send_refuse")
        if disposition.startswith("recv_"):
            code = "200" if disposition == "recv_bye" else "487"
            self.variables |= {"sip_term_status": code, "proto_specific_hangup_cause": f"sip:{code}"}
        self.note("caller" if disposition else "switch", f"hangs up ({cause})")
        self.hung_up.set()

    def _refusal(self, cause: str, *, by_caller: bool) -> int:
        """The final SIP answer: the last phone's own code goes before the cause unless that is switched off."""
        remote = self.variables.get("last_bridge_proto_specific_hangup_cause", "").removeprefix("sip:")
        if remote and not by_caller and self.variables.get("sip_ignore_remote_cause") != "true":
            return int(remote)
        return CAUSES.get(cause, (31, 480))[1]

    def caller_hangs_up(self) -> None:
        """BYE once answered, CANCEL before."""
        if self.answered_at:
            self.hangup("NORMAL_CLEARING", "recv_bye")
        else:
            self.hangup("ORIGINATOR_CANCEL", "recv_cancel")

    def data(self) -> str:
        """The reply to ``connect``: one flat block of headers, values URL-encoded, without a Content-Length."""
        direction = {"Direction": "inbound", "Logical-Direction": "inbound"}
        profile = direction | {
            "Username": self.call.device or self.call.from_,
            "Dialplan": "XML",
            "Caller-ID-Name": self.call.name or self.call.from_,
            "Caller-ID-Number": self.call.from_,
            "Network-Addr": "127.0.0.1",
            "ANI": self.call.from_,
            "Destination-Number": self.call.to,
            "Unique-ID": self.uuid,
            "Source": "mod_sofia",
            "Context": self._context,
            "Channel-Name": self.variables["channel_name"],
        }
        headers = {"Event-Name": "CHANNEL_DATA", "Core-UUID": self.core_uuid, "FreeSWITCH-Switchname": "simulator"}
        headers |= {f"Channel-{name}": value for name, value in profile.items()}
        headers |= {"Channel-State": "CS_EXECUTE", "Channel-State-Number": "4", "Unique-ID": self.uuid}
        headers |= {"Call-Direction": "inbound", "Channel-Call-UUID": self.uuid, "Answer-State": "ringing"}
        headers |= {f"Caller-{name}": value for name, value in profile.items()}
        headers |= {f"variable_{name}": value for name, value in self.variables.items()}
        headers |= {"Content-Type": "command/reply", "Reply-Text": "+OK\n", "Socket-Mode": "static", "Control": "full"}
        return "".join(f"{name}: {_encoded(value)}\n" for name, value in headers.items()) + "\n"

    @property
    def _context(self) -> str:
        return "internal" if self.call.device else "public"

    def set_sip_variables(self) -> None:
        """What mod_sofia knows of the INVITE before the dialplan runs."""
        call, domain = self.call, "pbx.muster.example"
        profile = "phones" if call.device else "trunk"
        self.variables |= {
            "direction": "inbound",
            "uuid": self.uuid,
            "call_uuid": self.uuid,
            "sip_from_user": call.from_,
            "sip_from_host": domain,
            "sip_from_uri": f"{call.from_}@{domain}",
            "channel_name": f"sofia/{profile}/{call.from_}@{domain}",
            "sip_call_id": uuid.uuid4().hex,
            "sip_network_ip": "127.0.0.1",
            "sip_received_ip": "127.0.0.1",
            "sofia_profile_name": profile,
            "sip_from_display": call.name,
            "sip_full_from": f'"{call.name}" <sip:{call.from_}@{domain}>'
            if call.name
            else f"<sip:{call.from_}@{domain}>",
            "sip_req_user": call.to,
            "sip_req_uri": f"{call.to}@{domain}",
            "sip_to_user": call.to,
            "sip_to_uri": f"{call.to}@{domain}",
            "read_codec": "PCMA",
            "endpoint_disposition": "RECEIVED",
        }
        if call.device:
            self.variables |= {"sip_auth_username": call.device, "sip_auth_realm": domain, "sip_authorized": "true"}
        self.variables = {name: value for name, value in self.variables.items() if value}

    def cdr(self) -> bytes:
        """The file mod_json_cdr writes: one line of JSON and a line feed."""
        stamps = {
            "start": 0.0, "profile_start": 0.0, "answer": self.answered_at, "bridge": self.bridged_at,
            "progress": self.progress_at, "progress_media": 0.0, "end": self.ended_at,
        }  # fmt: skip
        times: dict[str, str] = {}
        for name, at in stamps.items():
            moment = self._wall + at if at or name.endswith("start") else 0.0
            times |= {f"{name}_epoch": str(int(moment)), f"{name}_uepoch": str(int(moment * 1_000_000))}
        billed = self.ended_at - self.answered_at if self.answered_at else 0.0
        variables = self.variables | times
        variables |= {
            "hangup_cause": self.cause,
            "hangup_cause_q850": str(CAUSES.get(self.cause, (31, 480))[0]),
            "duration": str(int(self.ended_at)),
            "mduration": str(int(self.ended_at * 1000)),
            "billsec": str(int(billed)),
            "billmsec": str(int(billed * 1000)),
        }
        profile = {
            "username": self.call.device or self.call.from_,
            "dialplan": "XML",
            "caller_id_name": self.call.name or self.call.from_,
            "ani": self.call.from_,
            "caller_id_number": self.call.from_,
            "network_addr": "127.0.0.1",
            "destination_number": self.call.to,
            "uuid": self.uuid,
            "source": "mod_sofia",
            "context": self._context,
            "chan_name": self.variables["channel_name"],
        }
        log = [
            {"app_name": app, "app_data": data, "app_stamp": str(int((self._wall + at) * 1_000_000))}
            for app, data, at in self.app_log
        ]
        document = {
            "core-uuid": self.core_uuid,
            "switchname": "simulator",
            "channel_data": {"state": "CS_REPORTING", "direction": "inbound", "state_number": "11"},
            "callStats": {},
            "variables": variables,
            "app_log": {"applications": log},
            "callflow": [{"dialplan": "XML", "profile_index": "1", "caller_profile": profile}],
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _encoded(value: str) -> str:
    """As FreeSWITCH encodes a header value: the printable rest stays, an existing ``%XX`` too; empty is ``_undef_``."""
    kept = re.split(r"(%[0-9A-F]{2})", value)
    return "".join(p if i % 2 else quote(p, safe=_SAFE_IN_VALUES) for i, p in enumerate(kept)) or "_undef_"
