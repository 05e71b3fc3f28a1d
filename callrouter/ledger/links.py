"""By which legs calls hang together: a transfer makes several calls of one, each with a CDR of its own.

A leg that we made names the call that made it (``originating_leg_uuid``): it has a CDR of its own where it was
transferred. FreeSWITCH 1.11.2 names the leg that goes on in the CDR of who transferred it out of a call of their own
(``transfer_to``). Of an attended transfer both CDRs name the leg that was handed over: that of the call that was given
away as its partner (``bridge_uuid``), the other in what became of it (``uuid_br``). A call that is picked up and the
one that picks it up name each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from callrouter import variables as v

#: What is read of a CDR.
FIELDS = ("transfer_to", "transfer_history", "endpoint_disposition", "bridge_uuid", "originating_leg_uuid")
#: Of these, what may hold numbers of callers.
PRIVATE = "transfer_history"
#: So many of a call are kept.
_MOST = 20
_LEG = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_GOES_ON = re.compile(rf"(?:blind|att):({_LEG})")
_CONNECTED = re.compile(rf"[0-9]+:{_LEG}:uuid_br:({_LEG})")


def links(fields: Mapping[str, str]) -> tuple[str, ...]:
    """UUIDs of the legs by which this call hangs together with others, each once; *fields* are the CDR's variables."""
    found = [re.fullmatch(f"({_LEG})", fields.get("originating_leg_uuid", ""))]
    found += [_GOES_ON.fullmatch(fields.get("transfer_to", ""))]
    found += [_CONNECTED.fullmatch(text) for text in v.step_texts(fields.get("transfer_history", "")[:20_000])]
    if fields.get("endpoint_disposition") == "ATTENDED_TRANSFER":
        found.append(re.fullmatch(f"({_LEG})", fields.get("bridge_uuid", "")))
    return tuple(dict.fromkeys(match[1] for match in found if match))[:_MOST]
