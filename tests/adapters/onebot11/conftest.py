"""A gateway on real time, and one on a clock of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kagami.adapters.onebot11.config import PeerConfig
from kagami.testing.clock import FakeClock
from kagami.testing.gateway import OpenGateway, open_gateway


@pytest.fixture
async def port() -> AsyncIterator[OpenGateway]:
    async with open_gateway() as opened:
        yield opened


@pytest.fixture
async def hasty() -> AsyncIterator[OpenGateway]:
    """Answers are waited for half a second here."""
    async with open_gateway(peers=PeerConfig(call_seconds=0.5)) as opened:
        yield opened


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def still(clock: FakeClock) -> AsyncIterator[OpenGateway]:
    """A gateway for which time passes only when `clock` is moved."""
    async with open_gateway(clock=clock) as opened:
        yield opened
