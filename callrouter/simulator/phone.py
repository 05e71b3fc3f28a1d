"""A small scriptable SIP endpoint over UDP: the phones and the trunk of the demo and of the end-to-end tests.

It speaks as much of RFC 3261 as these need, on loopback, with gevent's own sockets (no monkey patching needed).
"""

from __future__ import annotations

import secrets
import time
from array import array
from collections import OrderedDict

import gevent
import gevent.socket
from gevent.event import Event
from gevent.queue import Empty, Queue

from callrouter.simulator import message as sip
from callrouter.simulator.behaviour import Answer, Behaviour
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.message import Message, SipTimeout

T1 = 0.5  # RFC 3261 section 17.1.1.1, seconds
TRANSACTION_LIMIT = 64 * T1
_REMEMBERED = 500


class Transaction:
    """One request on its way: repeated until it is answered (UDP loses packets), its responses in order."""

    def __init__(self, phone: Phone, request: Message, destination: tuple[str, int]) -> None:
        self._phone, self.request, self.destination = phone, request, destination
        self.ack: Message | None = None
        self._responses: Queue = Queue()
        self._answered = Event()
        self._repeater = gevent.spawn(self._repeat)

    def take(self, response: Message) -> None:
        """A response came in; a repeated final one to an INVITE is acknowledged again."""
        if self.ack is not None:
            self._phone.send(self.ack, self.destination)
            return
        if response.status >= 200 or self.request.method == "INVITE":
            self._answered.set()
        self._responses.put(response)

    def next(self, timeout: float) -> Message:
        """The next response; raises SipTimeout after *timeout* seconds."""
        try:
            response: Message = self._responses.get(timeout=timeout)
        except Empty:
            self._answered.set()
            raise SipTimeout(f"no answer to {self.request.start} within {timeout:g} s") from None
        return response

    def final(self, timeout: float) -> Message:
        """The first response that is not provisional; raises SipTimeout."""
        deadline = time.monotonic() + timeout
        while (response := self.next(max(deadline - time.monotonic(), 0))).status < 200:
            pass
        return response

    def stop(self) -> None:
        self._answered.set()

    def _repeat(self) -> None:
        wait, end = T1, time.monotonic() + TRANSACTION_LIMIT
        self._phone.send(self.request, self.destination)
        while not self._answered.wait(wait) and time.monotonic() < end:
            self._phone.send(self.request, self.destination)
            wait = wait * 2 if self.request.method == "INVITE" else min(wait * 2, 4.0)


class Phone:
    """One SIP account or trunk peer on its own loopback port.

    ``behaviour`` is what it does with the next call; ``says`` is played to whoever it talks to; ``received`` holds
    every request that came in (repetitions left out), ``calls`` every call in either direction.
    """

    def __init__(
        self,
        user: str = "trunk",
        password: str = "",
        domain: str = "",
        server: tuple[str, int] = ("127.0.0.1", 5060),
        *,
        behaviour: Behaviour | None = None,
        says: array[int] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.user, self.password, self.domain, self.server = user, password, domain or server[0], server
        self.behaviour: Behaviour = behaviour or Answer()
        self.says = says
        self.received: list[Message] = []
        self.calls: list[PhoneCall] = []
        self._by_id: dict[str, PhoneCall] = {}
        self._transactions: dict[tuple[str, str], Transaction] = {}
        self._replies: OrderedDict[tuple[str, str, str], tuple[Message, tuple[str, int]] | None] = OrderedDict()
        self._changed = Event()
        self._registration = (secrets.token_hex(8), secrets.token_hex(4))
        self._cseq = 0
        self._socket = gevent.socket.socket(gevent.socket.AF_INET, gevent.socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self.host, self.port = self._socket.getsockname()
        self._reader = gevent.spawn(self._read)

    @property
    def contact(self) -> str:
        return f"<sip:{self.user}@{self.host}:{self.port}>"

    def register(self, expires: int = 3600, timeout: float = 15.0) -> int:
        """Register for *expires* seconds (0: unregister) and return the final SIP status; raises SipTimeout."""
        call_id, tag = self._registration
        who = f"<sip:{self.user}@{self.domain}>"
        headers = [("Contact", f"{self.contact};expires={expires}"), ("Expires", str(expires))]
        self._cseq += 1
        answer, self._cseq = self.exchange(
            "REGISTER", f"sip:{self.domain}", self.server, self._cseq,
            [("From", f"{who};tag={tag}"), ("To", who), ("Call-ID", call_id), *headers], timeout=timeout,
        )  # fmt: skip
        return answer.status

    def unregister(self, timeout: float = 15.0) -> int:
        """Take the registration back; returns the final SIP status."""
        return self.register(0, timeout)

    def call(
        self,
        to: str,
        from_number: str = "",
        from_name: str | bytes = "",
        headers: tuple[tuple[str, str], ...] = (),
        *,
        uri: str = "",
        sdp: bytes | None = None,
        limit: float = 120.0,
    ) -> PhoneCall:
        """Call *to* (a user part, or a whole URI in *uri*) through our server and return at once.

        *from_name* goes out as the bytes it is, unescaped on purpose; *sdp* None: an offer of PCMA and PCMU, empty:
        none. The call is given up after *limit* seconds without a final answer.
        """
        name = sip.decode(from_name) if isinstance(from_name, bytes) else from_name
        display = f'"{name}" ' if name else ""
        new = PhoneCall(self, secrets.token_hex(12))
        self._add(new)
        target = uri or f"sip:{to}@{self.domain}"
        new.start(target, f"{display}<sip:{from_number or self.user}@{self.domain}>", headers, sdp, limit)
        return new

    def wait_for(self, method: str, count: int = 1, timeout: float = 10.0) -> Message:
        """The *count*-th request of that method that came in; raises SipTimeout."""
        deadline = time.monotonic() + timeout
        while True:
            self._changed.clear()
            found = [request for request in self.received if request.method == method]
            if len(found) >= count:
                return found[count - 1]
            if not self._changed.wait(max(deadline - time.monotonic(), 0)):
                raise SipTimeout(f"{self.user}: {len(found)} {method} within {timeout:g} s, not {count}")

    def wait_for_call(self, count: int = 1, timeout: float = 10.0) -> PhoneCall:
        """The *count*-th call of this phone; raises SipTimeout."""
        deadline = time.monotonic() + timeout
        while True:
            self._changed.clear()
            if len(self.calls) >= count:
                return self.calls[count - 1]
            if not self._changed.wait(max(deadline - time.monotonic(), 0)):
                raise SipTimeout(f"{self.user}: {len(self.calls)} calls within {timeout:g} s, not {count}")

    def close(self) -> None:
        """End everything at once, without a word to the other side."""
        for call in self.calls:
            call.close()
        for transaction in self._transactions.values():
            transaction.stop()
        self._reader.kill()
        self._socket.close()

    # What PhoneCall needs of its phone.

    def begin(
        self,
        method: str,
        uri: str,
        destination: tuple[str, int],
        cseq: int,
        headers: list[tuple[str, str]],
        body: bytes,
    ) -> Transaction:
        """Send a request in a transaction of its own; a body is SDP."""
        branch = f"z9hG4bK{secrets.token_hex(8)}"
        own = [("Via", f"SIP/2.0/UDP {self.host}:{self.port};rport;branch={branch}"), ("Max-Forwards", "70")]
        own += [*headers, ("CSeq", f"{cseq} {method}"), ("User-Agent", "callrouter-phone")]
        if body:
            own.append(("Content-Type", "application/sdp"))
        return self.begin_as_is(Message(f"{method} {uri} SIP/2.0", own, body), destination)

    def begin_as_is(self, request: Message, destination: tuple[str, int]) -> Transaction:
        """Send a request that has its Via already (a CANCEL shares its INVITE's branch)."""
        transaction = Transaction(self, request, destination)
        self._transactions[request.branch, request.method] = transaction
        return transaction

    def exchange(
        self,
        method: str,
        uri: str,
        destination: tuple[str, int],
        cseq: int,
        headers: list[tuple[str, str]],
        body: bytes = b"",
        timeout: float = 15.0,
    ) -> tuple[Message, int]:
        """Send a request other than INVITE, with credentials once asked for; the final answer and the last CSeq."""
        answer = self.begin(method, uri, destination, cseq, headers, body).final(timeout)
        if answer.status in (401, 407) and self.password:
            cseq += 1
            signed = [*headers, self.credentials(answer, method, uri)]
            answer = self.begin(method, uri, destination, cseq, signed, body).final(timeout)
        return answer, cseq

    def credentials(self, challenge: Message, method: str, uri: str) -> tuple[str, str]:
        """The header that answers a 401 or 407."""
        name = "Authorization" if challenge.status == 401 else "Proxy-Authorization"
        return name, sip.digest(sip.auth_challenges(challenge), method, uri, self.user, self.password)

    def send(self, message: Message, destination: tuple[str, int]) -> None:
        try:
            self._socket.sendto(message.to_bytes(), destination)
        except OSError:
            return  # UDP promises nothing; the transaction's time limit tells

    def reply(self, request: Message, response: Message) -> None:
        """Answer *request*, and its repetitions, with *response*."""
        via = request.get_all("Via")[0]
        host, _, port = via.split(";")[0].split()[-1].partition(":")
        port = sip.parameter(via, "rport") or port
        destination = (sip.parameter(via, "received") or host, int(port or 5060))
        self._replies[self._key(request)] = (response, destination)
        self.send(response, destination)

    # The receiving side.

    def _add(self, call: PhoneCall) -> None:
        self._by_id[call.id] = call
        self.calls.append(call)
        self._changed.set()

    @staticmethod
    def _key(request: Message) -> tuple[str, str, str]:
        return request.branch, request.method, request.get("Call-ID")

    def _read(self) -> None:
        while True:
            try:
                data = self._socket.recv(65535)
            except ConnectionError:
                continue  # an ICMP error for something sent earlier
            except OSError:
                return
            try:
                message = Message.parse(data)
            except ValueError:
                continue  # keep-alive, or nothing of ours
            if message.is_response:
                transaction = self._transactions.get((message.branch, message.method))
                if transaction is not None:
                    transaction.take(message)
            else:
                self._request(message)

    def _request(self, request: Message) -> None:
        key = self._key(request)
        if key in self._replies:
            known = self._replies[key]
            if known is not None:
                self.send(*known)
            return
        self._replies[key] = None
        while len(self._replies) > _REMEMBERED:
            self._replies.popitem(last=False)
        self.received.append(request)
        self._changed.set()
        call = self._by_id.get(request.get("Call-ID"))
        if call is not None:
            call.handle(request)
        elif request.method == "INVITE" and not sip.parameter(request.get("To"), "tag"):
            call = PhoneCall(self, request.get("Call-ID"))
            self._add(call)
            call.ring(request, self.behaviour)
        elif request.method in ("OPTIONS", "NOTIFY", "INFO"):
            self.reply(request, request.response(200, "OK", secrets.token_hex(4)))
        elif request.method != "ACK":
            self.reply(request, request.response(481, "Call Does Not Exist", secrets.token_hex(4)))
