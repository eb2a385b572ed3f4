"""Feishu's fake, a way to its calls, and an adapter that is connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kagami.adapters.feishu.media import Files
from kagami.adapters.feishu.rest import Rest
from kagami.core.secrets import Secret
from kagami.net.api import Api
from kagami.testing.adapters import KeptMedia
from kagami.testing.clock import FakeClock
from kagami.testing.feishu import FakeFeishu
from tests.adapters.contract import Stage, acting
from tests.adapters.feishu.peer import FeishuPeer, open_peer


@pytest.fixture
async def peer() -> AsyncIterator[FeishuPeer]:
    async with open_peer() as there:
        yield there


@pytest.fixture
def feishu(peer: FeishuPeer) -> FakeFeishu:
    return peer.feishu


@pytest.fixture
async def stage(peer: FeishuPeer) -> AsyncIterator[Stage]:
    async with acting(peer) as playing:
        await playing.online()
        yield playing


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def rest(feishu: FakeFeishu, clock: FakeClock) -> AsyncIterator[Rest]:
    async with Api(feishu.url) as api:
        yield Rest(api, feishu.app_id, Secret(feishu.app_secret), clock)


@pytest.fixture
def media() -> KeptMedia:
    return KeptMedia()


@pytest.fixture
def files(rest: Rest, media: KeptMedia) -> Files:
    return Files(rest, media)
