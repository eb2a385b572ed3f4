"""A robot that is connected to a fake of DingTalk."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kagami.adapters.dingtalk.config import DingTalkConfig
from kagami.adapters.dingtalk.robot import Robot
from kagami.core.secrets import Secret
from kagami.net.api import Api
from kagami.testing.adapters import Notes
from kagami.testing.clock import FakeClock
from kagami.testing.dingtalk import CLIENT_ID, CLIENT_SECRET, FakeDingTalk, open_dingtalk
from tests.adapters.contract import Stage, acting
from tests.adapters.dingtalk.peer import DingTalkPeer


@pytest.fixture
async def there() -> AsyncIterator[FakeDingTalk]:
    async with open_dingtalk() as dingtalk:
        yield dingtalk


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
async def stage(there: FakeDingTalk, notes: Notes) -> AsyncIterator[Stage]:
    async with acting(DingTalkPeer(there), notes=notes) as stage:
        await stage.online()
        yield stage


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def robot(there: FakeDingTalk, clock: FakeClock) -> AsyncIterator[Robot]:
    """Alone, on a clock of the test's own."""
    config = DingTalkConfig(client_id=CLIENT_ID, client_secret=Secret(f" {CLIENT_SECRET}\n"), api_url=there.url)
    async with Api(there.url) as api:
        yield Robot(config, api, clock)
