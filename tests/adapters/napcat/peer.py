"""NapCat with a WebSocket server, for the contract suite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kagami.adapters.kinds import BotConfig
from kagami.adapters.napcat.config import NapCatConfig
from kagami.core.secrets import Secret
from kagami.testing.onebot import ACCOUNT, listen_as_implementation
from tests.adapters.onebot11.peer import TOKEN, OneBotPeer


class NapCatPeer(OneBotPeer):
    """Implements `tests.adapters.contract.Peer`."""

    def config(self) -> BotConfig:
        token = Secret(TOKEN if self.right else "a-token-that-is-wrong-here")
        return NapCatConfig(url=self.listening_at.url, token=token)


@asynccontextmanager
async def open_peer() -> AsyncIterator[NapCatPeer]:
    async with listen_as_implementation(
        token=TOKEN, account=ACCOUNT, refusing="napcat", answers={"delete_msg": lambda _: None}
    ) as there:
        yield NapCatPeer(there)
