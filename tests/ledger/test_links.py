"""Which legs a CDR names by which its call hangs together with others: as FreeSWITCH 1.11.2 writes them."""

from __future__ import annotations

import json

import pytest

from callrouter.ledger.cdr import parse, without_caller
from callrouter.ledger.links import links

LEG, OTHER, OWN = (f"{n}d3fa084-16d6-4b8c-88fb-400ec85077cd" for n in (0, 1, 2))
DIALLED = "1795349152:70b75868-7fd8-456e-9e2e-34609f297e39:bl_xfer:03023125500/extensions/XML"
ATTENDED = "1795349178:3d80adee-1568-4284-b1af-100cf598a8e8:att_xfer:anna-desk@pbx.muster.example/+4930231@127.0.0.1"


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, ()),
        ({"transfer_to": f"blind:{LEG}", "endpoint_disposition": "BLIND_TRANSFER", "bridge_uuid": LEG}, (LEG,)),
        (
            {"transfer_to": f"att:{LEG}", "endpoint_disposition": "ATTENDED_TRANSFER", "bridge_uuid": OTHER},
            (LEG, OTHER),
        ),
        ({"endpoint_disposition": "ATTENDED_TRANSFER", "bridge_uuid": LEG}, (LEG,)),
        ({"endpoint_disposition": "ANSWER", "bridge_uuid": LEG}, ()),
        ({"endpoint_disposition": "ANSWER", "bridge_uuid": LEG, "originating_leg_uuid": OTHER}, (OTHER,)),
        ({"transfer_history": DIALLED}, ()),
        ({"transfer_history": f"1795349185:{OWN}:uuid_br:{LEG}"}, (LEG,)),
        (
            {"transfer_history": f"ARRAY::{DIALLED}|:{ATTENDED}|:1:{OWN}:uuid_br:{LEG}|:2:{OWN}:uuid_br:{OTHER}"},
            (LEG, OTHER),
        ),
        ({"transfer_history": f"1:{OWN}:att_xfer:1:{OWN}:uuid_br:{LEG}"}, ()),
        ({"transfer_to": "blind:", "endpoint_disposition": "ATTENDED_TRANSFER", "bridge_uuid": "../../etc"}, ()),
        ({"transfer_to": f"blind:{LEG}", "transfer_history": f"1:{OWN}:uuid_br:{LEG}"}, (LEG,)),
    ],
)
def test_the_legs_that_a_cdr_names(fields: dict[str, str], found: tuple[str, ...]) -> None:
    assert links(fields) == found


def test_a_cdr_names_no_more_than_twenty() -> None:
    history = "|:".join(f"1:{OWN}:uuid_br:{n:08x}{LEG[8:]}" for n in range(50))
    assert len(links({"transfer_history": f"ARRAY::{history}"})) == 20


def test_of_a_private_caller_the_numbers_of_transfers_are_not_kept() -> None:
    variables = {"sip_Privacy": "id", "transfer_history": ATTENDED, "callrouter_number": "+493023125010"}
    data = json.dumps({"variables": variables}).encode() + b"\n"
    assert parse(data, f"a_{OWN}.cdr.json").private
    assert b"+4930231@" not in (without_caller(data) or b"+4930231@")
