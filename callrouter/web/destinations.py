"""The kinds of numbers that may be called, as people read them."""

from __future__ import annotations

from flask_babel import gettext as _
from wtforms import SelectChoice

from callrouter.routing.outgoing import Destination


def destination_choices() -> list[SelectChoice]:
    """A box for each kind of number."""
    return [
        SelectChoice(Destination.NATIONAL.value, _("numbers in this country")),
        SelectChoice(Destination.MOBILE.value, _("mobile phones in this country")),
        SelectChoice(Destination.INTERNATIONAL.value, _("numbers abroad")),
        SelectChoice(Destination.PREMIUM.value, _("premium services, directory enquiries, satellite phones")),
    ]
