"""Reading telephone numbers: what a caller is recorded as, and which of the company's numbers was dialled.

Nothing is looked up in a numbering plan here; :class:`DigitRules` says what has to be known of the country.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from callrouter.routing.plan import RejectReason
from callrouter.routing.snapshot import DigitRules, Number, NumberBlock, NumberState

#: RFC 3966 visual separators, the ones people type, and the spaces and dashes word processors make of them.
_SEPARATORS = str.maketrans("", "", "()-./ \t\u00a0\u202f\u2009\u2010\u2011\u2012\u2013\u2014")
_MAX_RAW = 64
#: 15 digits of E.164 (ITU-T E.164 §6.2.1) behind the longest international prefix.
_CLEAN = re.compile(r"\+?[0-9]{1,20}")
_E164 = re.compile(r"\+[1-9][0-9]{2,14}")
#: Behind an international prefix: long enough not to be DDI digits that happen to start with it (``001``).
_ABROAD = re.compile(r"[1-9][0-9]{6,14}")
#: Emergency and service numbers have up to six digits (116117).
_SHORT = 6


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Why a dialled number is none of the company's; ``readings`` are the E.164 numbers it could have meant."""

    reason: RejectReason
    readings: tuple[str, ...] = ()


def clean_number(raw: str) -> str | None:
    """Return *raw* as digits with an optional leading ``+``; None when it holds anything but separators besides.

    Only ASCII digits count, 20 at most. A scheme (``tel:``, ``sip:``) must be gone already.
    """
    if len(raw) > _MAX_RAW:
        return None
    number = raw.translate(_SEPARATORS)
    return number if _CLEAN.fullmatch(number) else None


def normalise(number: str, digits: DigitRules) -> str | None:
    """Return a caller's *number* as E.164 where its digits leave no doubt, else its digits as they are.

    Emergency and other short numbers (up to six digits) stay. Digits without any prefix are read as international
    or national only if exactly one of the two fits ``national_lengths``, and as national only in a country without
    trunk prefix or with one length for all numbers: a wrong guess would merge two callers, or call back a stranger.
    A ``+`` that no E.164 number follows is dropped, so that a result with ``+`` is always E.164. None: no number.
    """
    if not _CLEAN.fullmatch(number):
        return None
    if number.startswith("+"):
        return number if _E164.fullmatch(number) else number[1:]
    if len(number) <= _SHORT:
        return number
    return _only(_readings_of_caller(number, digits)) or number


def _readings_of_caller(number: str, digits: DigitRules) -> set[str]:
    if abroad := _after(number, digits.international_prefix):
        return {f"+{abroad}"} if _ABROAD.fullmatch(abroad) else set()
    lengths = digits.national_lengths
    home = _after(number, digits.trunk_prefix)
    if home and len(home) in lengths:
        return _e164s([f"+{digits.country_code}{home}"])
    readings = []
    if len(number) - len(digits.country_code) in lengths and number.startswith(digits.country_code):
        readings.append(f"+{number}")
    if len(number) in lengths and (not digits.trunk_prefix or len(lengths) == 1):
        readings.append(f"+{digits.country_code}{number}")
    return _e164s(readings)


def candidates(dialed: str, digits: DigitRules, blocks: Sequence[NumberBlock]) -> tuple[str, ...]:
    """Return every E.164 number that *dialed* can mean, the likeliest first.

    ``+…`` and the international prefix name one number and nothing else. Digits without them are read as E.164
    without its ``+``, as national with and without the trunk prefix, as local with the company's area code, and as
    the last digits (DDI) of each block that contains them.
    """
    number = clean_number(dialed)
    if number is None:
        return ()
    return tuple(dict.fromkeys((*_full(number, digits), *_ddi(number, digits, blocks))))


def resolve(
    dialed: str, digits: DigitRules, blocks: Sequence[NumberBlock], numbers: Mapping[str, Number]
) -> Number | Unresolved:
    """Find the company's number that was dialled among *numbers* (those of the candidates that exist).

    The first full reading that exists wins, active or not. Else the DDI readings: one active number wins over any
    inactive ones; several active ones are ambiguous, for a call must not reach a stranger's phone by a guess.
    """
    number = clean_number(dialed)
    if number is None:
        return Unresolved(RejectReason.UNKNOWN_NUMBER)
    for e164 in _full(number, digits):
        if known := numbers.get(e164):
            if known.state is NumberState.ACTIVE:
                return known
            return Unresolved(RejectReason.INACTIVE_NUMBER, (e164,))
    fitting = [numbers[e164] for e164 in _ddi(number, digits, blocks) if e164 in numbers]
    active = [known for known in fitting if known.state is NumberState.ACTIVE]
    if len(active) == 1:
        return active[0]
    if active:
        return Unresolved(RejectReason.AMBIGUOUS_NUMBER, tuple(known.e164 for known in active))
    if fitting:
        return Unresolved(RejectReason.INACTIVE_NUMBER, tuple(known.e164 for known in fitting))
    return Unresolved(RejectReason.UNKNOWN_NUMBER)


def _explicit(number: str, digits: DigitRules) -> str | None:
    """The number behind ``+`` or the international prefix, None where neither is there."""
    if number.startswith("+"):
        return number
    abroad = _after(number, digits.international_prefix)
    return f"+{abroad}" if abroad and _ABROAD.fullmatch(abroad) else None


def _full(number: str, digits: DigitRules) -> Iterable[str]:
    if explicit := _explicit(number, digits):
        return _e164s([explicit])
    readings = [f"+{number}"]
    if home := _after(number, digits.trunk_prefix):
        readings.append(f"+{digits.country_code}{home}")
    readings.append(f"+{digits.country_code}{number}")
    if digits.area_code:
        readings.append(f"+{digits.country_code}{digits.area_code}{number}")
    return [reading for reading in readings if _E164.fullmatch(reading)]


def _ddi(number: str, digits: DigitRules, blocks: Sequence[NumberBlock]) -> Iterable[str]:
    if _explicit(number, digits):
        return []
    completed = [
        f"{block.prefix}{number}"
        for block in blocks
        if len(number) == len(block.first) == len(block.last) and block.first <= number <= block.last
    ]
    return dict.fromkeys(reading for reading in completed if _E164.fullmatch(reading))


def _after(number: str, prefix: str) -> str | None:
    """What follows *prefix*; None when there is no prefix, or nothing behind it."""
    return number[len(prefix) :] or None if prefix and number.startswith(prefix) else None


def _e164s(readings: Iterable[str]) -> set[str]:
    return {reading for reading in readings if _E164.fullmatch(reading)}


def _only(readings: set[str]) -> str | None:
    return next(iter(readings)) if len(readings) == 1 else None
