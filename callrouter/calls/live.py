"""What only FreeSWITCH knows when a call comes in: who is talking.

It counts itself, with a ``limit`` on each channel of an employee whose setting needs it: so the static fallback knows
the same with no process of ours, nothing must be kept up to date by events, and a count ends with its channel, however
that ends. One question to the socket that is open already costs less than a subscription would for every call.
"""

from __future__ import annotations

from dataclasses import replace

from callrouter.esl import command
from callrouter.esl.channel import Channel
from callrouter.routing.decide import countable
from callrouter.routing.plan import IncomingCall
from callrouter.routing.ringing import counter
from callrouter.routing.snapshot import Snapshot

#: Seconds FreeSWITCH may take to answer.
_PROMPT = 5.0


def with_talking(channel: Channel, call: IncomingCall, snapshot: Snapshot) -> Snapshot:
    """*snapshot* with those who are talking, asked of FreeSWITCH if anybody's setting needs it.

    *call* itself is none of its caller's other calls. What cannot be read counts as free. Raises SwitchError.
    """
    keys = sorted(countable(snapshot))
    if not keys:
        return snapshot
    questions = [command.api(f"limit_usage hash callrouter {counter(key)}") for key in keys]
    counts = [reply.text.strip() for reply in channel.pipeline(questions, timeout=_PROMPT)]
    calling = snapshot.devices.get(call.device or "")
    talking = {
        key
        for key, count in zip(keys, counts, strict=True)
        if count.isdecimal() and int(count) > (calling is not None and calling.key == key)
    }
    return replace(snapshot, talking=frozenset(talking))
