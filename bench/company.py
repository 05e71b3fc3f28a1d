"""The companies that are called, and the dialplan of the ways that do without callrouter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

DOMAIN = "pbx.muster.example"
PASSWORD = "nur-zum-Messen"
#: Employees by what is measured with them: how many phones they have.
DEVICES = {"one": 1, "three": 3, "six": 6, "rings": 1}
_POOLS = 20


def phones(employee: str) -> list[str]:
    """The accounts of *employee*'s phones. The first one answers, the others ring; those of ``rings`` all do."""
    return [f"{employee}-{position}" for position in range(DEVICES[employee])]


def answering(sip_user: str) -> bool:
    """Whether that phone answers."""
    return sip_user.endswith("-0") and not sip_user.startswith("rings")


def numbers(digits: int) -> list[str]:
    """All numbers of a block with *digits* digits behind +49 30 23125."""
    return [f"+493023125{number:0{digits}}" for number in range(10**digits)]


def number_of(employee: str, digits: int) -> str:
    """The personal number of *employee*."""
    return numbers(digits)[10 + list(DEVICES).index(employee)]


def company(digits: int) -> dict[str, Any]:
    """A company file with 10**digits numbers, all active: four are employees', the others belong to teams."""
    owned = {number_of(employee, digits): employee for employee in DEVICES}
    others = [number for number in numbers(digits) if number not in owned]
    return {
        "company": {
            "name": "Muster GmbH",
            "language": "de",
            "timezone": "Europe/Berlin",
            "country": "DE",
            "area_code": "30",
            "holidays": "DE-BE",
            "sip_domain": DOMAIN,
            "cases": {"mail_minutes": 0},
        },
        "trunks": [{"name": "carrier", "proxy": "127.0.0.1:9", "peers": ["127.0.0.1"]}],
        "number_blocks": [{"prefix": "+493023125", "first": "0" * digits, "last": "9" * digits}],
        "numbers": numbers(digits),
        "schedules": [
            {
                "name": "Geschäftszeiten",
                "open": [{"days": "mon-sun", "from": "00:00", "to": "24:00"}],
                "closed": [{"date": "12-24"}],
            }
        ],
        "employees": [
            {
                "id": employee,
                "name": f"Muster {employee}",
                "email": f"{employee}@muster.example",
                "personal_number": number,
                "extension": f"1{position}",
                "devices": [
                    {"label": phone, "kind": "desk", "sip_user": phone, "sip_password": PASSWORD}
                    for phone in phones(employee)
                ],
                "mailbox": {"enabled": True, "schedule": {"name": "Geschäftszeiten", "when": "closed"}},
                "notify": {"about": "all", "email": f"{employee}@muster.example"},
            }
            for position, (number, employee) in enumerate(owned.items())
        ],
        "pools": [
            {
                "id": f"team{pool}",
                "name": f"Team {pool}",
                "numbers": others[pool::_POOLS],
                "strategy": "simultaneous",
                "ring_seconds": 20,
                "members": ["one"],
                "mailbox": {"enabled": False},
                "notify": {"about": "none"},
            }
            for pool in range(_POOLS)
        ],
    }


def dial_strings(digits: int) -> dict[str, str]:
    """What to bridge to for each number, as a hand-written dialplan would have it."""
    return {
        number_of(employee, digits): ",".join(f"sofia/phones/{phone}%{DOMAIN}" for phone in phones(employee))
        for employee in DEVICES
    }


def profile(trunk_profile: str, name: str, port: int) -> str:
    """The rendered trunk profile once more under another *name* and *port*, into the context *name*."""
    text = re.sub(r"<gateways>.*</gateways>", "", trunk_profile, flags=re.DOTALL)
    text = text.replace('<profile name="trunk">', f'<profile name="{name}">')
    text = re.sub(r'(name="sip-port" value=)"[0-9]+"', rf'\1"{port}"', text)
    return text.replace('name="context" value="public"', f'name="context" value="{name}"')


_SETTINGS = (
    ("set", "execute_on_answer="),  # as our own contexts do: see _takeover.xml.j2
    ("set", "hangup_after_bridge=true"),
    ("set", "continue_on_fail=true"),
    ("set", "ignore_early_media=true"),
    ("set", "call_timeout=20"),
    ("export", "media_timeout=300000"),
)


def context(name: str, actions: Mapping[str, tuple[str, str]]) -> str:
    """A hand-written context: for each number one application (name, argument) behind the usual settings.

    With several phones FreeSWITCH tells the caller of ringing only if the dialplan does (``ring_ready``).
    """
    extensions = []
    for number, (application, argument) in actions.items():
        several = [("ring_ready", "")] if "," in argument else []
        lines = "".join(
            f'<action application="{app}" data="{data}"/>'
            for app, data in (*_SETTINGS, *several, (application, argument))
        )
        pattern = rf"^\+{number[1:]}$"
        extensions.append(
            f'<extension name="{number}"><condition field="destination_number" expression="{pattern}">{lines}'
            "</condition></extension>"
        )
    return f'<context name="{name}">{"".join(extensions)}</context>'


def other_router(dialplan: str, name: str, old: str, new: str) -> str:
    """A rendered dialplan file (public or numbers) once more, with contexts named *name* and another router asked."""
    text = dialplan.replace(f'data="{old} full"', f'data="{new} full"')
    text = text.replace('context name="public"', f'context name="{name}"').replace("XML numbers", f"XML {name}-numbers")
    return text.replace('context name="numbers', f'context name="{name}-numbers')
