"""Why a personal number takes no group, menu or schedule, whichever way somebody tries it, and what to do instead.

It always rings its employee; who reaches several people has a further number, of a pool.
"""

from __future__ import annotations

from callrouter.directory import document
from callrouter.errors import RuleError, Saying, say

#: What only says how a pool looks and sounds.
_LOOKS = {"show_name", "short_name", "alert", "internal_alert", "may_show"}
#: What else pools have and employees have not, and what people look for under other names.
_PLANS = frozenset(
    document.Pool.model_fields.keys() - document.Employee.model_fields.keys() - _LOOKS
    | {"group", "ivr", "menu", "plan", "routing", "schedule", "schedules"}
)
#: The parts of the document that only employees have, and what the API makes of them, by their first letters.
_OF_EMPLOYEES = ("Employee", "NewEmployee", "Forwarding", "Ringing")


def is_plan(kind: str, key: str) -> bool:
    """Whether *key*, unknown in a part of *kind* (the model's name), would be a plan for an employee's number."""
    return key in _PLANS and kind.startswith(_OF_EMPLOYEES)


def no_plan(key: str) -> Saying:
    """That an employee has no *key*."""
    return say(
        "unknown key %(key)s: a personal number always rings its employee and has no group, menu or schedule; activate "
        "a further number and give it to a pool",
        key=key,
    )


def not_for_pool(pool: str, e164: str, employee: str) -> Saying:
    """That *pool* cannot have the personal number of *employee*, both as people read them."""
    return say(
        "%(owner)s: %(e164)s belongs to %(other)s: a personal number always rings its employee and has no group, menu "
        "or schedule; activate a further number and give it to the pool",
        owner=pool,
        e164=e164,
        other=employee,
    )


def no_pool(key: str) -> Saying:
    """That *key*, asked for as a pool, is an employee."""
    return say(
        "%(key)s is an employee and no pool: a personal number always rings its employee and has no group, menu or "
        "schedule; activate a further number and give it to a pool",
        key=key,
    )


_TEMPLATES = frozenset(text.template for text in (no_plan(""), not_for_pool("", "", ""), no_pool("")))


def is_why(error: RuleError) -> bool:
    """Whether *error* is one of these."""
    told = (error.args[0], *(text for _, text in error.problems))
    return any(isinstance(text, Saying) and text.template in _TEMPLATES for text in told)
