"""Callers: who calls; which of them are refused, by which rule; and how the digits of callers are read.

The rules are numbers (E.164), beginnings of numbers (``+4917604*``) and ``anonymous``; any that fits refuses. The
rendered dialplan has the same as expressions, for the time without a router.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from callrouter.routing import numbers
from callrouter.routing.calls_out import ANONYMOUS
from callrouter.routing.outgoing import Rewrite
from callrouter.routing.plan import IncomingCall
from callrouter.routing.snapshot import DigitRules, Snapshot

#: What a rule for a beginning ends with.
ANY_MORE = "*"
#: The shortest beginning has so many digits: a country's code alone would block a country.
LEAST_DIGITS = 3
#: So many rules make one expression: FreeSWITCH's regular expressions may not be of any length.
_TOGETHER = 250
_MAX_DIGITS = 15


def caller_of(call: IncomingCall, snapshot: Snapshot) -> str:
    """Who calls: E.164, a colleague's extension (or number, without one), or ``anonymous``."""
    if call.private:
        return ANONYMOUS
    if call.trunk is not None:
        return numbers.normalise(call.caller_number or "", snapshot.digits) or ANONYMOUS
    colleague = snapshot.devices.get(call.device or "")
    return (colleague and (colleague.extension or colleague.number)) or ANONYMOUS


def blocked_by(caller: str, rules: Collection[str]) -> str | None:
    """The one of *rules* that refuses *caller* (E.164 or ``anonymous``), the number itself first; None: none does."""
    if caller in rules:
        return caller
    return next((rule for rule in _beginnings(caller) if rule in rules), None) if rules else None


def expressions(rules: Iterable[str]) -> tuple[str, ...]:
    """Expressions that fit exactly the E.164 numbers that *rules* refuse; few, however many rules there are.

    A rule that another one covers is left out; ``anonymous`` is no number.
    """
    exact = {rule for rule in rules if rule.startswith("+")}
    needed = [
        rule
        for rule in sorted(exact)
        if not any(wider in exact for wider in _beginnings(rule.removesuffix(ANY_MORE)) if wider != rule)
    ]
    parts = [re.escape(rule.removesuffix(ANY_MORE)) + ("[0-9]*" if rule.endswith(ANY_MORE) else "") for rule in needed]
    return tuple("|".join(parts[start : start + _TOGETHER]) for start in range(0, len(parts), _TOGETHER))


def _beginnings(number: str) -> Iterable[str]:
    """Every rule for a beginning that fits *number*, the widest first."""
    return (number[:length] + ANY_MORE for length in range(1 + LEAST_DIGITS, len(number) + 1))


def readings(digits: DigitRules) -> tuple[Rewrite, ...]:
    """How a caller's number is read as E.164, as ``numbers.normalise`` does; at most one of them fits."""
    code, trunk = digits.country_code, digits.trunk_prefix
    lengths = sorted(length for length in digits.national_lengths if 3 <= length + len(code) <= _MAX_DIGITS)
    national = f"(?:{'|'.join(f'[0-9]{{{length}}}' for length in lengths)})"
    long = "(?=[0-9]{7})"  # emergency and service numbers are no more than that
    abroad = digits.international_prefix
    if abroad:
        long += f"(?!{abroad}[0-9])"
    found = [Rewrite(r"\+([1-9][0-9]{2,14})", "+")]
    if abroad:
        found.append(Rewrite(f"{abroad}([1-9][0-9]{{6,14}})", "+"))
    if not lengths:
        return tuple(found)
    if trunk:
        found.append(Rewrite(f"{long}{trunk}({national})", f"+{code}"))
        long += f"(?!{trunk}{national}$)"
    whole = f"{code}{national}"
    if trunk and len(digits.national_lengths) > 1:
        found.append(Rewrite(f"{long}({whole})", "+"))
    else:  # with and without the country's code: only what is not both
        found.append(Rewrite(f"{long}(?!{national}$)({whole})", "+"))
        found.append(Rewrite(f"{long}(?!{whole}$)({national})", f"+{code}"))
    return tuple(found)
