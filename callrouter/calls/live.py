"""What only FreeSWITCH knows when a call comes in: who is talking, and whose phones ring.

It counts itself, with a ``limit`` on each channel of an employee whose setting needs it: so the static fallback knows
the same with no process of ours, nothing must be kept up to date by events, and a count ends with its channel, however
that ends. One question to the socket that is open already costs less than a subscription would for every call.
"""

from __future__ import annotations

from dataclasses import replace

from callrouter.esl import command
from callrouter.esl.channel import Channel
from callrouter.routing.members import counters
from callrouter.routing.plan import IncomingCall
from callrouter.routing.ringing import talks
from callrouter.routing.snapshot import Snapshot

#: Seconds FreeSWITCH may take to answer.
_PROMPT = 5.0


def with_counts(channel: Channel, call: IncomingCall, snapshot: Snapshot) -> Snapshot:
    """*snapshot* with the calls that there are now, asked of FreeSWITCH if anybody's setting needs it.

    *call* itself is none of its caller's other calls. What cannot be read counts as none. Raises SwitchError.
    """
    ids = sorted(counters(snapshot))
    if not ids:
        return snapshot
    questions = [command.api(f"limit_usage hash callrouter {id}") for id in ids]
    answers = [reply.text.strip() for reply in channel.pipeline(questions, timeout=_PROMPT)]
    counts = {id: int(text) for id, text in zip(ids, answers, strict=True) if text.isdecimal()}
    calling = snapshot.devices.get(call.device or "")
    if calling is not None and counts.get(talks(calling.key)):
        counts[talks(calling.key)] -= 1
    return replace(snapshot, counts=counts)
