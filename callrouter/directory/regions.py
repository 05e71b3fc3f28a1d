"""What a company can be set to: countries with a numbering plan, time zones, and regions with public holidays."""

from __future__ import annotations

import re
import zoneinfo
from functools import lru_cache

import holidays
import phonenumbers
from babel import Locale

#: Regions of a country that the company's record can hold (ISO 3166-2); some libraries know cities too.
_CODE = re.compile(r"[A-Z0-9]{1,3}")


@lru_cache(maxsize=4)
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """Code and name in *language* (de, en) of each country with a numbering plan, by name."""
    names = Locale(language).territories
    return tuple(sorted(((code, names.get(code, code)) for code in phonenumbers.SUPPORTED_REGIONS), key=lambda c: c[1]))


@lru_cache(maxsize=32)
def holiday_regions(country: str, language: str) -> tuple[tuple[str, str], ...]:
    """Code (``DE``, ``DE-BE``) and name of what public holidays are known of in *country*, the whole of it first."""
    parts = holidays.list_supported_countries().get(country)
    if parts is None:
        return ()
    names = holidays.country_holidays(country).get_subdivision_aliases()
    regions = [(f"{country}-{part}", (names.get(part) or [part])[0]) for part in parts if _CODE.fullmatch(part)]
    whole = Locale(language).territories.get(country, country)
    return ((country, whole), *sorted(regions, key=lambda region: region[1]))


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """The names of all time zones of regions (``Europe/Berlin``), and UTC."""
    zones = (zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix")))
    return (*sorted(zones), "UTC")
