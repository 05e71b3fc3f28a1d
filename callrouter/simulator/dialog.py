"""One call of the scriptable SIP endpoint, placed or taken, INVITE to BYE, with its audio (RFC 3261 sections 12-15)."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import gevent
from gevent.event import Event

from callrouter.simulator import message as sip
from callrouter.simulator.behaviour import Answer, Behaviour, Ignore, NoAnswer, Offline, Refuse
from callrouter.simulator.message import Message, SipTimeout
from callrouter.simulator.rtp import RtpStream

if TYPE_CHECKING:
    from callrouter.simulator.phone import Phone, Transaction

_REASONS = {180: "Ringing", 183: "Session Progress", 486: "Busy Here", 487: "Request Terminated", 603: "Decline"}
_IN_DIALOG_LIMIT = 5.0


@dataclass(frozen=True, slots=True)
class CallEvent:
    """Something that happened: a status (``180``), a method that came in (``CANCEL``), ``answered`` or ``ended``."""

    at: float
    name: str
    message: Message | None = None


class PhoneCall:
    """A handle on one call. ``status`` is the INVITE's final status (0: none yet), ``answered`` from 200 on."""

    def __init__(self, phone: Phone, call_id: str) -> None:
        self.phone, self.id = phone, call_id
        self.events: list[CallEvent] = []
        self.status = 0
        self.answered = self.ended = False
        self.audio = RtpStream(phone.host)
        self.invite: Message | None = None
        self._tag = secrets.token_hex(5)
        self._local, self._remote, self._target = "", "", ""
        self._routes: list[str] = []
        self._cseq = 1
        self._changed, self._acked = Event(), Event()
        self._invitation: Transaction | None = None
        self._provisional, self._cancelled = Event(), False
        self._worker: gevent.Greenlet | None = None

    def wait_for(self, name: str, timeout: float = 10.0) -> CallEvent:
        """The first event of that name; raises SipTimeout, which tells what happened instead."""
        deadline = time.monotonic() + timeout
        while True:
            self._changed.clear()
            for event in self.events:
                if event.name == name:
                    return event
            if not self._changed.wait(max(deadline - time.monotonic(), 0)):
                happened = ", ".join(event.name for event in self.events) or "nothing"
                raise SipTimeout(f"{self.phone.user}: no {name} within {timeout:g} s, but {happened}")

    def hangup(self, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """End the call as its state demands: BYE, CANCEL, or 480 for one that rings here."""
        if self.answered and not self.ended:
            self._end()
            self.request("BYE", headers)
        elif self._invitation is not None:
            self.cancel()
        elif not self.ended:
            self.refuse(480)

    def cancel(self) -> None:
        """Give up the call we placed; the CANCEL goes out after the first provisional answer (section 9.1)."""
        self._cancelled = True
        gevent.spawn(self._send_cancel)

    def request(self, method: str, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> Message:
        """Send a request within the dialog (BYE, REFER, INFO, OPTIONS) and return its final answer."""
        self._cseq += 1
        uri, destination, own = self._dialog_headers()
        answer, self._cseq = self.phone.exchange(
            method, uri, destination, self._cseq, [*own, ("Contact", self.phone.contact), *headers], body,
            timeout=_IN_DIALOG_LIMIT,
        )  # fmt: skip
        return answer

    def transfer(self, target: str) -> int:
        """Blind transfer to *target* (a user part) by REFER; returns its final status (RFC 5589 section 6.1)."""
        return self.request("REFER", (("Refer-To", f"<sip:{target}@{self.phone.domain}>"),)).status

    def transfer_to_call(self, other: PhoneCall) -> int:
        """Connect the other ends of this call and of *other*, a call of the same phone (RFC 5589 section 7.3)."""
        local, remote = (sip.parameter(address, "tag") for address in (other._local, other._remote))
        replaces = quote(f"{other.id};to-tag={remote};from-tag={local}", safe="")
        target = f"<{other._target.partition(';')[0]}?Replaces={replaces}>"
        return self.request("REFER", (("Refer-To", target),)).status

    def hold(self, *, on: bool = True) -> int:
        """Put the other side on hold, or take it back, by a new offer (RFC 3264 section 8.4)."""
        sdp = self.audio.sdp(version=2 if on else 3, codecs=(8,))
        if on:
            sdp = sdp.replace(b"a=sendrecv", b"a=sendonly")
        self._cseq += 1
        uri, destination, own = self._dialog_headers()
        headers = [*own, ("Contact", self.phone.contact)]
        transaction = self.phone.begin("INVITE", uri, destination, self._cseq, headers, sdp)
        answer = transaction.final(_IN_DIALOG_LIMIT)
        transaction.ack = self._ack(transaction, answer)
        self.phone.send(transaction.ack, transaction.destination)
        return answer.status

    def close(self) -> None:
        if self._worker is not None:
            self._worker.kill(block=False)
        self.ended = True
        self.audio.close()

    # Placing a call.

    def start(
        self, uri: str, local: str, headers: tuple[tuple[str, str], ...], sdp: bytes | None, limit: float
    ) -> None:
        """Send the INVITE (used by Phone.call)."""
        self._local, self._remote, self._target = f"{local};tag={self._tag}", f"<{uri}>", uri
        body = self.audio.sdp() if sdp is None else sdp
        self._worker = gevent.spawn(self._place, list(headers), body, limit)

    def _place(self, headers: list[tuple[str, str]], body: bytes, limit: float) -> None:
        deadline = time.monotonic() + limit
        server = self.phone.server
        own = [("From", self._local), ("To", self._remote), ("Call-ID", self.id), ("Contact", self.phone.contact)]
        signed: list[tuple[str, str]] = []
        while True:
            self._invitation = self.phone.begin(
                "INVITE", self._target, server, self._cseq, own + headers + signed, body
            )
            self.invite = self._invitation.request
            answer = self._follow(self._invitation, deadline)
            if answer is None or answer.status not in (401, 407) or signed or not self.phone.password:
                break
            signed = [self.phone.credentials(answer, "INVITE", self._target)]
            self._cseq += 1
            self._provisional.clear()
        if answer is None or not 200 <= answer.status < 300:
            self.status = answer.status if answer else 408
            self._end()
            return
        self._talk()
        if self._cancelled:  # the 200 crossed our CANCEL
            self.hangup()

    def _follow(self, transaction: Transaction, deadline: float) -> Message | None:
        """Take the responses of an INVITE up to the final one, and acknowledge that; None: none came in time."""
        while True:
            try:
                response = transaction.next(max(deadline - time.monotonic(), 0))
            except SipTimeout:
                self._note("timeout")
                if self._provisional.is_set():
                    self._send_cancel()
                return None
            if response.status >= 200:
                self._establish(response)
                transaction.ack = self._ack(transaction, response)
                self.phone.send(transaction.ack, transaction.destination)
            elif not self._provisional.is_set():
                self._provisional.set()
            if response.body and response.status < 300:
                self.audio.use(response.body)
            self._note(str(response.status), response)
            if response.status >= 200:
                return response

    def _establish(self, response: Message) -> None:
        if 200 <= response.status < 300:
            self.status = response.status
            self._remote = response.get("To")
            self._target = sip.address(response.get("Contact")) or self._target
            self._routes = response.get_all("Record-Route")[::-1]

    def _ack(self, transaction: Transaction, response: Message) -> Message:
        """RFC 3261 17.1.1.3 for refusals (same branch), 13.2.2.4 for 200 (a new one, routed like any request)."""
        invite = transaction.request
        number = invite.cseq.split()[0]
        if response.status >= 300:
            kept = [(n, v) for n, v in invite.headers if n in ("Via", "Max-Forwards", "From", "Call-ID", "Route")]
            kept += [("To", response.get("To")), ("CSeq", f"{number} ACK")]
            return Message(f"ACK {invite.uri} SIP/2.0", kept)
        uri, transaction.destination, own = self._dialog_headers()
        via = f"SIP/2.0/UDP {self.phone.host}:{self.phone.port};rport;branch=z9hG4bK{secrets.token_hex(8)}"
        return Message(f"ACK {uri} SIP/2.0", [("Via", via), ("Max-Forwards", "70"), *own, ("CSeq", f"{number} ACK")])

    def _send_cancel(self) -> None:
        if not self._provisional.wait(_IN_DIALOG_LIMIT) or self.ended or self.answered or self._invitation is None:
            return
        invite = self._invitation.request
        kept = [(n, v) for n, v in invite.headers if n in ("Via", "Max-Forwards", "From", "To", "Call-ID", "Route")]
        kept.append(("CSeq", f"{invite.cseq.split()[0]} CANCEL"))
        self.phone.begin_as_is(Message(f"CANCEL {invite.uri} SIP/2.0", kept), self._invitation.destination)

    # Taking a call.

    def ring(self, invite: Message, behaviour: Behaviour) -> None:
        """Take over an INVITE that came in and do with it what the phone was told (used by Phone)."""
        self.invite = invite
        self._local, self._remote = f"{invite.get('To')};tag={self._tag}", invite.get("From")
        self._target = sip.address(invite.get("Contact"))
        self._routes = invite.get_all("Record-Route")
        self._note("INVITE", invite)
        if not isinstance(behaviour, Ignore | Offline):
            self._respond(100, "Trying")
            self._worker = gevent.spawn(self._behave, behaviour)

    def answer(self) -> None:
        """Pick up: 200, repeated until the ACK comes (section 13.3.1.4)."""
        if self.ended or self.answered or self.invite is None:
            return
        if self.invite.body:
            self.audio.use(self.invite.body)
        self.status = 200
        self._respond(200, "OK", self.audio.sdp(codecs=(8,)))
        wait, end = 0.5, time.monotonic() + 32.0
        self._talk()
        while not self._acked.wait(wait) and time.monotonic() < end and not self.ended:
            self._respond(200, "OK", self.audio.sdp(codecs=(8,)))
            wait = min(wait * 2, 4.0)

    def refuse(self, status: int) -> None:
        """Send a final refusal."""
        if not (self.ended or self.answered):
            self.status = status
            self._respond(status, _REASONS.get(status, "Refused"))
            self._end()

    def _behave(self, behaviour: Behaviour) -> None:
        if isinstance(behaviour, Answer | NoAnswer):
            early = self.audio.sdp(codecs=(8,)) if behaviour.early_media else b""
            self._respond(behaviour.ringing, _REASONS[behaviour.ringing], early)
        elif isinstance(behaviour, Refuse):
            if behaviour.after:
                self._respond(180, _REASONS[180])
                gevent.sleep(behaviour.after)
            self.refuse(behaviour.status)
        if isinstance(behaviour, Answer):
            gevent.sleep(behaviour.after)
            self.answer()
            if behaviour.hang_up_after is not None:
                gevent.sleep(behaviour.hang_up_after)
                if not self.ended:
                    self.hangup()

    def _respond(self, status: int, reason: str, sdp: bytes = b"") -> None:
        assert self.invite is not None
        response = self.invite.response(status, reason, self._tag, contact=self.phone.contact)
        if sdp:
            response.headers.append(("Content-Type", "application/sdp"))
            response.body = sdp
        self.phone.reply(self.invite, response)

    # Both.

    def handle(self, request: Message) -> None:
        """A request within this call came in (used by Phone)."""
        if request.method == "ACK":
            self._acked.set()
            return
        self._note(request.method, request)
        response = request.response(200, "OK", self._tag, contact=self.phone.contact)
        if request.method in ("INVITE", "UPDATE") and request.body:
            self.audio.use(request.body)
            response.headers.append(("Content-Type", "application/sdp"))
            response.body = self.audio.sdp(version=2, codecs=(8,))
        self.phone.reply(request, response)
        if request.method == "BYE":
            self._end()
        elif request.method == "CANCEL" and not self.answered:
            self.refuse(487)

    def _talk(self) -> None:
        self.answered = True
        self._note("answered")
        if self.phone.says is not None:
            self.audio.play(self.phone.says)

    def _end(self) -> None:
        if not self.ended:
            self.ended = True
            self._note("ended")
            self.audio.close()

    def _note(self, name: str, message: Message | None = None) -> None:
        self.events.append(CallEvent(time.time(), name, message))
        self._changed.set()

    def _dialog_headers(self) -> tuple[str, tuple[str, int], list[tuple[str, str]]]:
        """Request-URI, destination and headers of a request within the dialog (section 12.2.1.1, loose routing)."""
        headers = [("From", self._local), ("To", self._remote), ("Call-ID", self.id)]
        headers += [("Route", route) for route in self._routes]
        hop = sip.address(self._routes[0]) if self._routes else self._target
        host, _, port = hop.partition(":")[2].split(";")[0].rpartition("@")[2].partition(":")
        return self._target, (host or self.phone.server[0], int(port or 5060)), headers
