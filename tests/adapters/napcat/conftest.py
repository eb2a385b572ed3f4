"""A WebUI with a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kagami.adapters.napcat import login
from kagami.adapters.napcat.webui import WebUi
from kagami.net.api import Api
from kagami.testing.adapters import Notes
from kagami.testing.clock import FakeClock
from kagami.testing.gateway import open_gateway
from kagami.testing.napcat import WEBUI_TOKEN, NapCatHost, open_napcat
from tests.adapters.napcat.scene import Scene


@pytest.fixture
async def napcat() -> AsyncIterator[NapCatHost]:
    async with open_napcat() as opened:
        yield opened


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def webui(napcat: NapCatHost, clock: FakeClock) -> AsyncIterator[WebUi]:
    async with Api(napcat.url) as api:
        yield WebUi(api, WEBUI_TOKEN, clock)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """NapCat is looked at without a pause."""
    monkeypatch.setattr(login, "POLL_SECONDS", 0.005)


@pytest.fixture
async def scene(napcat: NapCatHost) -> AsyncIterator[Scene]:
    async with open_gateway() as port:
        yield Scene(napcat, port, Notes())
