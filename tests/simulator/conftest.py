"""Each contract test runs against the simulator, and against a real FreeSWITCH where one is installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.worlds import Real, Simulated, World

BOTH = [pytest.param("simulator"), pytest.param("freeswitch", marks=pytest.mark.freeswitch)]


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    world = Real(tmp_path_factory.mktemp("fs"))
    yield world
    world.close()


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A switch whose dialplan asks the test's own router."""
    if request.param == "freeswitch":
        yield request.getfixturevalue("real")
        return
    simulated = Simulated(tmp_path_factory.mktemp("sim"))
    yield simulated
    simulated.close()


@pytest.fixture(params=BOTH)
def doomed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A switch of the test's own, to be stopped or killed by it."""
    kind = Real if request.param == "freeswitch" else Simulated
    world = kind(tmp_path_factory.mktemp("doomed"))
    yield world
    world.close()
