"""What the codes do that phones dial, as far as the router does not decide it: this is for ``explain``.

Agrees with the contexts ``mailboxes``, ``pickup`` and ``features``, and with ``calls.features``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from callrouter.routing import features
from callrouter.routing.plan import Reason, reason
from callrouter.routing.snapshot import Employee, Owner, Pool

_OF_POOL = "|".join(rf"{re.escape(code)}([0-9]{{2,8}})(?:\*[0-9]{{2,8}})?" for code in features.POOL_CODES)
_WITH_EXTENSION = re.compile(rf"(?:{features.INTO_MAILBOX}|{features.PICK_UP}|{_OF_POOL})")
#: What the dialplan takes for a code.
_ANY = re.compile(r"\*[0-9*#]{1,20}")


@dataclass(frozen=True, slots=True)
class Does:
    """What one of these codes does: a ``step``, and ``why``; ``refused``: nothing but to say so."""

    step: Reason
    why: Reason
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Teams:
    """Who may pick up whose calls: the company's rule ``pickup``, the members' keys by pool, and the pools' names.

    ``admins`` are the keys of those who may open and close every pool.
    """

    pickup: str
    members: Mapping[str, Collection[str]]
    names: Mapping[str, str]
    admins: Collection[str] = ()

    def of(self, owner: str) -> frozenset[str]:
        """The pools that *owner* (a key) is in, or is."""
        return frozenset(pool for pool, members in self.members.items() if owner == pool or owner in members)


def extension(dialled: str) -> str | None:
    """The extension in such a code; empty for one that has none, None for what is none of these codes."""
    if found := _WITH_EXTENSION.fullmatch(dialled):
        return str(next(filter(None, found.groups())))
    return "" if is_code(dialled) and dialled not in features.CODES else None


def is_code(dialled: str) -> bool:
    """Whether *dialled* is for a phone alone, as there is no such number."""
    return _ANY.fullmatch(dialled) is not None


def does(dialled: str, caller: Employee, owner: Owner | None, teams: Teams) -> Does:
    """What the code *dialled* does when *caller* dials it; *owner* is whose :func:`extension` is in it."""
    wanted = extension(dialled) or ""
    mine = teams.of(caller.key) if teams.pickup != "nobody" else frozenset[str]()
    if re.fullmatch(features.INTO_MAILBOX, dialled):
        if owner is None or not (owner.mailbox.enabled and owner.mailbox.answer_calls):
            return Does(Reason("reject_unknown_number"), reason("code_no_mailbox", extension=wanted), refused=True)
        step = reason("step_voicemail", owner=owner.name, language=owner.mailbox.language)
        return Does(step, reason("code_mailbox", owner=owner.name))
    if feature := features.asked(dialled):
        return _of_pool(dialled, feature, caller, owner, teams)
    if not (wanted or re.fullmatch(features.PICK_UP_ANY, dialled)):
        return Does(Reason("step_unknown_code"), reason("code_unknown", dialled=dialled), refused=True)
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


def _of_pool(dialled: str, feature: str, caller: Employee, owner: Owner | None, teams: Teams) -> Does:
    """Signing in to a pool, opening and closing it: what is behind its extension is that of who dials."""
    wanted, _, own = dialled[3:].partition("*")
    refused = Reason("step_no_member")
    if not isinstance(owner, Pool):
        return Does(refused, reason("code_no_pool", extension=wanted), refused=True)
    is_admin = caller.key in teams.admins and feature in features.SWITCHES
    if not is_admin and owner.key not in teams.of(caller.key):
        return Does(refused, reason("code_no_member", employee=caller.name, pool=owner.name), refused=True)
    if own and own != caller.extension:
        return Does(refused, reason("code_of_another", employee=caller.name, extension=own), refused=True)
    return Does(
        reason(f"step_{feature}", pool=owner.name), reason(f"feature_{feature}", employee=caller.name, pool=owner.name)
    )
