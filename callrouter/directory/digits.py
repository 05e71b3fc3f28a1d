"""What phonenumbers knows of a country, as routing needs it: how digits are read there, and how numbers are written.

Source: Google's libphonenumber metadata, by way of the ``phonenumbers`` package.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import phonenumbers
from phonenumbers import shortnumberinfo

from callrouter.directory import document
from callrouter.routing.snapshot import DigitRules


def known_country(country: str) -> bool:
    """Whether *country* (ISO 3166-1, two letters) has a numbering plan that phonenumbers knows."""
    return country in phonenumbers.SUPPORTED_REGIONS


@lru_cache(maxsize=32)
def emergency_numbers(country: str) -> tuple[str, ...]:
    """The emergency numbers of *country* of two or three digits (DE: 110, 112)."""
    short = [str(n).zfill(length) for length in (2, 3) for n in range(10**length)]
    return tuple(number for number in short if shortnumberinfo.is_emergency_number(number, country))


def _expression(*kinds: phonenumbers.PhoneNumberDesc | None) -> str:
    found = (kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern)
    return "|".join(dict.fromkeys(found))


def _at_any_length(expression: str) -> str:
    r"""*expression*, fitting too where any of the digits that it leaves open (``\d``) are missing at the end."""
    return expression.replace(r"\d", r"(?:\d|$)")


def _kinds_of_numbers(country: str, metadata: phonenumbers.PhoneMetadata) -> dict[str, str]:
    """The expressions of DigitRules. Shared-cost numbers count as premium, for they cost extra.

    A number that begins as premium ones do is one, however short: what the network makes of it is not known here.
    Short numbers are those that begin with 1; other digits are numbers of a town, or for text messages only.
    """
    shared = len(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[metadata.country_code or 0]) > 1
    fixed, mobile = _expression(metadata.fixed_line), _expression(metadata.mobile)
    others = metadata.toll_free, metadata.personal_number, metadata.voip, metadata.uan, metadata.pager
    short = phonenumbers.PhoneMetadata.short_metadata_for_region(country)
    return {
        "mobile": "" if mobile == fixed else mobile,
        "premium": _at_any_length(_expression(metadata.premium_rate, metadata.shared_cost)),
        "national": _expression(metadata.fixed_line, metadata.mobile, *others) if shared else "",
        "short": f"(?=1)(?:{short.short_code.national_number_pattern})" if short and short.short_code else "",
    }


def digit_rules(
    country: str, area_code: str, emergency: Sequence[str] | None = None, outside_line: str = ""
) -> DigitRules:
    """How digits are read in *country* (two letters) and *area_code* (without trunk prefix).

    *outside_line* is dialled before numbers of the public network. *emergency* None: those of the country. Where a
    country has several international prefixes, the preferred one counts, or the digits they have in common (Brazil:
    00). Raises ValueError for an unknown country.
    """
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
    if metadata is None:
        raise ValueError(f"{country!r} is no country with a numbering plan; write two letters, for example DE")
    general = metadata.general_desc
    preferred = re.sub(r"[^0-9]", "", metadata.preferred_international_prefix or "")
    common = re.match(r"[0-9]*", metadata.international_prefix or "")
    return DigitRules(
        country_code=str(metadata.country_code),
        international_prefix=preferred or (common[0] if common else ""),
        trunk_prefix=metadata.national_prefix or "",
        area_code=area_code,
        emergency=emergency_numbers(country) if emergency is None else tuple(emergency),
        national_lengths=frozenset(general.possible_length if general else ()),
        outside_line=outside_line,
        **_kinds_of_numbers(country, metadata),
    )


def format_number(number: str, country: str) -> str:
    """*number* (E.164) as people in *country* write it: national at home, else international.

    Anything else (an extension, ``anonymous``) comes back as it is.
    """
    if not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    home = parsed.country_code == phonenumbers.country_code_for_region(country)
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(parsed, form))


def digits_of(company: document.Company) -> DigitRules:
    """How digits are read and dialled in *company*. Raises ValueError for a country without a numbering plan."""
    return digit_rules(company.country, company.area_code, company.emergency, company.outside_line)
