"""A gateway for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kagami.testing.gateway import OpenGateway, open_gateway


@pytest.fixture
async def port() -> AsyncIterator[OpenGateway]:
    async with open_gateway() as opened:
        yield opened
