"""What the codes do that the dialplan carries out by itself: the router is never asked, so this is for ``explain``.

Agrees with the contexts ``mailboxes`` and ``pickup``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from callrouter.routing import features
from callrouter.routing.plan import Reason, reason
from callrouter.routing.snapshot import Employee, Owner

_WITH_EXTENSION = re.compile(rf"(?:{features.INTO_MAILBOX}|{features.PICK_UP})")


@dataclass(frozen=True, slots=True)
class Does:
    """What one of these codes does: a ``step``, and ``why``; ``refused``: nothing but to say so."""

    step: Reason
    why: Reason
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Teams:
    """Who may pick up whose calls: the company's rule ``pickup``, the members' keys by pool, and the pools' names."""

    pickup: str
    members: Mapping[str, Collection[str]]
    names: Mapping[str, str]

    def of(self, owner: str) -> frozenset[str]:
        """The pools that *owner* (a key) is in, or is."""
        return frozenset(pool for pool, members in self.members.items() if owner == pool or owner in members)


def extension(dialled: str) -> str | None:
    """The extension in such a code; empty for one that has none, None for what is none of these codes."""
    if re.fullmatch(features.PICK_UP_ANY, dialled):
        return ""
    found = _WITH_EXTENSION.fullmatch(dialled)
    return next(filter(None, found.groups())) if found else None


def does(dialled: str, caller: Employee, owner: Owner | None, teams: Teams) -> Does:
    """What the code *dialled* does when *caller* dials it; *owner* is whose :func:`extension` is in it."""
    wanted = extension(dialled) or ""
    mine = teams.of(caller.key) if teams.pickup != "nobody" else frozenset[str]()
    if re.fullmatch(features.INTO_MAILBOX, dialled):
        if owner is None or not (owner.mailbox.enabled and owner.mailbox.answer_calls):
            return Does(Reason("reject_unknown_number"), reason("code_no_mailbox", extension=wanted), refused=True)
        step = reason("step_voicemail", owner=owner.name, language=owner.mailbox.language)
        return Does(step, reason("code_mailbox", owner=owner.name))
    refused = Reason("step_pick_up_refused")
    if teams.pickup == "nobody":
        return Does(refused, Reason("pick_up_nobody"), refused=True)
    if not wanted:
        if not mine:
            return Does(refused, reason("pick_up_no_pool", employee=caller.name), refused=True)
        names = ", ".join(sorted(teams.names[pool] for pool in mine))
        return Does(reason("step_pick_up_any", pools=names), Reason("code_pick_up"))
    if owner is None:
        return Does(refused, reason("code_no_extension", extension=wanted), refused=True)
    if teams.pickup == "pools" and not mine & teams.of(owner.key):
        return Does(refused, reason("pick_up_not_together", employee=caller.name, owner=owner.name), refused=True)
    return Does(reason("step_pick_up", owner=owner.name), Reason("code_pick_up"))
