"""Calls into the public network: which number is meant by what was dialled, of what kind it is, how trunks write it.

The rules are expressions in the order in which they are tried, the first that fits counts. The rendered dialplan has
the same expressions, so what is decided here and there is one thing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from callrouter.routing.snapshot import DigitRules, NumberBlock

#: ITU-T E.164: 979 is the international premium rate service; 870, 881 to 883 are satellites and networks of no
#: country, whose calls cost as much.
_DEAR_CODES = r"\+(?:979|870|88[123])[0-9]+"
#: Directory enquiries all over Europe (ECC/REC/(04)06 and its kin), dear, and they connect onwards; some networks write
#: them behind a country code.
_DEAR_SHORT = r"118[0-9]{1,3}"
_MAX_DIGITS = 15
#: Answers of a trunk that say nothing of who is called: the next one is tried. FreeSWITCH's causes for SIP 408, 5xx,
#: 406, 488 and the like, for a trunk that is down, and for silence; RFC 3398 §8.2.6.1 has most of the table.
OTHER_TRUNK = (
    "NORMAL_TEMPORARY_FAILURE",
    "NETWORK_OUT_OF_ORDER",
    "DESTINATION_OUT_OF_ORDER",
    "GATEWAY_DOWN",
    "INVALID_GATEWAY",
    "RECOVERY_ON_TIMER_EXPIRE",
    "PROGRESS_TIMEOUT",
    "SERVICE_UNAVAILABLE",
    "SERVICE_NOT_IMPLEMENTED",
    "FACILITY_REJECTED",
    "FACILITY_NOT_SUBSCRIBED",
    "FACILITY_NOT_IMPLEMENTED",
    "OUTGOING_CALL_BARRED",
    "EXCHANGE_ROUTING_ERROR",
    "INTERWORKING",
    "BEARERCAPABILITY_NOTAVAIL",
    "BEARERCAPABILITY_NOTAUTH",
    "NORMAL_CIRCUIT_CONGESTION",
    "SWITCH_CONGESTION",
    "REQUESTED_CHAN_UNAVAIL",
    "PROTOCOL_ERROR",
    "INCOMPATIBLE_DESTINATION",
)
#: SIP answers that FreeSWITCH calls CALL_REJECTED as it does 603, and that are the provider's: OUTGOING_CALL_BARRED.
PROVIDER_REFUSED = ("401", "402", "403", "407")
#: What a caller is told when nobody was reached: the causes, the prompt (None: the phone's own tone), the last cause.
#: All others: ``no_line``.
UNREACHED = (
    (("USER_BUSY",), None, "USER_BUSY"),
    (("NO_ANSWER", "NO_USER_RESPONSE", "SUBSCRIBER_ABSENT", "ALLOTTED_TIMEOUT"), None, "NO_ANSWER"),
    (("CALL_REJECTED",), None, "CALL_REJECTED"),
    (
        ("UNALLOCATED_NUMBER", "NO_ROUTE_DESTINATION", "NUMBER_CHANGED", "INVALID_NUMBER_FORMAT"),
        "unknown_number",
        "UNALLOCATED_NUMBER",
    ),
)


class Destination(StrEnum):
    """What kind of number is called. An employee may call a kind or not; internal calls and emergencies always."""

    NATIONAL = "national"
    MOBILE = "mobile"
    INTERNATIONAL = "international"
    PREMIUM = "premium"


class NumberFormat(StrEnum):
    """How a trunk writes numbers: ``+4930…``, ``4930…``, ``004930…``, or as in its country (``030…``, ``0044…``)."""

    E164 = "e164"
    DIGITS = "digits"
    PREFIXED = "00"
    NATIONAL = "national"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Where ``expression`` fits as a whole, the digits of its group follow ``prefix``."""

    expression: str
    prefix: str

    def __call__(self, digits: str) -> str | None:
        """The rewritten *digits*, None where the expression does not fit."""
        match = re.fullmatch(self.expression, digits)
        return f"{self.prefix}{match[1]}" if match else None


@dataclass(frozen=True, slots=True)
class Dialled:
    """A number in the public network: E.164, or a short number (``115``) as it is."""

    number: str
    kind: Destination


@lru_cache(8)
def readings(digits: DigitRules) -> tuple[Rewrite, ...]:
    """How dialled digits are read as a number of the public network, in the order of trial.

    ``+…`` always; behind the outside line's digits (if the company has such): international, national, short
    numbers, and local ones where there is an area code.
    """
    out, code = digits.outside_line, digits.country_code
    lengths = sorted(length for length in digits.national_lengths if length + len(code) <= _MAX_DIGITS)
    found = []
    if digits.trunk_prefix:  # "+49 (0)30 …"
        spelled = rf"(?:\+|{out}{digits.international_prefix}){code}{digits.trunk_prefix}([1-9][0-9]{{4,14}})"
        found.append(Rewrite(spelled, f"+{code}"))
    found.append(Rewrite(r"\+([1-9][0-9]{6,14})", "+"))
    found.append(Rewrite(rf"{out}{digits.international_prefix}([1-9][0-9]{{6,14}})", "+"))
    if digits.short:
        found.append(Rewrite(f"{out}({digits.short})", ""))
    if lengths and (digits.trunk_prefix or len(lengths) > 1):
        first = "[1-9]" if digits.trunk_prefix else "[0-9]"
        found.append(
            Rewrite(f"{out}{digits.trunk_prefix}({first}[0-9]{{{lengths[0] - 1},{lengths[-1] - 1}}})", f"+{code}")
        )
    if len(lengths) == 1:
        found.append(Rewrite(f"{out}([1-9][0-9]{{{lengths[0] - 1}}})", f"+{code}"))
    if digits.area_code and lengths:
        least = max(3, lengths[0] - len(digits.area_code))
        most = lengths[-1] - len(digits.area_code)
        if most >= least:
            found.append(Rewrite(f"{out}([1-9][0-9]{{{least - 1},{most - 1}}})", f"+{code}{digits.area_code}"))
    return tuple(found)


@lru_cache(8)
def kinds(digits: DigitRules) -> tuple[tuple[Destination, str], ...]:
    """Each kind with the expression of its numbers (as ``readings`` writes them), in the order of trial."""
    code = rf"\+{digits.country_code}"
    premium = [_DEAR_CODES, f"(?:{code})?{_DEAR_SHORT}"]
    if digits.premium:
        premium.append(f"{code}(?:{digits.premium})[0-9]*")  # the network ignores digits too many
    home = digits.national or "[0-9]+"
    return (
        (Destination.PREMIUM, "|".join(premium)),
        *(((Destination.MOBILE, f"{code}(?:{digits.mobile})[0-9]*"),) if digits.mobile else ()),
        (Destination.NATIONAL, f"[0-9]+|{code}(?:{home})"),
        (Destination.INTERNATIONAL, r"\+[0-9]+"),
    )


def read(dialed: str, digits: DigitRules, blocks: Sequence[NumberBlock] = ()) -> Dialled | None:
    """The number in the public network that *dialed* (digits with an optional ``+``) means.

    None for what cannot be one, and for numbers of the company's own *blocks*: a call to them never goes out.
    """
    number = next((number for reading in readings(digits) if (number := reading(dialed))), None)
    if number is None or any(re.fullmatch(block_expression(block), number) for block in blocks):
        return None
    return Dialled(number, next(kind for kind, expression in kinds(digits) if re.fullmatch(expression, number)))


@lru_cache(8)
def rewrites(digits: DigitRules, form: NumberFormat) -> tuple[Rewrite, ...]:
    """How numbers (E.164 or short) are written for a trunk of *form*, in the order of trial."""
    abroad = Rewrite(r"\+([0-9]+)", {"e164": "+", "digits": ""}.get(form, digits.international_prefix))
    as_it_is = Rewrite(r"([0-9]+)", "")
    if form is NumberFormat.NATIONAL:
        return Rewrite(rf"\+{digits.country_code}([0-9]+)", digits.trunk_prefix), abroad, as_it_is
    return abroad, as_it_is


def block_expression(block: NumberBlock) -> str:
    """The expression that fits exactly the numbers of *block*."""
    return re.escape(block.prefix) + _between(block.first, block.last)


def _between(first: str, last: str) -> str:
    """The expression of all digits from *first* to *last*, of equal length."""
    if not first:
        return ""
    if set(first) == {"0"} and set(last) == {"9"}:
        return f"[0-9]{{{len(first)}}}"
    if first[0] == last[0]:
        return first[0] + _between(first[1:], last[1:])
    nines, zeros = "9" * (len(first) - 1), "0" * (len(first) - 1)
    parts = [first[0] + _between(first[1:], nines)]
    if int(last[0]) - int(first[0]) > 1:
        parts.append(f"[{int(first[0]) + 1}-{int(last[0]) - 1}]" + _between(zeros, nines))
    parts.append(last[0] + _between(zeros, last[1:]))
    return f"(?:{'|'.join(parts)})"
