"""The same call with PostgreSQL under the directory, the ledger and the outbox."""

from __future__ import annotations

import pytest

from callrouter.simulator.behaviour import NoAnswer
from tests.e2e.test_voicemail import leave_message
from tests.e2e.world import ANNA, CALLER, World
from tests.postgresql import postgresql_server, postgresql_url  # noqa: F401 (fixtures)

pytestmark = [pytest.mark.freeswitch, pytest.mark.postgresql]


def test_a_message_with_postgresql(bare_world: World, postgresql_url: str) -> None:  # noqa: F811
    bare_world.create(database={"url": postgresql_url})
    bare_world.scratch.start()
    phone = bare_world.phone("anna-desk", NoAnswer())
    call = bare_world.trunk.call(ANNA, CALLER, "Carla")
    leave_message(bare_world, call)
    call.hangup()
    assert phone.calls
    [record] = bare_world.calls(1)
    assert (record.outcome, record.interrupted) == ("voicemail", False)
    [mail] = bare_world.mails(1)
    assert list(mail.iter_attachments())
    bare_world.quiet()
    assert len(bare_world.scratch.mails.mails()) == 1
