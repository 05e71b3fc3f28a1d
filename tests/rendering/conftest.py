"""Who uses a real switch: a module says ``running = switch_of(company)``, and its tests ask for one of these."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from callrouter.simulator.phone import Phone
from tests.rendering.office import Office
from tests.rendering.switch_world import World
from tests.switch import RenderedSwitch


@pytest.fixture
def world(running: tuple[RenderedSwitch, Phone]) -> Iterator[World]:
    with World(*running) as world:
        yield world


@pytest.fixture
def office(running: tuple[RenderedSwitch, Phone]) -> Iterator[Office]:
    with Office(*running) as office:
        yield office
